"""An authenticator app for whoever is signed in, with a password, a passkey or a provider: on, and off."""

from collections.abc import Mapping
from typing import Final

from litestar import Response

from service.api.calls import Call
from service.api.two_factor import guess
from service.pages.code import OFTEN, WRONG
from service.pages.here import ACCOUNT, Here, account_of
from service.pages.proof import UNPROVEN, refusal
from service.pages.sheet import away, dress, sheet
from service.pages.tfa_steps import Carried, Fields, begin, confirm
from service.pages.tongue import say
from service.users.own_account import OwnAccount
from service.users.problems import BadPayload, Problem, TooMany, WrongOtp

ANEW: Final = "You have begun anew elsewhere. Begin once more to go on here."
_NOT_OFF: Final[Mapping[type[Problem], str]] = {WrongOtp: WRONG, TooMany: OFTEN}


async def show(call: Call, who: Here, *, wrong: str | None = None) -> Response[bytes]:
    """What it takes to begin; `wrong` is why it did not. Who has an app already may take it off."""
    return await _page(call, who, await account_of(call, who), wrong)


async def step(call: Call, who: Here, fields: Fields) -> Response[bytes]:
    """From the proof to the picture, or from the code to the recovery codes."""
    if "secret" in fields:
        return await _confirm(call, who, fields)
    if "otp" in fields:
        return await _take_off(call, who, fields["otp"])
    wrong, account = await refusal(call, who, fields), await account_of(call, who)
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


async def _take_off(call: Call, who: Here, otp: str) -> Response[bytes]:
    """The app goes, for a code of it or a recovery code."""
    try:
        await guess(call, who.caller, call.house.factor.disable, otp[:64])
    except (WrongOtp, TooMany) as problem:
        return await _page(call, who, await account_of(call, who), wrong=_NOT_OFF[type(problem)])
    except BadPayload:  # it has been taken off meanwhile
        return away(ACCOUNT, call)
    return away(f"{ACCOUNT}?done=app", call)


async def _page(call: Call, who: Here, account: OwnAccount, wrong: str | None) -> Response[bytes]:
    told = say(call, wrong) if wrong else None
    if account.app:
        return sheet(
            "tfa_on",
            call,
            await dress(call),
            status=422 if wrong else 200,
            passkeys=account.passkeys,
            mark=who.mark,
            refused=told,
        )
    return sheet(
        "tfa_here",
        call,
        await dress(call),
        status=422 if wrong else 200,
        email=account.email or "",
        proof=account.proof,
        mark=who.mark,
        wrong=told,
    )
