"""The rooms `/users` and `/utils` of the 8 generation, where they are not those of every generation."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from litestar import get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, items, many, reading
from service.api.bodies import EMAILS, TEXT, expect
from service.api.calls import Call, of
from service.api.eight.addresses import NUMBER
from service.api.invitations import sent
from service.api.keys import NOBODY, key_of
from service.api.many import Many
from service.api.users import USERS, VERBS
from service.database import Transaction
from service.users import acceptance, invitations, model, numbers, rows, tracking
from service.users.invitations import Terms
from service.users.model import Caller
from service.users.problems import BadPayload, Forbidden, Forged
from service.users.throttle import Attempt, guarded

_INVITE: Final = {"email": EMAILS}
_FACTOR: Final = {"2fa_secret": TEXT, "otp": TEXT}
_PAGE: Final = {"last_page": TEXT}


@patch("/users/{key:str}")
async def change_users(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes one user, several alike, or each by an object of an array."""
    call = of(scope)
    caller = await call.author()
    body = await call.said()
    if isinstance(body, list):
        return await items.change_each(VERBS, call, await _by_keys(call, caller, body))
    if (keys := many.path_keys(key, USERS)) is not None:
        return await items.change_alike(VERBS, call, Many(keys, None, body))
    return await items.change_one(VERBS, call, key_of(key), body)


@patch("/users")
async def change_each(scope: Scope) -> ASGIResponse:
    """Changes many users, each by an object of an array, as the SDK's `updateItems` asks."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    if not isinstance(body, list):
        raise BadPayload('"value" must be an array')
    return await items.change_each(VERBS, call, await _by_keys(call, caller, body))


async def _by_keys(call: Call, caller: Caller, body: list[object]) -> Mapping[str, object]:
    """The objects of an array by keys; numbers are put into our words as those of a path are."""
    many.bound(body, "value")
    given = [int(one["id"]) for one in body if isinstance(one, dict) and _is_number(one.get("id"))]
    found = await call.house.database.read(numbers.keys, caller.project, model.USERS, set(given))
    named = [
        {**one, "id": found.get(int(one["id"]), NOBODY)}
        if isinstance(one, dict) and _is_number(one.get("id"))
        else one
        for one in body
    ]
    return many.batch(named, "User", USERS)


def _is_number(value: object) -> bool:
    is_given = isinstance(value, int | str) and not isinstance(value, bool)
    return is_given and NUMBER.fullmatch(str(value)) is not None


@post("/users/invite", status_code=200)
async def invite(scope: Scope) -> ASGIResponse:
    """Makes invited users and owes each a letter; answers everybody whose address was named."""
    call = of(scope)
    caller = await call.member_author()
    emails = expect(await call.json(), _INVITE)["email"]
    named = list(map(str, emails)) if isinstance(emails, list) else []
    return answers.data(await sent(partial(call.house.database.write, _invite, call, caller, named)))


async def _invite(tx: Transaction, call: Call, caller: Caller, emails: list[str]) -> list[object]:
    terms = Terms(call.house.terms.invite_ttl, defaults=call.generation.defaults(call), keeps_role=True)
    await invitations.invite(tx, caller, emails, None, terms)
    keys = list(dict.fromkeys(str(rows.fold(email)) for email in emails))
    held = await rows.hold_by_email(tx, caller.project, sorted(keys))
    shown = await many.shown(tx, call, caller, USERS, [held[key]["id"] for key in keys if key in held])
    return [one for one in shown if one is not None]


@get("/users/invite/{token:str}")
async def show_invitation(scope: Scope, token: FromPath[str]) -> ASGIResponse:
    """Off to the page with the button: mail scanners open every address, and may accept nothing."""
    call = of(scope)
    acceptance.read(call.house.tokens, token, late=True)
    return answers.away(f"{call.house.terms.public_url}/admin/accept-invite?token={token}")


@post("/users/invite/{token:str}", status_code=200)
async def accept(scope: Scope, token: FromPath[str]) -> ASGIResponse:
    """The invited person is active from now on; answers them. A password comes by a reset letter."""
    call = of(scope)
    named = acceptance.read(call.house.tokens, token)
    if named.project != call.project:
        raise Forged
    accepting = (named.project, named.id, named.email, None, call.origin)
    user = await call.house.database.write(acceptance.accept, *accepting)
    person = Caller(call.project, user)
    return answers.data(
        await call.house.database.read(reading.show, call, reading.one(call, person, USERS, user))
    )


@patch("/users/{key:str}/tracking/page")
async def track_page(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Notes the page that a person looks at; answers them."""
    call = of(scope)
    caller = await call.member_author()
    page = expect(await call.json(), _PAGE)["last_page"]
    user = key_of(key)
    await call.house.database.write(tracking.track_and_tell, caller, user, page)
    return await reading.answer_one(call, reading.one(call, caller, USERS, user))


@get("/utils/2fa_secret")
async def make_secret(scope: Scope) -> ASGIResponse:
    """A secret for an authenticator app, pending until `activate_2fa` brings a code that was made with it."""
    call = of(scope)
    await call.person()
    caller = await call.author()
    house = call.house
    made = await house.database.write(house.factor.generate, caller, house.terms.place, armed=False)
    return answers.data({"2fa_secret": made.secret})


@post("/users/{key:str}/activate_2fa", status_code=200)
async def activate(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Puts the caller's own pending secret in force; answers them."""
    call = of(scope)
    _, user = await call.person()
    if key_of(key) != user:
        raise Forbidden
    caller = await call.author()
    body = expect(await call.json(), _FACTOR)
    secret, otp = str(body["2fa_secret"]), str(body["otp"])
    async with guarded(call.house.database, Attempt(caller.project, user, call.ip), "otp"):
        await call.house.database.write(call.house.factor.enable, caller, secret, otp)
    return await reading.answer_one(call, reading.one(call, caller, USERS, user))


HANDLERS: Final = (
    change_users,
    change_each,
    invite,
    show_invitation,
    accept,
    track_page,
    make_secret,
    activate,
)
