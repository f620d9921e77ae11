"""A person's own account: the ways in, added and removed, the second factor, and where they are signed in."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import Scope

from providers.contract import Provider, Redirects
from service.api import own_access
from service.api.calls import Call, of
from service.pages import passkeys, recovery_codes, tfa_setup
from service.pages.here import ACCOUNT, Here, account_of, everywhere, here, posted
from service.pages.login import CAUSES, REASONS
from service.pages.notices import notice
from service.pages.proof import UNPROVEN, refusal, typed
from service.pages.sessions import shown
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import say
from service.pages.ways import called, ways
from service.users.own_account import OwnAccount
from service.users.problems import Forbidden, Problem, Unprocessable, Unreachable

Fields = Mapping[str, str]
_DONE: Final[Mapping[str, str]] = {
    "linked": "It was added. From now on you can sign in with it as well, and a letter tells you so.",
    "unlinked": "It was removed, and whoever was signed in with it no longer is. A letter tells you so.",
    "password": "Your password was changed, and you were signed out everywhere else. A letter tells you so.",
    "app": "The app was taken off, and nobody is asked for its codes any more. A letter tells you so.",
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
_LEFT: Final = "You have {left} left, each of which lets you in once without your phone or your key."
_NONE_LEFT: Final = "You have none left: make new ones before you lose your phone or your key."
_REFUSED: Final[Mapping[type[Problem], str]] = {
    Unreachable: REASONS["SERVICE_UNAVAILABLE"],
    Unprocessable: "This one has to stay: it is your last way in, or your account belongs to it.",
}


@get(everywhere(ACCOUNT))
async def show(scope: Scope) -> Response[bytes]:
    """Everything, with a button to change it; `done` and `reason` tell what came of the last change."""
    call = of(scope)
    who = await here(call)
    cause, code = call.query.get("cause"), call.query.get("reason")
    reason = _NOT_ADDED.get(str(cause)) or _NOT_ADDED.get(str(code), _UNNAMED) if code else None
    return await _page(call, who, done=_DONE.get(str(call.query.get("done"))), refused=reason)


@post(everywhere(ACCOUNT))
async def change(scope: Scope) -> Response[bytes]:
    """What a button asks for: another way in, or that one goes, once it is sure who asks."""
    call = of(scope)
    who, fields = await posted(call)
    if who.confined:
        return notice("held_up", call, await dress(call))
    step = next((step for name, step in _STEPS.items() if name in fields), _nothing)
    try:
        return await step(call, who, fields)
    except tuple(_REFUSED) as problem:
        return await _page(call, who, refused=_REFUSED[type(problem)], status=422)


async def _nothing(call: Call, _: Here, __: Fields) -> Response[bytes]:
    return away(ACCOUNT, call)


async def _ask_removal(call: Call, who: Here, fields: Fields, wrong: str | None = None) -> Response[bytes]:
    account = await account_of(call, who)
    gone = fields.get("unlink") or fields.get("unlinked")
    one = next((one for one in account.identities if one["id"] == gone), None)
    if one is None:
        return away(ACCOUNT, call)
    if one["id"] not in account.removable:
        return await _page(call, who, refused=_REFUSED[Unprocessable], status=422)
    return sheet(
        "way_remove",
        call,
        await dress(call),
        status=422 if wrong else 200,
        identity=one["id"],
        way=called(call, one["provider"]) or one["provider"],
        whose=one["email"] or one["external_identifier"],
        email=account.email or "",
        proof=account.proof,
        mark=who.mark,
        wrong=say(call, wrong) if wrong else None,
    )


async def _remove(call: Call, who: Here, fields: Fields) -> Response[bytes]:
    wrong = await refusal(call, who, fields)
    if wrong:
        return await _ask_removal(call, who, fields, wrong)
    with suppress(Forbidden):  # it is gone already
        await own_access.unlink(call, who.caller, who.user, fields["unlinked"])
    return away(f"{ACCOUNT}?done=unlinked", call)


async def _leave(call: Call, who: Here, fields: Fields) -> Response[bytes]:
    """A page with a link: browsers would hold the form to where its answer leads (CSP form-action)."""
    provider, back = fields["link"], call.page(f"{ACCOUNT}?done=linked")
    try:
        left = await own_access.link(call, who.caller, provider, typed(fields), back)
    except tuple(UNPROVEN) as problem:
        return await _page(call, who, wrong=UNPROVEN[type(problem)], status=422)
    page = sheet("add_way", call, await dress(call), url=left.url, provider=called(call, provider))
    page.set_header(*left.cookie)
    return page


_STEPS: Final[Mapping[str, Callable[[Call, Here, Fields], Awaitable[Response[bytes]]]]] = {
    "link": _leave,
    "unlink": _ask_removal,
    "unlinked": _remove,
}


async def _page(
    call: Call,
    who: Here,
    *,
    done: str | None = None,
    refused: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> Response[bytes]:
    """`refused`: what could not be done; `wrong`: why the password was not taken."""
    if who.confined:
        return notice("held_up", call, await dress(call))
    account = await account_of(call, who)
    identities = [
        {**one, "way": called(call, one["provider"]) or one["provider"]} for one in account.identities
    ]
    return sheet(
        "account",
        call,
        await dress(call),
        status=status,
        account=account,
        identities=identities,
        sessions=[shown(call, one) for one in account.sessions],
        offers=_offers(call),
        sections=_sections(call, account),
        mark=who.mark,
        done=say(call, done) if done else None,
        refused=say(call, refused) if refused else None,
        wrong=say(call, wrong) if wrong else None,
    )


def _offers(call: Call) -> list[Provider]:
    """What can be added: providers where the person proves who they are by going there."""
    return [one for one in ways(call, call.project) if isinstance(one, Redirects)]


def _sections(call: Call, account: OwnAccount) -> list[dict[str, Any]]:
    """Pages of their own about this account; without a path there is nothing to do there."""
    has_factor = account.app or bool(account.passkeys)
    path = tfa_setup.PATH if has_factor or account.has_password else None
    if account.app and account.passkeys:
        hint = "It is on: you are asked for a code of your app, or for one of your passkeys."
    elif account.app:
        hint = "It is on: after your password you are asked for a code of your app."
    elif account.passkeys:
        hint = (
            "It is on: who signs in another way is asked for one of your passkeys, too. You may add an app, "
            "whose codes will do as well."
        )
    elif account.has_password:
        hint = "It is off: set it up, and nobody gets in with your password alone."
    else:
        hint = "The service that you sign in with takes care of it."
    rows = [(path, "Two-factor authentication", hint), (passkeys.PATH, "Your passkeys", passkeys.ABOUT)]
    if has_factor:
        rows.append((recovery_codes.PATH, "Recovery codes", _LEFT if account.codes else _NONE_LEFT))
    return [
        {"path": path, "label": say(call, label), "hint": say(call, hint, left=account.codes)}
        for path, label, hint in rows
    ]
