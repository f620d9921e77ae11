"""Changes and removals in the room `/users`: of one, of several alike, of many each their own way."""

from collections.abc import Mapping
from typing import Final

from litestar import delete, patch
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many
from service.api.calls import Call, of
from service.api.many import Many
from service.api.users import USERS, Values, related, taken
from service.database import Transaction
from service.dialects import dialect
from service.users import records, rows
from service.users.model import CONCEALED, Caller
from service.users.problems import Taken


@patch("/users/me")
async def change_me(scope: Scope) -> ASGIResponse:
    """Changes the caller."""
    call = of(scope)
    _, user = await call.person()
    return await change_one(call, user, await call.json() or {})


@patch("/users/{key:str}")
async def change_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes one user, or several alike."""
    call = of(scope)
    if (keys := many.path_keys(key)) is not None:
        return await change_alike(call, Many(keys, None, await call.json() or {}))
    await call.author()
    return await change_one(call, many.known_key(key), await call.json() or {})


@patch("/users")
async def change_users(scope: Scope) -> ASGIResponse:
    """Changes many: each by an object of an array, or all alike by keys or by a query."""
    call = of(scope)
    await call.author()
    body = await call.json()
    if not isinstance(body, list):
        return await change_alike(call, many.asked_change(body))
    return await change_each(call, many.batch(body, "User"))


async def change_each(call: Call, bodies: Mapping[str, object]) -> ASGIResponse:
    """Changes many, each by its own body, by their keys."""
    caller = await call.author()
    given = {key: taken(call, one) for key, one in bodies.items()}
    changes = {key: await call.house.secrets.take(caller, one, key) for key, one in given.items()}
    return many.after(await call.house.database.write(_change, call, caller, changes), single=False)


async def change_one(call: Call, key: str, body: object) -> ASGIResponse:
    """Changes one by its body."""
    caller = await call.author()
    changes = {key: await call.house.secrets.take(caller, taken(call, body), key)}
    shown = await call.house.database.write(_change, call, caller, changes)
    return many.after(shown, single=True)


async def _change(
    tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values]
) -> list[object | None]:
    linked = {key: await related(tx, caller, one) for key, one in changes.items()}
    held = await rows.hold(tx, caller.project, list(linked))
    settled = {key: dialect.settle(USERS, one, held.get(key, {})) for key, one in linked.items()}
    await records.change(tx, caller, settled)
    return await many.shown(tx, call, caller, USERS, list(changes))


async def change_alike(call: Call, asked: Many) -> ASGIResponse:
    """Changes many alike.

    A token is sealed for its one user, so it takes one key. A password is hashed once, however many
    it is for: a hash for each of a thousand would take a minute of a processor."""
    caller = await call.author()
    given = taken(call, asked.data)
    lone = asked.keys[0] if asked.keys and len(asked.keys) == 1 else None
    if lone is None and given.get("token", CONCEALED) not in (CONCEALED, None):
        raise Taken("token")
    values = await call.house.secrets.take(caller, given, lone or caller.user or many.NOBODY)
    shown = await call.house.database.write(_change_found, call, caller, asked, values)
    return many.after(shown, single=False)


async def _change_found(
    tx: Transaction, call: Call, caller: Caller, asked: Many, values: Values
) -> list[object | None]:
    keys = await many.found(tx, call, caller, USERS, asked)
    if len(keys) > 1 and values.get("email", CONCEALED) not in (CONCEALED, None):
        raise Taken("email")
    linked = await related(tx, caller, values) if keys else values
    return await _change(tx, call, caller, dict.fromkeys(keys, linked))


@delete("/users/{key:str}", status_code=200)
async def delete_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes one user, or several."""
    call = of(scope)
    return await _remove(call, Many(many.path_keys(key) or (many.known_key(key),), None))


@delete("/users", status_code=200)
async def delete_users(scope: Scope) -> ASGIResponse:
    """Removes many: by keys or by a query."""
    call = of(scope)
    return await _remove(call, many.asked_removal(await call.json()))


async def _remove(call: Call, asked: Many) -> ASGIResponse:
    caller = await call.author()
    await call.house.database.write(_remove_found, call, caller, asked)
    return answers.nothing()


async def _remove_found(tx: Transaction, call: Call, caller: Caller, asked: Many) -> None:
    if keys := await many.found(tx, call, caller, USERS, asked):
        await records.remove(tx, caller, keys)


HANDLERS: Final = (change_me, change_user, change_users, delete_user, delete_users)
