"""Choosing how to sign in: a provider, a passkey or a password, and what went wrong the last time."""

import re
from collections.abc import Mapping
from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api import passkey_doors
from service.api.calls import Call, of
from service.api.landing import CODE
from service.api.owing import owe
from service.pages import code as code_page
from service.pages.forms import form
from service.pages.here import LOGIN, WELCOME, everywhere, visitor
from service.pages.sheet import PASSKEYS, away, dress, sheet
from service.pages.tongue import say
from service.pages.ways import buttons
from service.users import credentials, sign_in
from service.users.credentials import Assertion
from service.users.model import LOCAL
from service.users.problems import (
    BadPayload,
    RouteUnknown,
    TooMany,
    WrongCredentials,
    WrongOtp,
    WrongProvider,
)

_CODE: Final = re.compile(r"[A-Z_]{1,64}\Z")
_WRONG: Final = "The address or the password is not right. Check both and try again."
_UNNAMED: Final = "You could not be signed in. Try again, or ask the people who run this place."

# The codes that a sign-on comes back with, in words for the person (contract of generation 10).
REASONS: Final[Mapping[str, str]] = {
    "INVALID_CREDENTIALS": (
        "You could not be signed in. It may have taken too long, or there is no account for you here yet: "
        "try once more, then ask the people who run this place."
    ),
    "INVALID_PROVIDER": "Your account signs in another way. Choose the one that you used before.",
    "SERVICE_UNAVAILABLE": "This way to sign in does not answer right now. Try again in a few minutes.",
    "TOKEN_EXPIRED": "It has been too long since you signed in. Please do it once more.",
    "INVALID_TOKEN": "It has been too long since you signed in. Please do it once more.",
    "USER_SUSPENDED": "Your account is suspended. Ask the people who run this place.",
    "FORBIDDEN": "Your account may not sign in here. Ask the people who run this place.",
    "INVALID_OTP": "That code was not right. Sign in once more and enter the one that your app shows.",
    "SIGNED_OUT_HERE": (
        "You are signed out here. At the service that you signed on with you may still be signed in: sign "
        "out there, too."
    ),
    "REQUESTS_EXCEEDED": "There were too many attempts. Wait a few minutes and try again.",
}

# What a person whom the provider has proven is told beyond the code.
_NO_ACCOUNT: Final = (
    "You signed on, but there is no account for you here yet. Ask the people who run this place for one."
)
CAUSES: Final[Mapping[str, str]] = {
    "unknown": _NO_ACCOUNT,
    "unprovisioned": _NO_ACCOUNT,
    "unverified": (
        "You signed on, but that service does not say that your e-mail address is verified. Verify it there, "
        "then try again."
    ),
    "foreign": "You signed on with an address that may not be used here. Try it with your work account.",
    "inactive": "Your account here is not active. Ask the people who run this place.",
    "malformed": (
        "That service did not say who you are in a way that we can read. Tell the people who run this place."
    ),
    "invitation": "Your invitation is no longer open. Ask the people who run this place for a new one.",
    "denied": "You stopped the sign-in at that service. Nothing has happened; try again whenever you like.",
}


@get(everywhere(LOGIN))
async def login(scope: Scope) -> Response[bytes]:
    """The ways to sign in; `?reason=CODE` says in words why the last attempt failed."""
    call = of(scope)
    code = code_of(call)
    cause = call.query.get("cause")
    told = CAUSES.get(cause) if isinstance(cause, str) else None
    return await _page(call, reason=told or (REASONS.get(code, _UNNAMED) if code else None))


@post(everywhere(LOGIN))
async def enter(scope: Scope) -> Response[bytes]:
    """Signs in with a password of ours; whose account has a second factor is asked for its code next."""
    call = of(scope)
    house = call.house
    fields = await form(call)
    if "credential" in fields:
        return await _enter_by_passkey(call, fields["credential"])
    email = fields.get("email", "")[:320]
    if house.terms.disable_default:
        raise RouteUnknown(LOGIN)
    try:
        opened = await sign_in.with_password(
            *(house.database, house.hasher, call.project, email, fields.get("password", "")[:1024]),
            *(call.origin, house.terms.refresh_ttl),
        )
    except WrongOtp as problem:
        owed = await owe(call, problem.user, LOCAL, None)
        return away(CODE, call, owed)
    except WrongCredentials:
        return await _page(call, email=email, refused=_WRONG)
    except TooMany:
        return await _page(call, email=email, refused=REASONS["REQUESTS_EXCEEDED"])
    return away(WELCOME, call, await call.generation.landing.keep(call, opened, "cookie"))


async def _enter_by_passkey(call: Call, answer: str) -> Response[bytes]:
    try:
        opened = await passkey_doors.admit(call, credentials.parse(answer, Assertion))
    except (BadPayload, WrongCredentials):
        return await _page(call, reason=code_page.UNPROVEN, status=422)
    except WrongProvider:
        return await _page(call, reason=REASONS["INVALID_PROVIDER"], status=422)
    except TooMany:
        return await _page(call, reason=REASONS["REQUESTS_EXCEEDED"], status=422)
    return away(WELCOME, call, await call.generation.landing.keep(call, opened, "cookie"))


async def _page(
    call: Call,
    *,
    reason: str | None = None,
    email: str = "",
    refused: str | None = None,
    status: int = 200,
) -> Response[bytes]:
    who, takes_passkeys = await visitor(call), passkey_doors.takes(call)
    return sheet(
        "login",
        call,
        await dress(call),
        status=422 if refused else status,
        script=PASSKEYS if takes_passkeys else "",
        reason=say(call, reason) if reason else None,
        refused=say(call, refused) if refused else None,
        email=email,
        held_up=who is not None and who.confined,
        takes_passkeys=takes_passkeys,
        takes_passwords=not call.house.terms.disable_default,
        ways=buttons(call, call.project),
    )


def code_of(call: Call) -> str | None:
    """The code of `?reason=`; something that cannot be one is still a failure, but without a name."""
    if "reason" not in call.query:
        return None
    given = call.query["reason"]
    return given if isinstance(given, str) and _CODE.match(given) else "UNNAMED"
