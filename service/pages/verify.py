"""Proving an address: the page behind the button in the letter to somebody who registered.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

from datetime import UTC, datetime
from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from mail.catalogue import in_words
from service.api.calls import Call, of
from service.database import moment, now
from service.pages.forms import form
from service.pages.letter_links import send_again, token_of
from service.pages.notices import notice
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import tongue
from service.users import registrations
from service.users.problems import BadPayload, Expired, Forbidden, Forged, NoSuch, Taken

_PATH: Final = "/admin/verify"


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The button, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    if "done" in call.query:
        return notice("verified", call, await dress(call))
    return await _page(call, token_of(call))


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
    except (BadPayload, Taken, NoSuch, Forbidden):
        return notice("verify_void", call, await dress(call, named.project), project=named.project)
    return away(f"{_PATH}?done=", call)


@post(f"{_PATH}/again")
async def again(scope: Scope) -> Response[bytes]:
    """Owes a new letter for a registration that ran out. The page says the same, whatever became of it."""
    call = of(scope)
    named = registrations.read(call.house.tokens, (await form(call)).get("token", ""), late=True)
    return await send_again(call, named, registrations.renew, named.id)


async def _page(call: Call, token: str) -> Response[bytes]:
    named = registrations.read(call.house.tokens, token, late=True)
    found = await call.house.database.read(registrations.look, named)
    dressed = await dress(call, named.project)
    if found is None:
        return notice("verify_void", call, dressed, project=named.project)
    until = moment(datetime.fromtimestamp(named.expires_at, UTC))
    if until <= now():
        return notice("verify_expired", call, dressed, when=in_words(until, tongue(call)), token=token)
    return sheet("verify", call, dressed, email=found[0], token=token)
