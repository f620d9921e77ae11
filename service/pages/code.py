"""The second factor, asked of who has signed on or given their password, in the same browser."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.types import Scope

from service.api import owing, passkey_doors
from service.api.calls import Call, of
from service.api.landing import CODE
from service.pages.forms import form
from service.pages.here import LOGIN, WELCOME, everywhere
from service.pages.sheet import PASSKEYS, away, dress, sheet
from service.pages.tongue import say
from service.users import credentials
from service.users.credentials import Assertion
from service.users.problems import BadPayload, Expired, Problem, TooMany, WrongCredentials, WrongOtp
from service.users.sessions import Opened
from service.users.waiting import Waiting

_LATE: Final = f"{LOGIN}?reason=TOKEN_EXPIRED"
WRONG: Final = "This code is not right, or has been used already. Wait for the next one in your app."
UNPROVEN: Final = "This passkey was not accepted, or it took too long. Try once more, or choose another way."
OFTEN: Final = "There were too many attempts. Wait a few minutes, then try the code that your app shows."
_REFUSED: Final[Mapping[type[Problem], str]] = {WrongOtp: WRONG, TooMany: OFTEN, BadPayload: UNPROVEN}


@get(everywhere(CODE))
async def show(scope: Scope) -> Response[bytes]:
    """The field for the code, as long as one is owed from this browser."""
    call = of(scope)
    waiting = await owing.owed(call)
    return await _page(call, waiting) if waiting else away(_LATE, call)


@post(everywhere(CODE))
async def prove(scope: Scope) -> Response[bytes]:
    """A good code, or a passkey, opens the session, and leads to where the person wanted to go."""
    call = of(scope)
    fields = await form(call)
    waiting = await owing.owed(call)
    if waiting is None:
        return away(_LATE, call)
    try:
        opened = await _pay(call, fields)
    except tuple(_REFUSED) as problem:
        return await _page(call, waiting, refused=_REFUSED[type(problem)])
    except (Expired, WrongCredentials):
        return away(_LATE, call)
    door = call.house.doors.get(waiting.provider)
    mode = door.policy.mode if door else "cookie"
    return away(WELCOME, call, await call.generation.landing.keep(call, opened, mode), url=waiting.redirect)


async def _pay(call: Call, fields: Mapping[str, str]) -> Opened:
    if "credential" not in fields:
        return (await owing.pay(call, fields.get("otp", "")[:64]))[0]
    try:
        return (await passkey_doors.pay(call, credentials.parse(fields["credential"], Assertion)))[0]
    except WrongCredentials:
        raise BadPayload(UNPROVEN) from None


async def _page(call: Call, waiting: Waiting, *, refused: str | None = None) -> Response[bytes]:
    asks = waiting.has_passkey and call.house.terms.site is not None
    target = urlsplit(waiting.redirect or call.house.terms.public_url)
    told = say(call, refused) if refused else None
    return sheet(
        "code",
        call,
        await dress(call),
        status=422 if refused else 200,
        script=PASSKEYS if asks else "",
        # Browsers hold a form to where its answer leads, too: the address was allowed when the person left.
        leads_to=f"{target.scheme}://{target.netloc}",
        name=waiting.name,
        options=json.dumps(await passkey_doors.asked(call, waiting)) if asks else "",
        has_app=waiting.has_app or not asks,
        unproven=told if refused == UNPROVEN else None,
        refused=told if refused != UNPROVEN else None,
    )
