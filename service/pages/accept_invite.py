"""Accepting an invitation: the page behind the letter's button, and the form on it.

Looking changes nothing, however often: mail scanners open every link first. Only the form's button posts.
"""

from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from mail.catalogue import in_words
from mail.sheets import calm
from service.api.calls import Call, of
from service.pages.forms import form
from service.pages.letter_links import ended, send_again, token_of, why_refused
from service.pages.notice_table import Name
from service.pages.notices import notice
from service.pages.sheet import Dress, dress, sheet
from service.pages.standing import Standing, standing
from service.pages.tongue import say, tongue
from service.pages.ways import buttons
from service.users import acceptance, renewals
from service.users.model import LOCAL
from service.users.passwords import SHORTEST
from service.users.problems import Expired, Forged, Invalid, NotInvited, WrongProvider

_PATH: Final = "/admin/accept-invite"
SOMEBODY: Final = "the person who invited you"


@get(_PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The form, or why there is none; with `done` the page at the end of the way."""
    call = of(scope)
    return await _page(call, token_of(call), done="done" in call.query)


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
    except WrongProvider:
        return await _page(call, token)
    except (Forged, NotInvited):
        return await _page(call, token, over="voided")
    except Expired:
        return await _page(call, token, over="expired")
    return ended(call, _PATH, token)


@post(f"{_PATH}/again")
async def again(scope: Scope) -> Response[bytes]:
    """Owes a new letter for an invitation that ran out. The page says the same, whatever has become of it."""
    call = of(scope)
    named = acceptance.read(call.house.tokens, (await form(call)).get("token", ""), late=True)
    return await send_again(call, named, renewals.renew, named.id)


async def _page(
    call: Call, token: str, *, refused: str | None = None, over: Name | None = None, done: bool = False
) -> Response[bytes]:
    """The page of this token. `refused`: why its password was not taken; `over`: what the core says of it."""
    named = acceptance.read(call.house.tokens, token, late=True)
    found = await call.house.database.read(standing, named.project, named.id)
    if found is None:
        return notice("voided", call, host=say(call, SOMEBODY))
    if found.state == "open":
        dressed = await dress(call, named.project)
        if over:
            return _told(call, over, found, dressed)
        return _form(call, named.project, token, found, dressed, refused)
    name: Name = "done" if done and found.state == "used" else found.state
    return _told(call, name, found, await dress(call, named.project), token, named.project)


def _form(
    call: Call, project: str, token: str, found: Standing, dressed: Dress, refused: str | None
) -> Response[bytes]:
    own = found.invitation.provider
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
        takes_passwords=own == LOCAL and not call.house.terms.disable_default,
        ways=buttons(call, project, only=None if own == LOCAL else own),
    )


def _told(
    call: Call, name: Name, found: Standing, dressed: Dress, token: str = "", project: str | None = None
) -> Response[bytes]:
    when = found.used_at if name == "used" and found.used_at else found.invitation.expires_at
    return notice(
        name,
        call,
        dressed,
        token=token,
        project=project,
        email=found.invitation.email,
        when=in_words(when, tongue(call)),
        host=calm(found.inviter) or say(call, SOMEBODY),
    )
