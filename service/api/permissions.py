"""The REST languages' room `/permissions`: the rules of roles, and what the caller's own come to."""

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
from service.dialects import accesses, dialect, grants
from service.users import permissions
from service.users.model import Caller
from service.users.problems import BadPayload

PERMISSIONS: Final = "directus_permissions"
Values = Mapping[str, object]


@get("/permissions")
async def list_permissions(scope: Scope) -> ASGIResponse:
    """A page of the permissions that the caller may see."""
    call = of(scope)
    caller = await call.caller()
    return await reading.answer_many(call, reading.many(call, caller, PERMISSIONS))


@get("/permissions/me")
async def read_mine(scope: Scope) -> ASGIResponse:
    """What the caller may do to each collection."""
    call = of(scope)
    return answers.data(accesses.told(await call.caller()))


@get("/permissions/{key:str}")
async def read_permission(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One permission by key, or several."""
    call = of(scope)
    caller = await call.caller()
    if (keys := many.path_keys(key, PERMISSIONS)) is not None:
        return await many.answer_those(call, caller, PERMISSIONS, keys)
    return await reading.answer_one(call, reading.one(call, caller, PERMISSIONS, _key(key)))


@post("/permissions")
async def create_permissions(scope: Scope) -> ASGIResponse:
    """One permission from an object, many from an array."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    given = body if isinstance(body, list) else [body if body is not None else {}]
    many.bound(given, "value")
    made = [_taken(call, one) for one in given]
    shown = await call.house.database.write(_create, call, caller, made)
    return many.after(shown, single=not isinstance(body, list))


@patch("/permissions/{key:str}")
async def change_permission(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes one permission, or several alike."""
    call = of(scope)
    keys = many.path_keys(key, PERMISSIONS)
    caller = await call.author()
    asked = Many(keys or (_key(key),), None, await call.json() or {})
    shown = await call.house.database.write(_change_found, call, caller, asked, _taken(call, asked.data))
    return many.after(shown, single=keys is None)


@patch("/permissions")
async def change_permissions(scope: Scope) -> ASGIResponse:
    """Changes many: each by an object of an array, or all alike by keys or by a query."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    if isinstance(body, list):
        given = many.batch(body, "Item", PERMISSIONS)
        changes = {key: _taken(call, one) for key, one in given.items()}
        shown = await call.house.database.write(_change, call, caller, changes)
    else:
        asked = many.asked_change(body, PERMISSIONS)
        shown = await call.house.database.write(_change_found, call, caller, asked, _taken(call, asked.data))
    return many.after(shown, single=False)


@delete("/permissions/{key:str}", status_code=200)
async def delete_permission(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes one permission, or several."""
    call = of(scope)
    return await _remove(call, Many(many.path_keys(key, PERMISSIONS) or (_key(key),), None))


@delete("/permissions", status_code=200)
async def delete_permissions(scope: Scope) -> ASGIResponse:
    """Removes many: by keys or by a query."""
    call = of(scope)
    return await _remove(call, many.asked_removal(await call.json(), PERMISSIONS))


def _key(key: str) -> str:
    return many.known_key(key, PERMISSIONS)


def _taken(call: Call, body: object) -> dict[str, object]:
    """A body as values of ours; early clients write `fields` as CSV."""
    values = dialect.take(call.generation.language, PERMISSIONS, body)
    if isinstance(values.get("fields"), str):
        values["fields"] = [word for piece in str(values["fields"]).split(",") if (word := piece.strip())]
    for name in ("permissions", "validation", "presets"):
        if not isinstance(values.get(name) or {}, Mapping):
            raise BadPayload(f'"{name}" must be of type object')
    return values


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Values]) -> list[object | None]:
    ids = await permissions.create(tx, caller, made, grants.check)
    return await many.shown(tx, call, caller, PERMISSIONS, list(map(str, ids)))


async def _change(
    tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values]
) -> list[object | None]:
    await permissions.change(tx, caller, {int(key): one for key, one in changes.items()}, grants.check)
    return await many.shown(tx, call, caller, PERMISSIONS, list(changes))


async def _change_found(
    tx: Transaction, call: Call, caller: Caller, asked: Many, values: Values
) -> list[object | None]:
    keys = await many.found(tx, call, caller, PERMISSIONS, asked)
    return await _change(tx, call, caller, dict.fromkeys(keys, values))


async def _remove(call: Call, asked: Many) -> ASGIResponse:
    caller = await call.author()
    await call.house.database.write(_remove_found, call, caller, asked)
    return answers.nothing()


async def _remove_found(tx: Transaction, call: Call, caller: Caller, asked: Many) -> None:
    keys = await many.found(tx, call, caller, PERMISSIONS, asked)
    await permissions.remove(tx, caller, list(map(int, keys)))


HANDLERS: Final = (
    list_permissions,
    read_mine,
    read_permission,
    create_permissions,
    change_permission,
    change_permissions,
    delete_permission,
    delete_permissions,
)
