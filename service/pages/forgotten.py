"""A forgotten password: a letter with a link to choose a new one, for whoever has the mailbox."""

from typing import Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api import passwords
from service.api.bodies import EMAIL
from service.api.calls import Call, of
from service.pages.forms import form
from service.pages.here import everywhere
from service.pages.notices import notice
from service.pages.sheet import dress, sheet
from service.pages.tongue import say
from service.users.problems import BadPayload

PATH: Final = "/admin/forgotten-password"
_NO_ADDRESS: Final = "This is not an e-mail address. It looks like name@example.com."


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """The field for the address."""
    return await _page(of(scope))


@post(everywhere(PATH))
async def ask(scope: Scope) -> Response[bytes]:
    """Owes the letter. The page says the same after the same time, whoever is here or not."""
    call = of(scope)
    email = (await form(call)).get("email", "")
    try:
        EMAIL.check("email", email)
    except BadPayload:
        return await _page(call, email[:320], refused=_NO_ADDRESS)
    if not call.house.terms.disable_default:
        await passwords.owe(call, email, None)
        return notice("reset_sent", call, await dress(call), email=email)
    return await _page(call)


async def _page(call: Call, email: str = "", *, refused: str | None = None) -> Response[bytes]:
    if call.house.terms.disable_default:
        return notice("elsewhere", call)
    return sheet(
        "forgotten",
        call,
        await dress(call),
        status=422 if refused else 200,
        email=email,
        refused=say(call, refused) if refused else None,
    )
