"""Setting up a second factor: prove who you are, scan the picture, type a code, keep the recovery codes.

Whoever is not signed in does so here, and gets a session that the forms carry and that ends with the last of
them: a role that asks for a second factor lets a new session do nothing else. Looking changes nothing; only
the buttons post.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api import auth
from service.api.calls import Call, of
from service.pages import tfa_here
from service.pages.forms import form
from service.pages.here import everywhere, here, marked
from service.pages.notices import notice
from service.pages.sheet import dress, sheet
from service.pages.tfa_steps import Carried, Fields, begin, confirm
from service.pages.tongue import say
from service.users import sessions, sign_in
from service.users.model import Caller
from service.users.problems import (
    BadPayload,
    Expired,
    Forged,
    NotSignedIn,
    Problem,
    TooMany,
    WrongCredentials,
    WrongOtp,
)

PATH: Final = "/admin/tfa-setup"
_UNKNOWN: Final = "The e-mail address and the password do not belong to an account that signs in here."
# What sends the person back to the way in, with its status and why.
_BACK: Final[Mapping[type[Problem], tuple[int, str]]] = {
    WrongCredentials: (422, _UNKNOWN),
    Forged: (422, _UNKNOWN),
    Expired: (422, "It has been too long since you signed in. Please do it once more."),
    BadPayload: (422, tfa_here.ANEW),
    TooMany: (429, "There were too many attempts. Wait a few minutes and try again."),
}


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """The way in, or the first step of who is in."""
    call = of(scope)
    with suppress(NotSignedIn):
        return await tfa_here.show(call, await here(call))
    if call.house.terms.disable_default:
        return notice("elsewhere", call)
    return await _way_in(call)


@post(everywhere(PATH))
async def step(scope: Scope) -> Response[bytes]:
    """From the way in to the picture, or from the code to the recovery codes."""
    call = of(scope)
    fields = await form(call)
    if "mark" in fields:
        return await tfa_here.step(call, await marked(call, fields), fields)
    if call.house.terms.disable_default:
        return notice("elsewhere", call)
    try:
        return await (_confirm if "token" in fields else _begin)(call, fields)
    except tuple(_BACK) as problem:
        status, why = _BACK[type(problem)]
        return await _way_in(call, why, status=status, wait=getattr(problem, "retry_after", 0))


async def _begin(call: Call, fields: Fields) -> Response[bytes]:
    """Sign in with the password alone, which does for whoever has no second factor yet."""
    house, ttl = call.house, call.house.terms.access_ttl
    email, password = fields.get("email", ""), fields.get("password", "")
    try:
        opened = await sign_in.with_password(
            house.database, house.hasher, call.project, email, password, call.origin, ttl
        )
    except WrongOtp:
        return notice("protected", call, await dress(call))
    caller = Caller(call.project, opened.user, session=opened.session, origin=call.origin)
    token = str(auth.issued(call, opened, ttl)["access_token"])
    return await begin(call, Carried(caller, email, token=token))


async def _confirm(call: Call, fields: Fields) -> Response[bytes]:
    house, token = call.house, fields["token"]
    session = house.callers.session(token)
    known = await house.database.read(sessions.recognise, call.project, session)
    if known is None:
        raise Expired
    caller = Caller(call.project, known.user, session=session, origin=call.origin)
    return await confirm(call, Carried(caller, fields.get("email", ""), token=token), fields)


async def _way_in(
    call: Call, refused: str | None = None, *, status: int = 200, wait: int = 0
) -> Response[bytes]:
    return sheet(
        "tfa_way_in",
        call,
        await dress(call),
        status=status,
        headers={"retry-after": str(wait)} if wait else None,
        refused=say(call, refused) if refused else None,
        keeps_passkeys=call.house.terms.site is not None,
    )
