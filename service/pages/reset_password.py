"""Choosing a new password: the page behind the letter's button, and the form on it.

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
from service.pages.letter_links import ended, send_again, token_of, why_refused
from service.pages.notice_table import Name
from service.pages.notices import notice
from service.pages.sheet import dress, sheet
from service.pages.tongue import tongue
from service.users import resets
from service.users.passwords import SHORTEST
from service.users.problems import Expired, Forged, Invalid

_PATH: Final = "/admin/reset-password"


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The form, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    return await _page(call, token_of(call), done="done" in call.query)


@post(_PATH)
async def reset(scope: Scope) -> Response[bytes]:
    """Sets the password; the browser then goes to a page that can be loaded again."""
    call = of(scope)
    house = call.house
    fields = await form(call)
    token = fields.get("token", "")
    try:
        if house.terms.disable_default:
            raise Forged
        await resets.reset(
            house.database, house.tokens, house.secrets, token, fields.get("password", ""), call.origin
        )
    except Invalid as problem:
        return await _page(call, token, refused=why_refused(call, problem))
    except (Expired, Forged):
        return await _page(call, token)
    return ended(call, _PATH, token)


@post(f"{_PATH}/again")
async def again(scope: Scope) -> Response[bytes]:
    """Owes a new letter to the address of an old one. The page says the same, whatever has become of it."""
    call = of(scope)
    token = (await form(call)).get("token", "")
    if call.house.terms.disable_default:
        raise Forged
    return await send_again(call, resets.read(call.house.tokens, token, late=True), resets.request, url=None)


async def _page(call: Call, token: str, *, refused: str | None = None, done: bool = False) -> Response[bytes]:
    """The page of this token. `refused`: why its password was not taken."""
    house = call.house
    if house.terms.disable_default:
        return notice("elsewhere", call)
    named = resets.read(house.tokens, token, late=True)
    is_open, _ = await house.database.read(resets.look, named)
    dressed = await dress(call, named.project)
    expires_at = moment(datetime.fromtimestamp(named.expires_at, UTC))
    if not is_open:
        name: Name = "reset" if done else "reset_void"
        return notice(name, call, dressed, email=named.email, project=named.project)
    if expires_at <= now():
        return notice("reset_expired", call, dressed, when=in_words(expires_at, tongue(call)), token=token)
    return sheet(
        "reset",
        call,
        dressed,
        status=422 if refused else 200,
        email=named.email,
        token=token,
        shortest=SHORTEST,
        expires_at=expires_at,
        refused=refused,
    )
