"""A password of one's own choice, once it is sure who asks: whoever else is signed in no longer is."""

from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api.calls import Call, of
from service.pages.here import ACCOUNT, Here, account_of, everywhere, here, posted
from service.pages.letter_links import why_refused
from service.pages.notices import notice
from service.pages.proof import refusal
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import say
from service.users import records
from service.users.passwords import SHORTEST, check_password
from service.users.problems import Invalid

PATH: Final = "/admin/password"


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """The form; who has no use for a password goes back to their account."""
    call = of(scope)
    return await _page(call, await here(call))


@post(everywhere(PATH))
async def change(scope: Scope) -> Response[bytes]:
    """Sets the password. Whether it will do is asked first, so that no mistake costs an attempt to prove."""
    call = of(scope)
    who, fields = await posted(call)
    chosen = fields.get("chosen", "")
    try:
        check_password(chosen, chosen=True)
    except Invalid as problem:
        return await _page(call, who, refused=why_refused(call, problem))
    wrong = await refusal(call, who, fields)
    if wrong or who.confined or not (await account_of(call, who)).takes_password:
        return await _page(call, who, wrong=wrong)
    change = {who.user: {"password_hash": await call.house.secrets.chosen(chosen)}}
    await call.house.database.write(records.change, who.caller, change)
    return away(f"{ACCOUNT}?done=password", call)


async def _page(
    call: Call, who: Here, *, refused: str | None = None, wrong: str | None = None
) -> Response[bytes]:
    """`refused`: why the new password was not taken; `wrong`: why the old one was not."""
    if who.confined:
        return notice("held_up", call, await dress(call))
    account = await account_of(call, who)
    if not account.takes_password:
        return away(ACCOUNT, call)
    return sheet(
        "own_password",
        call,
        await dress(call),
        status=422 if refused or wrong else 200,
        email=account.email or "",
        has_password=account.has_password,
        proof=account.proof,
        shortest=SHORTEST,
        mark=who.mark,
        refused=refused,
        wrong=say(call, wrong) if wrong else None,
    )
