"""The REST languages' room `/roles`: one set of handlers for every generation."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading
from service.api.calls import Call, of
from service.api.many import Many
from service.database import Transaction
from service.dialects import dialect
from service.users import role_changes, roles, rows
from service.users.model import Caller
from service.users.problems import BadPayload

ROLES: Final = "directus_roles"
USERS: Final = "directus_users"
Values = Mapping[str, object]


@get("/roles")
async def list_roles(scope: Scope) -> ASGIResponse:
    """A page of the roles that the caller may see."""
    call = of(scope)
    caller = await call.caller()
    return await reading.answer_many(call, reading.many(call, caller, ROLES))


@get("/roles/me")
async def read_mine(scope: Scope) -> ASGIResponse:
    """The caller's roles, of which there is one or none."""
    caller, _ = await of(scope).person()
    return answers.data([] if caller.role is None else [{"id": caller.role}])


@get("/roles/{key:str}")
async def read_role(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One role by key, or several."""
    call = of(scope)
    caller = await call.caller()
    if (keys := many.path_keys(key)) is not None:
        return await many.answer_those(call, caller, ROLES, keys)
    return await reading.answer_one(call, reading.one(call, caller, ROLES, many.known_key(key)))


@post("/roles")
async def create_roles(scope: Scope) -> ASGIResponse:
    """One role from an object, many from an array."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    given = body if isinstance(body, list) else [body if body is not None else {}]
    if len(given) > many.MOST_AT_ONCE:
        raise BadPayload(f"At most {many.MOST_AT_ONCE} roles can be created at once")
    made = [await _prepared(call, caller, one) for one in given]
    shown = await call.house.database.write(_create, call, caller, made)
    return many.after(shown, single=not isinstance(body, list))


def taken(call: Call, body: object) -> dict[str, object]:
    """A body as values of ours; `users` are keys or objects, as a client reads them."""
    if not isinstance(body, Mapping) or "users" not in body:
        return dialect.take(call.generation.language, ROLES, body)
    values = dialect.take(call.generation.language, ROLES, {n: v for n, v in body.items() if n != "users"})
    return {**values, "users": body["users"]}


async def _prepared(call: Call, caller: Caller, body: object) -> dict[str, object]:
    """`taken`, with what is said of users as values of ours, and their secrets as they are kept."""
    values = taken(call, body)
    people = values.get("users")
    if not isinstance(people, list):
        return values
    many.bound(people, "users")
    said = [await _user(call, caller, one) if isinstance(one, Mapping) else one for one in people]
    return {**values, "users": said}


async def _user(call: Call, caller: Caller, body: Mapping[str, object]) -> Mapping[str, object]:
    """A user in the list of a role, whose own `role` says nothing: it is this one."""
    key = many.known_key(str(body.get("id", "")))
    given = {name: value for name, value in body.items() if name not in ("id", "role")}
    values = dialect.take(call.generation.language, USERS, given)
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


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Values]) -> list[object | None]:
    bare = [{name: value for name, value in values.items() if name != "users"} for values in made]
    ids = await roles.create(tx, caller, bare)
    for id_, values in zip(ids, made, strict=True):
        if values.get("users"):
            settled = await _settled(tx, caller, values)
            await role_changes.link(tx, caller, id_, settled["users"])
    return await many.shown(tx, call, caller, ROLES, ids)


@patch("/roles/{key:str}")
async def change_role(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes one role, or several alike."""
    call = of(scope)
    keys = many.path_keys(key)
    caller = await call.author()
    asked = Many(keys or (many.known_key(key),), None, await call.json() or {})
    values = await _prepared(call, caller, asked.data)
    shown = await call.house.database.write(_change_found, call, caller, asked, values)
    return many.after(shown, single=keys is None)


@patch("/roles")
async def change_roles(scope: Scope) -> ASGIResponse:
    """Changes many: each by an object of an array, or all alike by keys or by a query."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    if isinstance(body, list):
        given = many.batch(body, "Item")
        changes = {key: await _prepared(call, caller, one) for key, one in given.items()}
        shown = await call.house.database.write(_change, call, caller, changes)
    else:
        asked = many.asked_change(body)
        values = await _prepared(call, caller, asked.data)
        shown = await call.house.database.write(_change_found, call, caller, asked, values)
    return many.after(shown, single=False)


async def _change(
    tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values]
) -> list[object | None]:
    settled = {key: await _settled(tx, caller, one) for key, one in changes.items()}
    await role_changes.change(tx, caller, settled)
    return await many.shown(tx, call, caller, ROLES, list(changes))


async def _change_found(
    tx: Transaction, call: Call, caller: Caller, asked: Many, values: Values
) -> list[object | None]:
    keys = await many.found(tx, call, caller, ROLES, asked)
    return await _change(tx, call, caller, dict.fromkeys(keys, values))


@delete("/roles/{key:str}", status_code=200)
async def delete_role(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes one role, or several; who had it is suspended."""
    call = of(scope)
    return await _remove(call, Many(many.path_keys(key) or (many.known_key(key),), None))


@delete("/roles", status_code=200)
async def delete_roles(scope: Scope) -> ASGIResponse:
    """Removes many: by keys or by a query."""
    call = of(scope)
    return await _remove(call, many.asked_removal(await call.json()))


async def _remove(call: Call, asked: Many) -> ASGIResponse:
    caller = await call.author()
    await call.house.database.write(_remove_found, call, caller, asked)
    return answers.nothing()


async def _remove_found(tx: Transaction, call: Call, caller: Caller, asked: Many) -> None:
    await role_changes.remove(tx, caller, await many.found(tx, call, caller, ROLES, asked))


HANDLERS: Final = (
    list_roles,
    read_mine,
    read_role,
    create_roles,
    change_role,
    change_roles,
    delete_role,
    delete_roles,
)
