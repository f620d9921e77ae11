"""The room `/users` of the REST languages: what its doors do to users, and what people do to themselves."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import get, patch
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, items, reading, roles
from service.api.bodies import TEXT, expect
from service.api.calls import Call, of
from service.api.items import Values, Verbs
from service.api.keys import NOBODY
from service.database import Transaction
from service.dialects import dialect
from service.dialects.fields import seconds, unshortened
from service.users import files, numbers, records, role_changes, rows, tracking
from service.users.checks import is_uuid
from service.users.model import CONCEALED, Caller
from service.users.problems import BadPayload, Invalid, Taken

USERS: Final = "directus_users"
FILES: Final = "directus_files"


async def _made(call: Call, caller: Caller, body: object) -> Values:
    generation = call.generation
    defaults = generation.defaults(call)
    given = dialect.settle(USERS, _taken(call, caller, body), defaults)
    if lacking := generation.lacking({**defaults, **given}):
        raise Invalid(lacking, "required")
    return await call.house.secrets.take(caller, given)


async def _changed(call: Call, caller: Caller, body: object, key: str | None) -> Values:
    """A token is sealed for its one user, so it takes one key. A password is hashed once, however many it is
    for: a hash for each of a thousand would take a minute of a processor."""
    given = _taken(call, caller, body)
    if key is None and given.get("token", CONCEALED) not in (CONCEALED, None):
        raise Taken("token")
    return await call.house.secrets.take(caller, given, key or caller.user or NOBODY)


def _taken(call: Call, caller: Caller, body: object) -> dict[str, object]:
    """A body as values of ours; a role or a picture that is spoken of as an object stays one, in our words
    as well."""
    values = roles.taken_of_user(call, caller, body)
    role, avatar = values.get("role"), values.get("avatar")
    if isinstance(role, Mapping):
        values["role"] = roles.taken(call, role)
    if isinstance(avatar, Mapping):
        said = {name: value for name, value in avatar.items() if name != "id"}
        key = dialect.take(call.generation.language, USERS, {"avatar": {"id": avatar.get("id")}})["avatar"]
        values["avatar"] = {"id": key, **dialect.take(call.generation.language, FILES, said)}
    return values


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Values]) -> list[str]:
    settled = [await _related(tx, caller, values) for values in made]
    return await records.create(tx, caller, settled, call.generation.defaults(call))


async def _change(tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values]) -> None:
    linked: dict[int, Values] = {}  # of several alike, what they say of a role is done once
    for one in changes.values():
        if id(one) not in linked:
            linked[id(one)] = await _related(tx, caller, one)
    held = await rows.hold(tx, caller.project, list(changes))
    settled = {key: _settled(linked[id(one)], held.get(key, {})) for key, one in changes.items()}
    await records.change(tx, caller, settled, held=held)


def _settled(values: Values, stored: Mapping[str, object]) -> Values:
    """`dialect.settle`; a moment that generation 8 shows without its milliseconds is the stored one."""
    settled = dialect.settle(USERS, dict(values), stored)
    if "last_access" in settled and settled["last_access"] == unshortened(seconds(stored.get("last_access"))):
        del settled["last_access"]
    return settled


async def _related(tx: Transaction, caller: Caller, values: Values) -> dict[str, object]:
    """The values with keys in the place of numbers, and of objects that speak of the role or the picture."""
    settled = await numbers.settled(tx, caller.project, values)
    role, avatar = settled.get("role"), settled.get("avatar")
    if isinstance(role, Mapping):
        settled["role"] = await role_changes.relate(tx, caller, role)
    if isinstance(avatar, Mapping):
        settled["avatar"] = await _pictured(tx, caller, avatar)
    return settled


async def _pictured(tx: Transaction, caller: Caller, said: Values) -> object:
    """The key of a file of which something is said; who says what is stored needs no leave for it."""
    told = {name: value for name, value in said.items() if name != "id"}
    key = (await numbers.settled(tx, caller.project, {"avatar": said["id"]}))["avatar"]
    if not is_uuid(key):
        raise BadPayload('"avatar" has to name a file by its "id"; pictures are sent to /files')
    if told:
        await files.change(tx, caller, {str(key).lower(): told})
    return key


VERBS: Final = Verbs(USERS, _changed, _change, records.remove, item="User", single=("email",))
DOORS: Final = items.doors("/users", VERBS, items.creating("/users", USERS, _made, _create))


@get("/users/me")
async def read_me(scope: Scope) -> ASGIResponse:
    """The caller."""
    call = of(scope)
    caller, user = await call.person()
    return await reading.answer_one(call, reading.one(call, caller, USERS, user))


@patch("/users/me")
async def change_me(scope: Scope) -> ASGIResponse:
    """Changes the caller."""
    call = of(scope)
    _, user = await call.person()
    return await items.change_one(VERBS, call, user, await call.said())


@patch("/users/me/track/page")
async def track_page(scope: Scope) -> ASGIResponse:
    """Notes the page that the caller looks at."""
    call = of(scope)
    caller, user = await call.person()
    page = expect(await call.json(), {"last_page": TEXT})["last_page"]
    await call.house.database.write(tracking.track, caller.project, user, page)
    return answers.nothing()


HANDLERS: Final = (*DOORS.handlers, read_me, change_me, track_page)
