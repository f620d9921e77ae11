"""Where a sign-on ends: the browser comes back with a session's cookie, or with why it has none."""

from litestar import Response, get
from litestar.types import Scope

from service.api.calls import of
from service.pages.here import LOGIN, WELCOME, everywhere, visitor
from service.pages.login import CAUSES, code_of
from service.pages.notices import notice
from service.pages.sheet import away, dress


@get(everywhere(WELCOME))
async def show(scope: Scope) -> Response[bytes]:
    """Who is in; whoever is not goes back to the ways to sign in."""
    call = of(scope)
    code = code_of(call)
    if code:
        cause = call.query.get("cause")
        more = f"&cause={cause}" if isinstance(cause, str) and cause in CAUSES else ""
        return away(f"{LOGIN}?reason={code}{more}", call)
    who = await visitor(call)
    if who is None:
        return away(LOGIN, call)
    return notice("held_up" if who.confined else "signed_in", call, await dress(call))
