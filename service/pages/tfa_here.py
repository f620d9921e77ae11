"""An authenticator app for whoever is signed in, with a password, a passkey or a provider."""

from typing import Final

from litestar import Response

from service.api import own_access
from service.api.calls import Call
from service.pages.here import Here
from service.pages.notice_table import ACCOUNT
from service.pages.notices import notice
from service.pages.proof import UNPROVEN, refusal
from service.pages.sheet import dress, sheet
from service.pages.tfa_steps import Carried, Fields, begin, confirm
from service.pages.tongue import say
from service.users import own_account
from service.users.own_account import OwnAccount
from service.users.problems import BadPayload, TooMany

ANEW: Final = "You have begun anew elsewhere. Begin once more to go on here."


async def show(call: Call, who: Here, *, wrong: str | None = None) -> Response[bytes]:
    """What it takes to begin; `wrong` is why it did not. Who has an app already is told so."""
    return await _page(call, who, await _look(call, who), wrong)


async def step(call: Call, who: Here, fields: Fields) -> Response[bytes]:
    """From the proof to the picture, or from the code to the recovery codes."""
    if "secret" in fields:
        return await _confirm(call, who, fields)
    wrong, account = await refusal(call, who, fields), await _look(call, who)
    if wrong or account.app or not account.email:
        return await _page(call, who, account, wrong)
    return await begin(call, Carried(who.caller, account.email, mark=who.mark))


async def _confirm(call: Call, who: Here, fields: Fields) -> Response[bytes]:
    try:
        return await confirm(call, Carried(who.caller, fields.get("email", ""), mark=who.mark), fields)
    except BadPayload:
        return await show(call, who, wrong=ANEW)
    except TooMany:
        return await show(call, who, wrong=UNPROVEN[TooMany])


async def _look(call: Call, who: Here) -> OwnAccount:
    return await call.house.database.read(own_account.look, who.caller, own_access.open_ways(call))


async def _page(call: Call, who: Here, account: OwnAccount, wrong: str | None) -> Response[bytes]:
    if account.app:
        return notice("protected", call, await dress(call), action=ACCOUNT)
    return sheet(
        "tfa_here",
        call,
        await dress(call),
        status=422 if wrong else 200,
        email=account.email or "",
        proof=account.proof,
        mark=who.mark,
        wrong=say(call, wrong) if wrong else None,
    )
