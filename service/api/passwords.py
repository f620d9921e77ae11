"""A forgotten password over REST: `/auth/password/request` and `/auth/password/reset`."""

import asyncio
from typing import Final

from litestar import Router, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, doors, listed_urls
from service.api.bodies import EMAIL, TEXT, URI_MAYBE, expect
from service.api.calls import Call, of
from service.users import resets
from service.users.problems import Forged
from service.users.throttle import Attempt

PACE: Final = 0.25  # seconds that every request takes: longer than any of them needs, so none tells anything
_REQUEST: Final = {"email": EMAIL, "reset_url": URI_MAYBE}
_RESET: Final = {"token": TEXT, "password": TEXT}


@post("/auth/password/request")
async def request(scope: Scope) -> ASGIResponse:
    """Owes a letter to whom the address belongs. 204 after the same time, whoever is here or not."""
    await ask(of(scope))
    return answers.nothing()


async def ask(call: Call) -> None:
    """Owes the letter that a body asks for."""
    doors.check_ours(call)
    body = expect(await call.json(), _REQUEST)
    url = listed_urls.take(body, "reset_url", call.house.terms.reset_urls, "reset passwords")
    await owe(call, str(body["email"]), url)


async def owe(call: Call, email: str, url: str | None) -> None:
    """Owes the letter to whom the address belongs, in the time that it takes for nobody, too. Its link leads
    to `url`, which was checked, or to our own page."""
    asked = call.house.database.write(resets.request, Attempt(call.project, email, call.ip), url=url)
    await asyncio.gather(asked, asyncio.sleep(PACE))


@post("/auth/password/reset")
async def reset(scope: Scope) -> ASGIResponse:
    """The token of the letter and a new password; every session of the person ends."""
    await change(of(scope))
    return answers.nothing()


async def change(call: Call) -> None:
    """Sets the password that a body brings with its token, which is good in its own project."""
    doors.check_ours(call)
    house = call.house
    body = expect(await call.json(), _RESET)
    if resets.read(house.tokens, str(body["token"])).project != call.project:
        raise Forged
    await resets.reset(
        house.database, house.tokens, house.secrets, str(body["token"]), body["password"], call.origin
    )


router = Router("/", route_handlers=[request, reset], include_in_schema=False)
