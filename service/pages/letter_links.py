"""What the pages behind the links in letters share: the token in the address, its end, and a new letter."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from litestar import Response

from service.api.calls import Call
from service.api.passwords import PACE
from service.database import Transaction
from service.pages.notices import notice
from service.pages.sheet import away, dress
from service.pages.tongue import say
from service.users.problems import Invalid
from service.users.throttle import Attempt
from service.users.tickets import Presented

P = ParamSpec("P")
_REFUSED: Final = {
    "min_length": "This password is too short. It needs at least {limit} characters.",
    "max_length": "This password is too long. It may have {limit} characters at most.",
    "common": "This password is one of those that strangers try first. Choose one that nobody else would.",
}
_UNFIT: Final = "This password holds characters that cannot be kept. Choose another."


def token_of(call: Call) -> str:
    """The token in the page's address; one that comes twice is none."""
    token = call.query.get("token")
    return token if isinstance(token, str) else ""


def ended(call: Call, path: str, token: str) -> Response[bytes]:
    """On to the page that says that it is done, which can be loaded again."""
    return away(f"{path}?{urlencode({'done': '', 'token': token})}", call)


async def send_again(
    call: Call,
    named: Presented,
    unit: Callable[Concatenate[Transaction, Attempt, P], Coroutine[Any, Any, None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response[bytes]:
    """Have `unit` owe a new letter. The page says the same after the same time, whatever has become of it."""
    attempt = Attempt(named.project, named.email, call.ip)
    asked = call.house.database.write(unit, attempt, *args, **kwargs)
    await asyncio.gather(asked, asyncio.sleep(PACE))
    return notice("sent_again", call, await dress(call, named.project))


def why_refused(call: Call, problem: Invalid) -> str:
    """Why a password was not taken, in the person's language."""
    return say(call, _REFUSED.get(problem.rule, _UNFIT), limit=problem.limit)
