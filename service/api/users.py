"""The room `/users` of the REST languages, where users are read and made; `user_changes` goes on."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading, roles
from service.api.bodies import TEXT, expect
from service.api.calls import Call, of
from service.database import Transaction
from service.dialects import dialect
from service.users import numbers, records, role_changes, tracking
from service.users.model import Caller
from service.users.problems import BadPayload, Invalid

USERS: Final = "directus_users"
Values = Mapping[str, object]


@get("/users")
async def list_users(scope: Scope) -> ASGIResponse:
    """A page of the users that the caller may see."""
    call = of(scope)
    caller = await call.caller()
    return await reading.answer_many(call, reading.many(call, caller, USERS))


@get("/users/me")
async def read_me(scope: Scope) -> ASGIResponse:
    """The caller."""
    call = of(scope)
    caller, user = await call.person()
    return await reading.answer_one(call, reading.one(call, caller, USERS, user))


@get("/users/{key:str}")
async def read_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One user by key, or several."""
    call = of(scope)
    caller = await call.caller()
    if (keys := many.path_keys(key)) is not None:
        return await many.answer_those(call, caller, USERS, keys)
    return await reading.answer_one(call, reading.one(call, caller, USERS, many.known_key(key)))


@post("/users")
async def create_users(scope: Scope) -> ASGIResponse:
    """One user from an object, many from an array: all or none, answered in the order given."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    single = not isinstance(body, list)
    given: Sequence[Any] = [body if body is not None else {}] if not isinstance(body, list) else body
    if len(given) > many.MOST_AT_ONCE:
        raise BadPayload(f"At most {many.MOST_AT_ONCE} users can be created at once")
    made = [await _prepared(call, caller, one) for one in given]
    shown = await call.house.database.write(_create, call, caller, made)
    return many.after(shown, single=single)


async def _prepared(call: Call, caller: Caller, body: object) -> Values:
    generation = call.generation
    defaults = generation.defaults(call)
    given = dialect.settle(USERS, taken(call, body), defaults)
    if lacking := generation.lacking({**defaults, **given}):
        raise Invalid(lacking, "required")
    return await call.house.secrets.take(caller, given)


def taken(call: Call, body: object) -> dict[str, object]:
    """A body as values of ours; a role that is spoken of as an object stays one, in our words as well."""
    values = dialect.take(call.generation.language, USERS, body)
    if isinstance(values.get("role"), Mapping):
        values["role"] = roles.taken(call, values["role"])
    return values


async def related(tx: Transaction, caller: Caller, values: Values) -> dict[str, object]:
    """The values with keys in the place of numbers, and of the object that speaks of the role."""
    role = values.get("role")
    if not isinstance(role, Mapping):
        return await numbers.settled(tx, caller.project, values)
    return {**values, "role": await role_changes.relate(tx, caller, role)}


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Values]) -> list[object | None]:
    settled = [await related(tx, caller, values) for values in made]
    created = await records.create(tx, caller, settled, call.generation.defaults(call))
    return await many.shown(tx, call, caller, USERS, created)


@patch("/users/me/track/page")
async def track_page(scope: Scope) -> ASGIResponse:
    """Notes the page that the caller looks at."""
    call = of(scope)
    caller, user = await call.person()
    page = expect(await call.json(), {"last_page": TEXT})["last_page"]
    await call.house.database.write(tracking.track, caller.project, user, page)
    return answers.nothing()


HANDLERS: Final = (list_users, read_me, read_user, create_users, track_page)
