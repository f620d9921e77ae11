"""The code of a second factor, asked of who has signed on or given their password, in the same browser."""

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.types import Scope

from service.api import owing
from service.api.calls import Call, of
from service.api.landing import credential
from service.pages.forms import form
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import say
from service.users.problems import Expired, TooMany, WrongCredentials, WrongOtp
from service.users.waiting import Waiting

PATH: Final = "/admin/login/code"
_LATE: Final = "/admin/login?reason=TOKEN_EXPIRED"
_WRONG: Final = "This code is not right, or has been used already. Wait for the next one in your app."
_OFTEN: Final = "There were too many attempts. Wait a few minutes, then try the code that your app shows."


@get(PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The field for the code, as long as one is owed from this browser."""
    call = of(scope)
    waiting = await owing.owed(call)
    return await _page(call, waiting) if waiting else away(_LATE, call.house.terms)


@post(PATH)
async def prove(scope: Scope) -> Response[bytes]:
    """A good code opens the session, and leads to where the person wanted to go."""
    call = of(scope)
    otp = (await form(call)).get("otp", "")[:64]
    waiting = await owing.owed(call)
    if waiting is None:
        return away(_LATE, call.house.terms)
    try:
        opened, _ = await owing.pay(call, otp)
    except WrongOtp:
        return await _page(call, waiting, refused=_WRONG)
    except TooMany:
        return await _page(call, waiting, refused=_OFTEN)
    except (Expired, WrongCredentials):
        return away(_LATE, call.house.terms)
    door = call.house.doors.get(waiting.provider)
    mode = door.policy.mode if door else "cookie"
    return away("/admin/welcome", call.house.terms, credential(call, opened, mode), url=waiting.redirect)


async def _page(call: Call, waiting: Waiting, *, refused: str | None = None) -> Response[bytes]:
    target = urlsplit(waiting.redirect or call.house.terms.public_url)
    return sheet(
        "code",
        call,
        await dress(call),
        status=422 if refused else 200,
        # Browsers hold a form to where its answer leads, too: the address was allowed when the person left.
        leads_to=f"{target.scheme}://{target.netloc}",
        name=waiting.name,
        refused=say(call, refused) if refused else None,
    )
