"""Choosing a new password: the page behind the letter's button, and the form on it.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.types import Scope

from mail.message import in_words
from service.api.calls import Call, of
from service.api.passwords import PACE
from service.database import moment, now
from service.pages.accept_invite import why_refused
from service.pages.forms import form
from service.pages.notices import notice
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import tongue
from service.users import resets
from service.users.passwords import SHORTEST
from service.users.problems import Expired, Forged, Invalid
from service.users.throttle import Attempt

_PATH: Final = "/admin/reset-password"


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The form, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    token = call.query.get("token")
    return await _page(call, token if isinstance(token, str) else "", done="done" in call.query)


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
    return away(f"{_PATH}?{urlencode({'done': '', 'token': token})}", house.terms)


@post(f"{_PATH}/again")
async def again(scope: Scope) -> Response[bytes]:
    """Owes a new letter to the address of an old one. The page says the same, whatever has become of it."""
    call = of(scope)
    house = call.house
    token = (await form(call)).get("token", "")
    try:
        if house.terms.disable_default:
            raise Forged
        named = resets.read(house.tokens, token, late=True)
    except Forged:
        return notice("unknown", call)
    attempt = Attempt(named.project, named.email, call.ip)
    await asyncio.gather(house.database.write(resets.request, attempt, url=None), asyncio.sleep(PACE))
    return notice("sent_again", call, await dress(call, named.project))


async def _page(call: Call, token: str, *, refused: str | None = None, done: bool = False) -> Response[bytes]:
    """The page of this token. `refused`: why its password was not taken."""
    house = call.house
    if house.terms.disable_default:
        return notice("elsewhere", call)
    try:
        named = resets.read(house.tokens, token, late=True)
    except Forged:
        return notice("unknown", call)
    is_open, _ = await house.database.read(resets.look, named)
    dressed = await dress(call, named.project)
    expires_at = moment(datetime.fromtimestamp(named.expires_at, UTC))
    if not is_open:
        return notice("reset" if done else "reset_void", call, dressed, email=named.email)
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
