"""The REST languages' room `/roles`: what its doors do to roles, the users of each among it."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, items, many
from service.api.calls import Call, of
from service.api.items import Values, Verbs
from service.api.keys import key_of
from service.database import Transaction
from service.dialects import dialect
from service.users import role_changes, role_members, roles, rows
from service.users.model import Caller
from service.users.problems import BadPayload

ROLES: Final = "directus_roles"
USERS: Final = "directus_users"


def taken(call: Call, body: object) -> dict[str, object]:
    """A body as values of ours; `users` are keys or objects, as a client reads them."""
    if not isinstance(body, Mapping) or "users" not in body:
        return dialect.take(call.generation.language, ROLES, body)
    values = dialect.take(call.generation.language, ROLES, {n: v for n, v in body.items() if n != "users"})
    return {**values, "users": body["users"]}


def taken_of_user(call: Call, caller: Caller, body: object) -> dict[str, object]:
    """What a body says of a user. When they were here last is for administrators to say: anyone else sends
    back what they read."""
    values = dialect.take(call.generation.language, USERS, body)
    if not caller.admin:
        values.pop("last_access", None)
    return values


async def _made(call: Call, caller: Caller, body: object) -> dict[str, object]:
    """`taken`, with what is said of users as values of ours, and their secrets as they are kept."""
    values = taken(call, body)
    people = values.get("users")
    if not isinstance(people, list):
        return values
    many.bound(people, "users")
    said = [await _user(call, caller, one) if isinstance(one, Mapping) else one for one in people]
    return {**values, "users": said}


async def _changed(call: Call, caller: Caller, body: object, _: str | None) -> Values:
    return await _made(call, caller, body)


async def _user(call: Call, caller: Caller, body: Mapping[str, object]) -> Mapping[str, object]:
    """A user in the list of a role, whose own `role` says nothing: it is this one."""
    if not isinstance(body.get("id"), str):
        raise BadPayload('"users" has to be an array of keys, or of objects with an "id"')
    key = key_of(str(body["id"]))
    given = {name: value for name, value in body.items() if name not in ("id", "role")}
    values = taken_of_user(call, caller, given)
    return {**await call.house.secrets.take(caller, values, key), "id": key}


async def _settled(tx: Transaction, caller: Caller, values: Values) -> Values:
    """The values with what is said of users under the first words of each."""
    people = values.get("users")
    if not isinstance(people, list):
        return values
    keys = [str(one["id"]) for one in people if isinstance(one, Mapping)]
    held = await rows.hold(tx, caller.project, keys) if keys else {}
    return {
        **values,
        "users": [
            dialect.settle(USERS, dict(one), held.get(str(one["id"]), {}))
            if isinstance(one, Mapping)
            else one
            for one in people
        ],
    }


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Values]) -> list[str]:
    bare = [{name: value for name, value in values.items() if name != "users"} for values in made]
    ids = await roles.create(tx, caller, bare)
    await roles.keep_apart(tx, caller.project, ids if call.generation.role_names_differ else (), {})
    for id_, values in zip(ids, made, strict=True):
        if values.get("users"):
            settled = await _settled(tx, caller, values)
            await role_members.link(tx, caller, id_, settled["users"])
    return ids


async def _change(tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values]) -> None:
    settled = {key: await _settled(tx, caller, one) for key, one in changes.items()}
    apart = list(changes) if call.generation.role_names_differ else []
    before = await roles.names(tx, caller.project, apart)
    await role_changes.change(tx, caller, settled)
    await roles.keep_apart(tx, caller.project, apart, before)


@get("/roles/me")
async def read_mine(scope: Scope) -> ASGIResponse:
    """The caller's roles, of which there is one or none."""
    caller, _ = await of(scope).person()
    return answers.data([] if caller.role is None else [{"id": caller.role}])


_VERBS: Final = Verbs(ROLES, _changed, _change, role_changes.remove)
DOORS: Final = items.doors("/roles", _VERBS, items.creating("/roles", ROLES, _made, _create))
HANDLERS: Final = (*DOORS.handlers, read_mine)
