"""Choosing how to sign in: a button for each provider, what went wrong the last time, and where it ends."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from litestar import Response, get
from litestar.types import Scope

from service.api.calls import Call, of
from service.api.cookies import REFRESH, SESSION
from service.pages.notices import notice
from service.pages.sheet import away, sheet
from service.users import projects, refresh_tokens, sessions
from service.users.problems import Expired, Forged
from service.users.sessions import Recognised

_CODE: Final = re.compile(r"[A-Z_]{1,64}\Z")
_UNNAMED: Final = "You could not be signed in. Try again, or ask the people who run this place."

# The codes that a sign-on comes back with, in words for the person (contract of generation 10).
_REASONS: Final[Mapping[str, str]] = {
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
    "REQUESTS_EXCEEDED": "There were too many attempts. Wait a few minutes and try again.",
}


@get("/admin/login")
async def login(scope: Scope) -> Response[bytes]:
    """The ways to sign in; `?reason=CODE` says in words why the last attempt failed."""
    call = of(scope)
    doors = call.house.doors.values()
    code = _code(call)
    known = await _known(call)
    return sheet(
        "login",
        call.house.terms,
        await call.house.database.read(projects.title, call.project),
        reason=_REASONS.get(code, _UNNAMED) if code else None,
        held_up=known is not None and known.confined,
        passwords=not call.house.terms.disable_default,
        ways=[door.provider for door in doors if door.policy.project == call.project],
    )


@get("/admin/welcome")
async def welcome(scope: Scope) -> Response[bytes]:
    """Where a sign-on ends: it comes here with a session's cookie, or with the reason why there is none."""
    call = of(scope)
    code = _code(call)
    if code:
        return away(f"/admin/login?reason={code}", call.house.terms)
    database = call.house.database
    known = await _known(call)
    if known is None:
        return away("/admin/login", call.house.terms)
    title = await database.read(projects.title, call.project)
    return notice("held_up" if known.confined else "signed_in", call.house.terms, title)


async def _known(call: Call) -> Recognised | None:
    """Whose session the browser's cookies are, if it still lives."""
    session = refresh_tokens.session_of(call.cookie(REFRESH))
    token = call.cookie(SESSION)
    if session is None and token:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token)
    if session is None:
        return None
    return await call.house.database.read(sessions.recognise, call.project, session)


def _code(call: Call) -> str | None:
    """The code of `?reason=`; something that cannot be one is still a failure, but without a name."""
    if "reason" not in call.query:
        return None
    given = call.query["reason"]
    return given if isinstance(given, str) and _CODE.match(given) else "UNNAMED"
