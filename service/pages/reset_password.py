"""Choosing a new password: the page behind the letter's button, and the form on it.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.types import Scope

from mail.message import in_words
from service.api.calls import Call, of
from service.database import moment, now
from service.pages.accept_invite import REFUSED, UNFIT
from service.pages.forms import form
from service.pages.notices import notice
from service.pages.sheet import away, sheet
from service.users import resets
from service.users.passwords import SHORTEST
from service.users.problems import Expired, Forged, Invalid

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
        return await _page(call, token, refused=REFUSED.get(problem.rule, UNFIT).format(limit=problem.limit))
    except (Expired, Forged):
        return await _page(call, token)
    return away(f"{_PATH}?{urlencode({'done': '', 'token': token})}", house.terms)


async def _page(call: Call, token: str, *, refused: str | None = None, done: bool = False) -> Response[bytes]:
    """The page of this token. `refused`: why its password was not taken."""
    house = call.house
    if house.terms.disable_default:
        return notice("elsewhere", house.terms)
    try:
        named = resets.read(house.tokens, token, late=True)
    except Forged:
        return notice("unknown", house.terms)
    is_open, title = await house.database.read(resets.look, named)
    expires_at = moment(datetime.fromtimestamp(named.expires_at, UTC))
    if not is_open:
        return notice("reset" if done else "reset_void", house.terms, title, email=named.email)
    if expires_at <= now():
        return notice("reset_expired", house.terms, title, when=in_words(expires_at))
    return sheet(
        "reset",
        house.terms,
        title,
        status=422 if refused else 200,
        email=named.email,
        token=token,
        shortest=SHORTEST,
        expires_at=expires_at,
        refused=refused,
    )
