"""The code of a second factor that is owed after a sign-on: a cookie remembers who, until it comes."""

from typing import Final

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import cookies
from service.api.auth import tokens
from service.api.bodies import MODE, TEXT, expect
from service.api.calls import Call, of
from service.tokens import fingerprint, new_secret
from service.users import waiting
from service.users.problems import Expired
from service.users.session_starts import Bond
from service.users.sessions import Opened
from service.users.waiting import Waiting

_COOKIE: Final = "idbridge_awaited"
_OTP: Final = {"otp": TEXT, "mode": MODE}


@post("/auth/login/{name:str}/otp")
async def prove(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """The code that a sign-on without `redirect` lacked (INVALID_OTP), from the same browser."""
    call = of(scope)
    cookies.same_site(call)
    body = expect(await call.json(), _OTP)
    opened, _ = await pay(call, str(body["otp"]))
    return tokens(call, opened, str(body.get("mode", "json")), headers=[gone(call)])


async def owe(
    call: Call,
    user: str,
    provider: str,
    redirect: str | None,
    bond: Bond = Bond(),  # noqa: B008  # frozen
) -> tuple[str, str]:
    """The cookie of a browser whose person still owes a code."""
    secret = new_secret("")
    who = (call.project, fingerprint(secret), user, provider, redirect, bond)
    await call.house.database.write(waiting.begin, *who)
    return cookies.bake(call, cookies.own(call, _COOKIE), secret, seconds=waiting.LIFETIME)


async def owed(call: Call) -> Waiting | None:
    """Whose code this browser owes, if it still does."""
    found = mark(call)
    return await call.house.database.read(waiting.look, call.project, found) if found else None


async def pay(call: Call, otp: str) -> tuple[Opened, Waiting]:
    """The session for a good code. Raises Expired, WrongOtp, TooMany."""
    house, found = call.house, mark(call)
    if found is None:
        raise Expired
    whose = (house.database, house.factor, call.project, found)
    return await waiting.finish(*whose, otp, call.origin, house.terms.refresh_ttl)


def gone(call: Call) -> tuple[str, str]:
    """The header that takes the cookie away."""
    return cookies.bake(call, cookies.own(call, _COOKIE), "", seconds=0)


def mark(call: Call) -> str | None:
    secret = call.cookie(cookies.own(call, _COOKIE))
    return fingerprint(secret) if secret else None


router = Router("/", route_handlers=[prove], include_in_schema=False)
