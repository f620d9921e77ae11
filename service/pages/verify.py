"""Proving an address: the page behind the button in the letter to somebody who registered.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api.calls import Call, of
from service.pages.forms import form
from service.pages.notices import notice
from service.pages.sheet import away, dress, sheet
from service.users import registrations
from service.users.problems import Expired, Forbidden, Forged, NoSuch, NotInvited, Taken

_PATH: Final = "/admin/verify"


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The button, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    if "done" in call.query:
        return notice("verified", call, await dress(call))
    token = call.query.get("token")
    return await _page(call, token if isinstance(token, str) else "")


@post(_PATH)
async def verify(scope: Scope) -> Response[bytes]:
    """Opens the account; the browser then goes to a page that can be loaded again."""
    call = of(scope)
    token = (await form(call)).get("token", "")
    try:
        named = registrations.read(call.house.tokens, token)
        await call.house.database.write(registrations.verify, named, call.origin)
    except (Expired, Forged):
        return await _page(call, token)
    except (NotInvited, Taken, NoSuch, Forbidden):
        return notice("verify_void", call)
    return away(f"{_PATH}?done=", call.house.terms)


async def _page(call: Call, token: str) -> Response[bytes]:
    house = call.house
    try:
        named = registrations.read(house.tokens, token)
    except Forged:
        return notice("unknown", call)
    except Expired:
        return notice("verify_void", call)
    found = await house.database.read(registrations.look, named)
    if found is None:
        return notice("verify_void", call)
    dressed = await dress(call, named.project)
    return sheet("verify", call, dressed, email=found[0], token=token)
