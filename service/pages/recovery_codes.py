"""New recovery codes for who has a second factor, once it is sure who asks; they are shown this once."""

from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api.calls import Call, of
from service.pages.here import ACCOUNT, Here, account_of, everywhere, here, posted
from service.pages.proof import refusal
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import say
from service.users import second_factor
from service.users.problems import BadPayload

PATH: Final = "/admin/recovery-codes"


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """How many are left; who has no second factor goes back to their account."""
    call = of(scope)
    return await _page(call, await here(call))


@post(everywhere(PATH))
async def renew(scope: Scope) -> Response[bytes]:
    """Makes new ones; those of before are good no more."""
    call = of(scope)
    who, fields = await posted(call)
    wrong = await refusal(call, who, fields)
    if wrong:
        return await _page(call, who, wrong)
    try:
        codes = await call.house.database.write(second_factor.renew_codes, who.caller)
    except BadPayload:  # the factor has been taken off meanwhile
        return away(ACCOUNT, call)
    return sheet("recovery_codes_new", call, await dress(call), codes=codes)


async def _page(call: Call, who: Here, wrong: str | None = None) -> Response[bytes]:
    account = await account_of(call, who)
    if not account.app and not account.passkeys:
        return away(ACCOUNT, call)
    return sheet(
        "recovery_codes",
        call,
        await dress(call),
        status=422 if wrong else 200,
        email=account.email or "",
        left=account.codes,
        proof=account.proof,
        mark=who.mark,
        wrong=say(call, wrong) if wrong else None,
    )
