"""Signing on with a provider: off to it, and back through the callback of the same browser, once."""

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from litestar import Router, get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import Identity, Misconfigured, ProviderError, Unreachable
from service.api import answers, cookies
from service.api.allowance import Allowance
from service.api.auth import issued, tokens
from service.api.calls import Call, of
from service.api.house import Door
from service.api.invitations import allowed
from service.dialects import problems as table
from service.tokens import fingerprint, new_secret
from service.users import arrivals, departures
from service.users.departures import Departed
from service.users.problems import BadPayload, Problem, RouteUnknown, WrongCredentials
from service.users.problems import Unreachable as Down
from service.users.sessions import Opened

_log = logging.getLogger(__name__)
# Anybody can send forged callbacks: the log hears of all of them, the activity of one in a second.
_NOTES: Final = Allowance(each=1.0, at_once=60)


def _door(call: Call, name: str) -> Door:
    door = call.house.doors.get(name)
    if door is None or door.policy.project != call.project:
        raise RouteUnknown(call.scope["path"])
    return door


def _cookie_name(call: Call, name: str) -> str:
    return cookies.own(call, f"idbridge_departure_{name}")


@get("/auth/login/{name:str}")
async def depart(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Sends the browser to the provider, and remembers that it was this browser."""
    call = of(scope)
    door = _door(call, name)
    redirect = call.query.get("redirect")
    if redirect is not None:
        redirect = landing(call, door, str(redirect))
    callback = f"{call.house.terms.public_url}/auth/login/{name}/callback"
    try:
        departure = await door.provider.depart(callback)
    except ProviderError as problem:
        return _refused(call, name, redirect, _told(problem, name))
    secret = new_secret("")
    mark = fingerprint(secret)
    memory = departures.seal(call.house.sealer, call.project, mark, departure.memory)
    left = Departed(name, memory, redirect)
    await call.house.database.write(departures.remember, call.project, mark, left)
    cookie = cookies.bake(call, _cookie_name(call, name), secret, seconds=departures.LIFETIME)
    return answers.away(departure.url, cookie)


@get("/auth/login/{name:str}/callback")
async def arrive(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Takes the browser back: its departure is used up first, whatever comes of it."""
    call = of(scope)
    door = _door(call, name)
    taken = await _taken(call, name)
    redirect = taken[0].redirect if taken else None
    try:
        if taken is None:
            raise WrongCredentials
        identity = await door.provider.arrive(_single(call.query), taken[1])
        opened = await _signed_in(call, door, identity)
    except ProviderError as problem:
        if _NOTES.allow():
            await call.house.database.write(arrivals.note_failure, call.public, name, problem.cause)
        return _refused(call, name, redirect, _told(problem, name))
    except Problem as problem:
        return _refused(call, name, redirect, problem)
    gone = cookies.bake(call, _cookie_name(call, name), "", seconds=0)
    if redirect is None:
        return tokens(call, opened, headers=[gone])
    issue = issued(call, opened)
    cookie = cookies.bake(
        call, cookies.REFRESH, str(issue["refresh_token"]), seconds=call.house.terms.refresh_ttl
    )
    return answers.away(redirect, cookie, gone)


async def _taken(call: Call, name: str) -> tuple[Departed, Mapping[str, str]] | None:
    """This browser's departure, and what the provider wanted remembered; who asks again finds nothing."""
    secret = call.cookie(_cookie_name(call, name))
    if not secret:
        return None
    house, mark = call.house, fingerprint(secret)
    departed = await house.database.write(departures.take, call.project, mark, name)
    if departed is None:
        return None
    return departed, departures.unseal(house.sealer, call.project, mark, departed.memory)


def _single(query: Mapping[str, object]) -> Mapping[str, str]:
    """The callback's parameters, each once: one that comes twice is no answer of a provider."""
    if any(not isinstance(value, str) for value in query.values()):
        raise WrongCredentials
    return {name: str(value) for name, value in query.items()}


async def _signed_in(call: Call, door: Door, identity: Identity) -> Opened:
    policy = arrivals.Policy(
        registers=door.policy.allow_public_registration,
        default_role=door.policy.default_role_id,
        verified_email=door.policy.require_verified_email,
        domains=tuple(door.policy.allowed_domains) or None,
    )
    house = call.house
    return await arrivals.sign_on(
        house.database, call.project, policy, identity, call.origin, house.terms.refresh_ttl
    )


def landing(call: Call, door: Door, wanted: str) -> str:
    """Where the browser goes in the end, as an absolute URL: our own host, or one that is listed, exactly."""
    home = call.house.terms.public_url
    hostile = any(ord(letter) <= 32 or letter == "\\" for letter in wanted) or len(wanted) > 2048
    target = urljoin(home + "/", wanted)
    parts = urlsplit(target)
    ours = (parts.scheme, parts.netloc) == urlsplit(home)[:2] and not wanted.startswith("//")
    if hostile or not (ours or allowed(target, tuple(door.policy.redirect_allow_list))):
        raise BadPayload(f'URL "{wanted[:255]}" can\'t be used to redirect after login')
    return target


def _told(problem: ProviderError, name: str) -> Problem:
    """What a provider's failure is to the caller: what is down is said, what was tried is not."""
    _log.warning("sign-on failed", extra={"provider": name, "cause": problem.cause, "code": problem.code})
    if isinstance(problem, Unreachable | Misconfigured):
        return Down(f"The provider {name} cannot be used now")
    return WrongCredentials()


def _refused(call: Call, name: str, redirect: str | None, problem: Problem) -> ASGIResponse:
    gone = cookies.bake(call, _cookie_name(call, name), "", seconds=0)
    if redirect is None:
        return answers.refusal(problem, call, headers=[gone])
    cell, _, _ = table.told(problem, "rest10", "", "")
    parts = urlsplit(redirect)
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode({"reason": str(cell.code)}), ""))
    return answers.away(url, gone)


router = Router("/", route_handlers=[depart, arrive], include_in_schema=False)
