"""A person's own account: the ways in, added and removed, the second factor, and where they are signed in."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import Scope

from providers.contract import Provider, Redirects
from service.api import own_access
from service.api.calls import Call, of
from service.pages import passkeys
from service.pages.here import ACCOUNT, Here, here, posted
from service.pages.login import CAUSES, REASONS
from service.pages.notices import notice
from service.pages.sessions import shown, way
from service.pages.sheet import away, dress, sheet, ways
from service.pages.tongue import say
from service.users import own_account
from service.users.own_account import OwnAccount
from service.users.problems import (
    BadPayload,
    Forbidden,
    Problem,
    TooMany,
    Unprocessable,
    Unreachable,
    WrongCredentials,
)

_DONE: Final[Mapping[str, str]] = {
    "linked": "It was added. From now on you can sign in with it as well, and a letter tells you so.",
    "unlinked": "It was removed, and whoever was signed in with it no longer is. A letter tells you so.",
}
_UNNAMED: Final = (
    "It could not be added, and nothing was changed. Try again, or ask the people who run this place."
)
# Why the provider's answer did not become a way in: by the code that it comes back with, or the cause.
_NOT_ADDED: Final[Mapping[str, str]] = {
    "INVALID_PROVIDER": "That account belongs to somebody else here. Nothing was changed.",
    **{code: REASONS[code] for code in ("SERVICE_UNAVAILABLE", "TOKEN_EXPIRED", "INVALID_TOKEN")},
    **{cause: CAUSES[cause] for cause in ("unverified", "foreign", "malformed", "denied")},
}
_REFUSED: Final[Mapping[type[Problem], str]] = {
    WrongCredentials: "This password is not right. Check it and try again.",
    BadPayload: "Type your password, so that nobody else adds a way into your account.",
    TooMany: REASONS["REQUESTS_EXCEEDED"],
    Unreachable: REASONS["SERVICE_UNAVAILABLE"],
    Unprocessable: "This one has to stay: it is your last way in, or your account belongs to it.",
}


@get(ACCOUNT)
async def show(scope: Scope) -> Response[bytes]:
    """Everything, with a button to change it; `done` and `reason` tell what came of the last change."""
    call = of(scope)
    who = await here(call)
    cause, code = call.query.get("cause"), call.query.get("reason")
    reason = _NOT_ADDED.get(str(cause)) or _NOT_ADDED.get(str(code), _UNNAMED) if code else None
    return await _page(call, who, done=_DONE.get(str(call.query.get("done"))), refused=reason)


@post(ACCOUNT)
async def change(scope: Scope) -> Response[bytes]:
    """Removes the way in that the button names, or leads to the provider where another is proven."""
    call = of(scope)
    who, fields = await posted(call)
    try:
        return await _change(call, who, fields)
    except tuple(_REFUSED) as problem:
        return await _page(call, who, refused=_REFUSED[type(problem)], status=422)


async def _change(call: Call, who: Here, fields: Mapping[str, str]) -> Response[bytes]:
    if who.confined:
        return notice("held_up", call, await dress(call))
    if "link" in fields:
        return await _leave(call, who, fields["link"], fields.get("password") or None)
    with suppress(Forbidden):  # it is gone already
        await own_access.unlink(call, who.caller, who.user, fields.get("unlink", ""))
    return away(f"{ACCOUNT}?done=unlinked", call.house.terms)


async def _leave(call: Call, who: Here, provider: str, password: str | None) -> Response[bytes]:
    """A page with a link: browsers would hold the form to where its answer leads (CSP form-action)."""
    back = f"{call.house.terms.public_url}{ACCOUNT}?done=linked"
    left = await own_access.link(call, who.caller, provider, password, back)
    page = sheet("add_way", call, await dress(call), url=left.url, provider=way(call, provider))
    page.set_header(*left.cookie)
    return page


async def _page(
    call: Call, who: Here, *, done: str | None = None, refused: str | None = None, status: int = 200
) -> Response[bytes]:
    if who.confined:
        return notice("held_up", call, await dress(call))
    account = await call.house.database.read(own_account.look, who.caller, own_access.open_ways(call))
    passwords = account.has_password and not call.house.terms.disable_default
    identities = [{**one, "way": way(call, one["provider"]) or one["provider"]} for one in account.identities]
    return sheet(
        "account",
        call,
        await dress(call),
        status=status,
        account=account,
        passwords=passwords,
        identities=identities,
        sessions=[shown(call, one) for one in account.sessions],
        offers=_offers(call),
        sections=_sections(call, account, passwords),
        mark=who.mark,
        done=say(call, done) if done else None,
        refused=say(call, refused) if refused else None,
    )


def _offers(call: Call) -> list[Provider]:
    """What can be added: providers where the person proves who they are by going there."""
    return [one for one in ways(call, call.project) if isinstance(one, Redirects)]


def _sections(call: Call, account: OwnAccount, passwords: bool) -> list[dict[str, Any]]:
    """Pages of their own about this account; without a path there is nothing to do there."""
    path = None
    if account.app and account.passkeys:
        hint = "It is on: you are asked for a code of your app, or for one of your passkeys."
    elif account.app:
        hint = "It is on: after your password you are asked for a code of your app."
    elif account.passkeys:
        hint = "It is on: who signs in another way is asked for one of your passkeys, too."
    elif passwords:
        path, hint = "/admin/tfa-setup", "It is off: set it up, and nobody gets in with your password alone."
    else:
        hint = "The service that you sign in with takes care of it."
    rows = [(path, "Two-factor authentication", hint), (passkeys.PATH, "Your passkeys", passkeys.ABOUT)]
    return [{"path": path, "label": say(call, label), "hint": say(call, hint)} for path, label, hint in rows]
