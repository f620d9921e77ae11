"""Accepting an invitation: the page behind the letter's button, and the form on it.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

import asyncio
from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.types import Scope

from mail.message import calm, in_words
from service.api.calls import Call, of
from service.api.passwords import PACE
from service.pages.forms import form
from service.pages.notices import Name, notice
from service.pages.sheet import Dress, away, dress, sheet, ways
from service.pages.standing import Standing, standing
from service.pages.tongue import say, tongue
from service.users import acceptance, renewals
from service.users.passwords import SHORTEST
from service.users.problems import Expired, Forged, Invalid, NotInvited
from service.users.throttle import Attempt

_PATH: Final = "/admin/accept-invite"
SOMEBODY: Final = "the person who invited you"
REFUSED: Final = {
    "min_length": "This password is too short. It needs at least {limit} characters.",
    "max_length": "This password is too long. It may have {limit} characters at most.",
    "common": "This password is one of those that strangers try first. Choose one that nobody else would.",
}
UNFIT: Final = "This password holds signs that cannot be kept. Choose another."


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The form, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    token = call.query.get("token")
    return await _page(call, token if isinstance(token, str) else "", done="done" in call.query)


@post(_PATH)
async def accept(scope: Scope) -> Response[bytes]:
    """Sets the password and opens the account; the browser then goes to a page that can be loaded again."""
    call = of(scope)
    house = call.house
    fields = await form(call)
    token = fields.get("token", "")
    if house.terms.disable_default:
        return await _page(call, token)
    try:
        await acceptance.accept_with_password(
            house.database, house.tokens, house.secrets, token, fields.get("password", ""), call.origin
        )
    except Invalid as problem:
        return await _page(call, token, refused=why_refused(call, problem))
    except (Forged, NotInvited):
        return await _page(call, token, over="voided")
    except Expired:
        return await _page(call, token, over="expired")
    return away(f"{_PATH}?{urlencode({'done': '', 'token': token})}", house.terms)


@post(f"{_PATH}/again")
async def again(scope: Scope) -> Response[bytes]:
    """Owes a new letter for an invitation that ran out. The page says the same, whatever has become of it."""
    call = of(scope)
    house = call.house
    try:
        named = acceptance.read(house.tokens, (await form(call)).get("token", ""), late=True)
    except Forged:
        return notice("unknown", call)
    asked = house.database.write(renewals.renew, Attempt(named.project, named.email, call.ip), named.id)
    await asyncio.gather(asked, asyncio.sleep(PACE))
    return notice("sent_again", call, await dress(call, named.project))


def why_refused(call: Call, problem: Invalid) -> str:
    """Why a password was not taken, in the person's language."""
    return say(call, REFUSED.get(problem.rule, UNFIT), limit=problem.limit)


async def _page(
    call: Call, token: str, *, refused: str | None = None, over: Name | None = None, done: bool = False
) -> Response[bytes]:
    """The page of this token. `refused`: why its password was not taken; `over`: what the core says of it."""
    house = call.house
    try:
        named = acceptance.read(house.tokens, token, late=True)
    except Forged:
        return notice("unknown", call)
    found = await house.database.read(standing, named.project, named.id)
    if found is None:
        return notice("voided", call, host=say(call, SOMEBODY))
    if found.state == "open":
        dressed = await dress(call, named.project)
        if over:
            return _told(call, over, found, dressed)
        return _form(call, named.project, token, found, dressed, refused)
    name: Name = "done" if done and found.state == "used" else found.state
    return _told(call, name, found, await dress(call, named.project), token)


def _form(
    call: Call, project: str, token: str, found: Standing, dressed: Dress, refused: str | None
) -> Response[bytes]:
    return sheet(
        "accept",
        call,
        dressed,
        status=422 if refused else 200,
        inviter=calm(found.inviter),
        name=calm(found.invitation.first_name),
        email=found.invitation.email,
        token=token,
        shortest=SHORTEST,
        expires_at=found.invitation.expires_at,
        refused=refused,
        takes_passwords=not call.house.terms.disable_default,
        ways=ways(call, project),
    )


def _told(call: Call, name: Name, found: Standing, dressed: Dress, token: str = "") -> Response[bytes]:
    when = found.used_at if name == "used" and found.used_at else found.invitation.expires_at
    return notice(
        name,
        call,
        dressed,
        token=token,
        email=found.invitation.email,
        when=in_words(when, tongue(call)),
        host=calm(found.inviter) or say(call, SOMEBODY),
    )
