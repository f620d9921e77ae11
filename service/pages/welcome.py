"""Where a sign-on ends: the browser comes back with a session's cookie, or with why it has none."""

from contextlib import suppress
from typing import Final

from litestar import Response, get
from litestar.types import Scope

from service.api.calls import Call, of
from service.api.eight.generation import PREFIX
from service.pages.here import LOGIN, WELCOME
from service.pages.login import CAUSES, code_of, known
from service.pages.notices import notice
from service.pages.sheet import away, dress
from service.users import sessions
from service.users.problems import Expired, Forged

_OF_PROJECT: Final = PREFIX + WELCOME


@get(WELCOME)
async def show(scope: Scope) -> Response[bytes]:
    """Who is in; whoever is not goes back to the ways to sign in."""
    call = of(scope)
    code = code_of(call)
    if code:
        cause = call.query.get("cause")
        more = f"&cause={cause}" if isinstance(cause, str) and cause in CAUSES else ""
        return away(f"{LOGIN}?reason={code}{more}", call.house.terms)
    who = await known(call)
    if who is None:
        return away(LOGIN, call.house.terms)
    return notice("held_up" if who.confined else "signed_in", call, await dress(call))


@get(_OF_PROJECT)
async def show_of_project(scope: Scope) -> Response[bytes]:
    """The same for another project's people, who sign in by their application alone."""
    call = of(scope)
    return notice("signed_in" if await _is_in(call) else "signed_out", call, await dress(call))


async def _is_in(call: Call) -> bool:
    token = call.cookie(call.generation.cookie(call))
    if token:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token)
            return await call.house.database.read(sessions.recognise, call.project, session) is not None
    return False
