"""Signing on at a directory, which has to be told the person's password: `POST /auth/login/:provider`."""

from typing import Final
from urllib.parse import quote, urlencode

from litestar import post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import Identity, ProviderError, Refused, TakesPasswords
from providers.secret import Secret
from service.api import doors
from service.api.auth import tokens
from service.api.bodies import MODE, TEXT, TEXT_MAYBE, expect, text_of
from service.api.calls import Call, of
from service.api.house import Door
from service.users import sign_on
from service.users.problems import RouteUnknown, WrongOtp
from service.users.sessions import Opened
from service.users.sign_on import Arrival, Owing
from service.users.throttle import Attempt, guarded

_LOGIN: Final = {"identifier": TEXT, "password": TEXT, "otp": TEXT_MAYBE, "mode": MODE}
LONGEST: Final = 255  # characters of an identifier


@post("/auth/login/{name:str}")
async def login(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """What the person is called in the directory, their password, and a code where one is asked for."""
    call = of(scope)
    door = doors.find(call, name)
    if not isinstance(door.provider, TakesPasswords):
        raise RouteUnknown(call.address)
    body = expect(await call.json(), _LOGIN)
    outcome = await admit(call, door, str(body["identifier"]), str(body["password"]), text_of(body, "otp"))
    if isinstance(outcome, Owing):
        raise WrongOtp(user=outcome.user)
    return tokens(call, outcome, str(body.get("mode", "json")))


async def admit(
    call: Call, door: Door, identifier: str, password: str, otp: str | None = None
) -> Opened | Owing:
    """The session of whoever the directory says this is, or whose code it takes first.

    Guesses are counted as those of our own passwords are, before the directory hears of them: strangers do
    not get to use up the tries that it gives somebody itself.
    Raises RouteUnknown, WrongCredentials, TooMany and what `sign_on` raises.
    """
    house = call.house
    attempt = Attempt(call.project, f"{door.provider.name} {identifier[:LONGEST]}", call.origin.ip)
    async with guarded(house.database, attempt):
        identity = await _recognised(call, door, identifier[: LONGEST + 1], password)
    arrival = Arrival(call.project, door.rules, identity, call.origin, house.terms.refresh_ttl, otp)
    return await sign_on.sign_on(house.database, arrival, house.factor, house.grants)


async def _recognised(call: Call, door: Door, identifier: str, password: str) -> Identity:
    provider = door.provider
    if not isinstance(provider, TakesPasswords):
        raise RouteUnknown(call.address)
    try:
        if len(identifier) > LONGEST:
            raise Refused("The identifier is longer than any")
        return await provider.recognise(identifier, Secret(password))
    except ProviderError as problem:
        if not isinstance(problem, Refused):
            await doors.note(call, provider.name, problem)
        raise doors.told(problem, provider.name) from problem


def page(call: Call, name: str, redirect: str | None, **more: str) -> str:
    """The page that asks for the identifier and the password, and leads on to `redirect`."""
    wanted = ({"redirect": redirect} if redirect else {}) | more
    path = call.generation.landing.asks_at.format(name=quote(name))
    return f"{call.page(path)}{'?' if wanted else ''}{urlencode(wanted)}"
