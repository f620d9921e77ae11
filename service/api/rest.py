"""The REST languages' rooms `/users` and `/roles`: one set of handlers for every generation."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, reading
from service.api.calls import Call, of
from service.database import Transaction
from service.dialects import dialect
from service.users import records, roles, rows
from service.users.model import Caller
from service.users.problems import BadPayload, Forbidden, Invalid

USERS = "directus_users"
ROLES = "directus_roles"
MOST_AT_ONCE = 1000  # users in one body: each may cost a password hash


@get("/users")
async def list_users(scope: Scope) -> ASGIResponse:
    """A page of the users that the caller may see."""
    call = of(scope)
    caller = await call.member()
    return await reading.answer_many(call, reading.many(call, caller, USERS))


@get("/users/me")
async def read_me(scope: Scope) -> ASGIResponse:
    """The caller."""
    call = of(scope)
    caller, user = await call.person()
    return await reading.answer_one(call, reading.one(call, caller, USERS, user))


@get("/users/{key:str}")
async def read_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One user by key."""
    call = of(scope)
    caller = await call.member()
    return await reading.answer_one(call, reading.one(call, caller, USERS, known_key(key)))


@post("/users")
async def create_users(scope: Scope) -> ASGIResponse:
    """One user from an object, many from an array: all or none, answered in the order given."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    single = not isinstance(body, list)
    given: Sequence[Any] = [body if body is not None else {}] if not isinstance(body, list) else body
    if len(given) > MOST_AT_ONCE:
        raise BadPayload(f"At most {MOST_AT_ONCE} users can be created at once")
    made = [await _prepared(call, caller, one) for one in given]
    shown = await call.house.database.write(_create, call, caller, made)
    return _after(shown, single=single)


async def _prepared(call: Call, caller: Caller, body: object) -> Mapping[str, object]:
    generation = call.generation
    taken = dialect.settle(USERS, dialect.take(generation.language, USERS, body), generation.defaults)
    values = {**generation.defaults, **taken}
    if lacking := generation.lacking(values):
        raise Invalid(lacking, "required")
    return await call.house.secrets.take(caller, values)


async def _create(
    tx: Transaction, call: Call, caller: Caller, made: Sequence[Mapping[str, object]]
) -> list[object | None]:
    keys = await records.create(tx, caller, made)
    return [await reading.show(tx, reading.one(call, caller, USERS, key)) for key in keys]


@patch("/users/me")
async def change_me(scope: Scope) -> ASGIResponse:
    """Changes the caller."""
    call = of(scope)
    _, user = await call.person()
    return await _change_one(call, user)


@patch("/users/{key:str}")
async def change_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes one user."""
    call = of(scope)
    return await _change_one(call, known_key(key))


async def _change_one(call: Call, key: str) -> ASGIResponse:
    caller = await call.author()
    taken = dialect.take(call.generation.language, USERS, await call.json() or {})
    changes = {key: await call.house.secrets.take(caller, taken, key)}
    shown = await call.house.database.write(_change, call, caller, changes)
    return _after(shown, single=True)


async def _change(
    tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Mapping[str, object]]
) -> list[object | None]:
    held = await rows.hold(tx, caller.project, list(changes))
    settled = {key: dialect.settle(USERS, dict(one), held.get(key, {})) for key, one in changes.items()}
    await records.change(tx, caller, settled)
    return [await reading.show(tx, reading.one(call, caller, USERS, key)) for key in changes]


@delete("/users/{key:str}", status_code=200)
async def delete_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes one user."""
    call = of(scope)
    caller = await call.author()
    await call.house.database.write(records.remove, caller, [known_key(key)])
    return answers.nothing()


def _after(shown: Sequence[object | None], *, single: bool) -> ASGIResponse:
    """What was written, as the caller may see it; 204 where the caller may write but not read."""
    if any(one is None for one in shown):
        return answers.nothing()
    return answers.data(shown[0] if single else shown)


@get("/roles")
async def list_roles(scope: Scope) -> ASGIResponse:
    """A page of the roles."""
    call = of(scope)
    caller = await call.member()
    return await reading.answer_many(call, reading.many(call, caller, ROLES))


@get("/roles/{key:str}")
async def read_role(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One role by key."""
    call = of(scope)
    caller = await call.member()
    return await reading.answer_one(call, reading.one(call, caller, ROLES, known_key(key)))


@post("/roles")
async def create_role(scope: Scope) -> ASGIResponse:
    """One role from an object, many from an array."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    given = body if isinstance(body, list) else [body if body is not None else {}]
    if len(given) > MOST_AT_ONCE:
        raise BadPayload(f"At most {MOST_AT_ONCE} roles can be created at once")
    made = [dialect.take(call.generation.language, ROLES, one) for one in given]
    shown = await call.house.database.write(_create_roles, call, caller, made)
    return _after(shown, single=not isinstance(body, list))


async def _create_roles(
    tx: Transaction, call: Call, caller: Caller, made: Sequence[Mapping[str, object]]
) -> list[object | None]:
    keys = await roles.create(tx, caller, made)
    return [await reading.show(tx, reading.one(call, caller, ROLES, key)) for key in keys]


def known_key(key: str) -> str:
    """A key in its one spelling; what is no key names nothing that is there."""
    try:
        return dialect.key(key)
    except ValueError:
        raise Forbidden from None


router = Router(
    "/",
    route_handlers=[
        list_users,
        read_me,
        read_user,
        create_users,
        change_me,
        change_user,
        delete_user,
        list_roles,
        read_role,
        create_role,
    ],
    include_in_schema=False,
)
