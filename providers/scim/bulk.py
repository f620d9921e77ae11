"""Bulk requests (RFC 7644, 3.7): many operations in one message, which may refer to one another by bulkId."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from providers.scim.planning import MAX_OPERATIONS
from providers.scim.problems import InvalidSyntax, InvalidValue, ScimProblem, TooLarge, shown
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import DEFAULT, Profile

BULK_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ENDPOINT: Final = "/Bulk"
REFERENCE: Final = "bulkId:"
_METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
_DEEPEST: Final = 32  # levels; no schema has as many, so what lies deeper refers to nothing


class Operation(msgspec.Struct, frozen=True):
    """One operation: `endpoint` is its type's, as `/Users`, `key` the id, or reference, of its resource.

    `problem` is what is wrong with the operation itself, `refers` holds the bulkIds that it names, and a
    `circular` one is among those that name each other in a circle.
    """

    number: int
    method: str = ""
    endpoint: str = ""
    key: str | None = None
    bulk_id: str | None = None
    version: str | None = None
    data: object = None
    problem: ScimProblem | None = None
    refers: frozenset[str] = frozenset()


class Bulk(msgspec.Struct, frozen=True):
    """The operations as they came; after `accepted` errors the rest of them is left alone."""

    operations: tuple[Operation, ...]
    accepted: int | None = None


def read(body: object, profile: Profile = DEFAULT) -> Bulk:
    """A BulkRequest; what is wrong with one operation is told of that one alone.

    Raises InvalidSyntax and InvalidValue for the message, TooLarge for too many operations (3.7.4).
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    members = {str(name).lower(): value for name, value in body.items()}
    _check_schemas(members.get("schemas"), profile)
    listed = members.get("operations")
    if not isinstance(listed, list) or not listed:
        raise InvalidSyntax('"Operations" has to be a list of one or more operations.')
    if len(listed) > MAX_OPERATIONS:
        raise TooLarge(f"The request holds more operations than maxOperations ({MAX_OPERATIONS}).")
    accepted = members.get("failonerrors")
    if accepted is not None and (not isinstance(accepted, int) or isinstance(accepted, bool) or accepted < 1):
        raise InvalidValue('"failOnErrors" has to be a whole number above 0.')
    seen: set[str] = set()
    refers = _mentions(listed)
    made = (_operation(number, one, seen, refers=refers) for number, one in enumerate(listed))
    return Bulk(tuple(made), accepted)


def _mentions(listed: list[object]) -> bool:
    """Whether a reference may be somewhere: to write all as JSON is quicker than to look through it here."""
    try:
        return REFERENCE.encode() in msgspec.json.encode(listed)
    except (OverflowError, ValueError):  # a number or a text that is refused where it is read
        return True


def _check_schemas(schemas: object, profile: Profile) -> None:
    if schemas is None and profile.missing_schemas:
        return
    named = schemas if isinstance(schemas, list) else []
    if BULK_REQUEST.lower() not in {urn.lower() for urn in named if isinstance(urn, str)}:
        raise InvalidSyntax(f'"schemas" has to name {BULK_REQUEST}.')


def _operation(number: int, given: object, seen: set[str], *, refers: bool) -> Operation:
    members = {str(name).lower(): value for name, value in given.items()} if isinstance(given, dict) else {}
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    method, path, bulk_id = texts.get("method", "").upper(), texts.get("path", ""), texts.get("bulkid")
    endpoint, _, key = path.removeprefix("/").partition("/")
    data = members.get("data")
    try:
        _check(members, texts, method, key, seen)
        problem, names = None, frozenset(_references([data, key], 0) if refers else ())
    except ScimProblem as found:
        problem, names = found, frozenset()
    if bulk_id is not None:
        seen.add(bulk_id)
    return Operation(
        number, method, f"/{endpoint}", key or None, bulk_id, texts.get("version"), data, problem, names
    )


def _check(
    members: Mapping[str, object], texts: Mapping[str, str], method: str, key: str, seen: set[str]
) -> None:
    """Raises InvalidSyntax and InvalidValue."""
    for name in ("method", "path", "bulkid", "version"):
        if members.get(name) is not None and name not in texts:
            raise InvalidSyntax(f'"{name}" has to be text.')
    if method not in _METHODS:
        raise InvalidSyntax(f'"method" has to be one of {", ".join(_METHODS)}.')
    if "path" not in texts or "/" in key or (method == "POST") == bool(key):
        raise InvalidValue('"path" has to be /Users or the like for a POST, /Users/id or the like otherwise.')
    if method == "POST" and not texts.get("bulkid"):
        raise InvalidValue('A POST needs a "bulkId".')
    if texts.get("bulkid") in seen:
        raise InvalidValue(f'The bulkId "{shown(texts["bulkid"])}" was used before.')
    if method != "DELETE" and not isinstance(members.get("data"), dict | list):
        raise InvalidSyntax(f'A {method} needs "data".')


def _references(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(REFERENCE):
            yield value.removeprefix(REFERENCE)
    elif depth < _DEEPEST and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner, depth + 1)


def resolved(value: object, keys: Mapping[str, str], depth: int = 0) -> object:
    """The value with ids in the place of references (3.7.2)."""
    if isinstance(value, str):
        return keys.get(value.removeprefix(REFERENCE), value) if value.startswith(REFERENCE) else value
    if depth >= _DEEPEST:
        return value
    if isinstance(value, dict):
        return {name: resolved(inner, keys, depth + 1) for name, inner in value.items()}
    return [resolved(inner, keys, depth + 1) for inner in value] if isinstance(value, list) else value


def ordered(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """The operations in an order in which none comes before those that it refers to, otherwise as they came;
    and those that cannot be ordered so, as they refer to each other in a circle, or to such (3.7.1)."""
    if not any(one.refers for one in operations):
        return list(operations), []
    makers = {one.bulk_id: one.number for one in operations if one.method == "POST" and one.problem is None}
    lacking = {one.number: {makers[name] for name in one.refers & makers.keys()} for one in operations}
    for number, needed in lacking.items():
        needed.discard(number)
    waiting: dict[int, list[Operation]] = {}
    placed: list[Operation] = []
    done: set[int] = set()
    for one in operations:
        for number in lacking[one.number] - done:
            waiting.setdefault(number, []).append(one)
        ready = deque([] if lacking[one.number] - done else [one])
        while ready:
            next_ = ready.popleft()
            placed.append(next_)
            done.add(next_.number)
            for other in waiting.pop(next_.number, ()):
                lacking[other.number].discard(next_.number)
                if not lacking[other.number] - done:
                    ready.append(other)
    return placed, [one for one in operations if one.number not in done]


def told(
    operation: Operation, status: int, *, location: str | None, version: str | None = None,
    response: Resource | None = None,
) -> Resource:  # fmt: skip
    """What became of an operation (3.7.3); `location` is None for a POST that failed alone."""
    said: dict[str, Value] = {
        "location": location,
        "method": operation.method or None,
        "bulkId": operation.bulk_id,
        "version": version,
        "status": str(status),
        "response": response,
    }
    return {name: value for name, value in said.items() if value is not None}


def response(told: Mapping[int, Resource]) -> Resource:
    """The BulkResponse that tells what became of operations, by their number, in their order."""
    return {"schemas": [BULK_RESPONSE], "Operations": [told[number] for number in sorted(told)]}
