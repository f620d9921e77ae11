"""Two-factor authentication: `/users/me/tfa/*`, also without `me`, and an administrator's `disable`."""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import PROOF, TEXT, expect, text_of
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.own_access import open_ways, prove, whose
from service.database import Transaction
from service.users import lost_factors, second_factor
from service.users.model import Caller
from service.users.problems import BadPayload, WrongOtp
from service.users.second_factor import Made
from service.users.throttle import Attempt, guarded

P = ParamSpec("P")
T = TypeVar("T")
_PASSWORD: Final = {"password": TEXT}
_CODE: Final = {"otp": TEXT}
_BOTH: Final = {"secret": TEXT, "otp": TEXT}
_DIGITS: Final = re.compile(r"[0-9]{6}\Z")


@post(["/users/me/tfa/generate", "/users/tfa/generate"])
async def generate(scope: Scope) -> ASGIResponse:
    """A secret for an authenticator app, pending until `enable` brings a code that was made with it."""
    call = of(scope)
    return answers.data(await _made(call, expect(await call.json(), PROOF), armed=False))


@post(["/users/me/tfa/enable", "/users/tfa/enable"])
async def enable(scope: Scope) -> ASGIResponse:
    """`{secret, otp}` puts a generated secret in force; `{password}` makes one, as early clients expect."""
    call = of(scope)
    body = await call.json()
    if isinstance(body, dict) and "password" in body:
        return answers.data(await _made(call, expect(body, _PASSWORD), armed=True))
    given = expect(body, _BOTH)
    secret, otp = str(given["secret"]), str(given["otp"])
    if _DIGITS.match(secret) and not _DIGITS.match(otp):  # the documented SDK example swaps the two
        secret, otp = otp, secret
    caller, _ = await whose(call, "me")
    await _guess(call, caller, call.house.factor.enable, secret, otp)
    return answers.nothing()


@post(["/users/me/tfa/disable", "/users/tfa/disable"])
async def disable(scope: Scope) -> ASGIResponse:
    """Takes the caller's second factor away, for a code of it or a recovery code."""
    call = of(scope)
    otp = str(expect(await call.json(), _CODE)["otp"])
    caller, _ = await whose(call, "me")
    await _guess(call, caller, call.house.factor.disable, otp)
    return answers.nothing()


@post(["/users/me/tfa/recovery-codes", "/users/tfa/recovery-codes"])
async def renew_codes(scope: Scope) -> ASGIResponse:
    """New recovery codes, shown this once; each stands in for one code. Older ones are good no more."""
    call = of(scope)
    body = expect(await call.json(), PROOF)
    caller, _ = await whose(call, "me")
    await prove(call, caller, text_of(body, "password"))
    return answers.data({"codes": await call.house.database.write(second_factor.renew_codes, caller)})


@post("/users/{key:str}/tfa/disable")
async def take_away(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """An administrator takes away all that somebody is asked for beside a password: codes and passkeys."""
    call = of(scope)
    caller = await call.member_author()
    await call.house.database.write(lost_factors.clear, caller, key_of(key), open_ways(call))
    return answers.nothing()


async def _made(call: Call, body: Mapping[str, object], *, armed: bool) -> Made:
    house = call.house
    caller, _ = await whose(call, "me")
    await prove(call, caller, text_of(body, "password"))
    return await house.database.write(house.factor.generate, caller, house.terms.place, armed=armed)


async def guess(
    call: Call,
    caller: Caller,
    unit: Callable[Concatenate[Transaction, Caller, P], Coroutine[Any, Any, T]],
    *given: P.args,
    **named: P.kwargs,
) -> T:
    """A unit that compares a code: a wrong one is counted as at a sign-in. Raises WrongOtp, TooMany."""
    async with guarded(call.house.database, Attempt(caller.project, str(caller.user), call.ip), "otp"):
        return await call.house.database.write(unit, caller, *given, **named)


async def _guess(
    call: Call, caller: Caller, unit: Callable[..., Coroutine[Any, Any, object]], *given: str
) -> None:
    """The same, where a wrong code is the documented 400."""
    try:
        await guess(call, caller, unit, *given)
    except WrongOtp:
        raise BadPayload('"otp" is invalid') from None


router = Router(
    "/", route_handlers=[generate, enable, disable, renew_codes, take_away], include_in_schema=False
)
