"""Requests about many: by keys in a path or a body, by a question, in arrays; always all or nothing."""

from collections.abc import Container, Mapping, Sequence
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse

from service.api import answers, reading
from service.api.bodies import an_object, only
from service.api.calls import Call
from service.api.keys import item_of
from service.database import Transaction
from service.dialects import dialect, question, rules
from service.users.model import Caller
from service.users.problems import BadPayload, BadQuery, Forbidden

MOST_AT_ONCE: Final = 1000  # items in one request: each may cost a password hash, and each is answered
# What finds rows; `fields` is passed over, as of what was changed the address says what is shown.
_FINDING: Final = frozenset({"filter", "search", "sort", "limit", "offset", "page", "fields"})


class Many(msgspec.Struct, frozen=True):
    """A body about many: their keys, or the question that finds them; `data` is what becomes of them."""

    keys: tuple[str, ...] | None
    query: Mapping[str, object] | None
    data: object = None


def asked_change(body: object, collection: str) -> Many:
    """`{keys, data}` or `{query, data}`; refusals in the order and the words of the documented server."""
    given = an_object(body)
    keys, query = _keys(given, collection), query_of(given, _FINDING)
    if "data" not in given:
        raise BadPayload('"data" is required')
    if not isinstance(given["data"], Mapping):
        raise BadPayload('"data" must be of type object')
    only(given, ("keys", "query", "data"))
    _either(given)
    return Many(keys, query, given["data"])


def asked_removal(body: object, collection: str) -> Many:
    """`{keys}`, `{query}` or an array of keys."""
    if isinstance(body, list):
        return Many(_listed(body, "value", collection), None)
    given = an_object(body)
    keys, query = _keys(given, collection), query_of(given, _FINDING)
    only(given, ("keys", "query"))
    _either(given)
    return Many(keys, query)


def _keys(given: Mapping[str, object], collection: str) -> tuple[str, ...] | None:
    if "keys" not in given:
        return None
    if not isinstance(given["keys"], list):
        raise BadPayload('"keys" must be an array')
    return _listed(given["keys"], "keys", collection)


def query_of(given: Mapping[str, object], names: Container[str]) -> Mapping[str, object] | None:
    """The question of a body, in which these parameters may stand. Raises BadPayload."""
    if "query" not in given:
        return None
    if not isinstance(given["query"], Mapping):
        raise BadPayload('"query" must be of type object')
    only(given["query"], names, "query.")
    return given["query"]


def _listed(values: Sequence[object], name: str, collection: str) -> tuple[str, ...]:
    """Keys, each once, in the order in which they are named first."""
    bound(values, name)
    for place, value in enumerate(values):
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise BadPayload(f'"{name}[{place}]" must be one of [string, number]')
    return tuple(dict.fromkeys(str(item_of(collection, str(value))) for value in values))


def _either(given: Mapping[str, object]) -> None:
    not_both(given)
    if "keys" not in given and "query" not in given:
        raise BadPayload('"value" must contain at least one of [query, keys]')


def not_both(given: Mapping[str, object]) -> None:
    """Raises BadPayload where rows are named by their keys, and by a question as well."""
    if "keys" in given and "query" in given:
        raise BadPayload('"value" contains a conflict between exclusive peers [query, keys]')


def bound(values: Sequence[object], name: str) -> None:
    """Raises BadPayload for more than one request may be about."""
    if len(values) > MOST_AT_ONCE:
        raise BadPayload(f'"{name}" must contain less than or equal to {MOST_AT_ONCE} items')


def batch(body: Sequence[object], item: str, collection: str) -> dict[str, Mapping[str, object]]:
    """An array of objects with ids, by id; `item` is what the documented refusal calls one of them."""
    bound(body, "value")
    objects: dict[str, Mapping[str, object]] = {}
    for one in body:
        given = an_object(one)
        if given.get("id") in (None, ""):
            raise BadPayload(f"{item} in update misses primary key")
        key = str(item_of(collection, str(given["id"])))
        if key in objects:  # which of the two is meant, nobody can say
            raise BadPayload(f'"value" holds {key} twice')
        objects[key] = given
    return objects


def path_keys(path: str, collection: str) -> tuple[str, ...] | None:
    """The keys of a path that names several, as early clients do: `/users/a,b`. None for one key."""
    return _listed(path.split(","), "keys", collection) if "," in path else None


async def found(tx: Transaction, call: Call, caller: Caller, collection: str, asked: Many) -> tuple[str, ...]:
    """The keys of a request: those it names, or those that its question finds among what the caller sees."""
    if asked.keys is not None:
        return asked.keys
    one = reading.naming(call, caller, collection, {**(asked.query or {})})
    limit = one.values["limit"]
    if isinstance(limit, int) and limit > MOST_AT_ONCE:
        one.values["limit"] = MOST_AT_ONCE + 1
    rows = await question.rows(tx, one) if limit else []
    if len(rows) > MOST_AT_ONCE:
        raise BadQuery(f'At most {MOST_AT_ONCE} items at once; "limit" takes them in parts')
    return tuple(str(row[0]) for row in rows)


async def shown(
    tx: Transaction, call: Call, caller: Caller, collection: str, keys: Sequence[str]
) -> list[object | None]:
    """What the caller may see of these, each named once, in their order; None for what they may not.

    Several are one question, whose answer is in the order of the keys, as both databases sort them.
    """
    limits = rules.of(caller)
    if limits is not None and not limits.reads(collection):
        return [None] * len(keys)
    if len(keys) == 1:
        return [await reading.show(tx, call, reading.one(call, caller, collection, keys[0]))]
    order = sorted(keys, key=lambda key: dialect.item(collection, key))
    found = await question.items(tx, reading.those(call, caller, collection, order))
    items = await call.generation.told(tx, call, found)
    if len(items) < len(keys):
        return [None] * len(keys)
    by_key = dict(zip(order, items, strict=True))
    return [by_key[key] for key in keys]


async def answer_those(call: Call, caller: Caller, collection: str, keys: Sequence[str]) -> ASGIResponse:
    """The rows that a path names, in its order; Forbidden when one is missing."""
    rows = await call.house.database.read(shown, call, caller, collection, keys)
    if any(row is None for row in rows):
        raise Forbidden
    return answers.data(rows)


def after(shown: Sequence[object | None], *, single: bool) -> ASGIResponse:
    """What was written, as the caller may see it; 204 where the caller may write but not read."""
    if any(one is None for one in shown):
        return answers.nothing()
    return answers.data(shown[0] if single else shown)
