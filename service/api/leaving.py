"""Signing on with a provider: off to it, and what is remembered of the browser that leaves."""

from typing import NamedTuple

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import ProviderError, Redirects
from service.api import answers, directories, doors, kept
from service.api.calls import Call, of
from service.api.house import Door
from service.api.landing import Home, landing
from service.api.onward import onward
from service.users.problems import RouteUnknown


@get("/auth/login/{name:str}")
async def depart(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Sends the browser to the provider, and remembers that it was this browser; or to the page that asks
    for a directory's password."""
    call = of(scope)
    door = doors.find(call, name)
    redirect = call.query.get("redirect")
    if redirect is not None:
        redirect = landing(call, door.policy.redirect_allow_list, str(redirect))
    if not isinstance(door.provider, Redirects):
        return answers.away(directories.page(call, name, redirect))
    otp = call.asked("otp")  # documented; better is to wait for the question
    more = {"otp": otp[:64]} if otp else {}
    try:
        left = await leave(call, door, redirect, **more)
        return answers.away(left.url, left.cookie)
    except ProviderError as problem:
        await doors.note(call, name, problem)
        home = Home(redirect, door.policy.mode)
        return call.generation.landing.refused(call, doors.told(problem, name), home)


class Left(NamedTuple):
    """Where to send a browser, the cookie that it is known by when it is back, the `state` that it brings."""

    url: str
    cookie: tuple[str, str]
    state: str | None


async def leave(call: Call, door: Door, redirect: str | None, **more: str) -> Left:
    """Send this browser to the provider.

    `more` is remembered with the departure: the code of a second factor (`otp`), the form of the credential
    (`mode`), or the session in which the person asked for the identity to be linked (`link`).
    Raises ProviderError.
    """
    name, provider = door.provider.name, door.provider
    if not isinstance(provider, Redirects):
        raise RouteUnknown(call.address)
    departure = await provider.depart(kept.address(call, name, provider.lands_at))
    cookie = await kept.keep_for_browser(call, name, {**departure.memory, **more}, redirect)
    return Left(await onward(call, name, departure), cookie, departure.memory.get("state"))
