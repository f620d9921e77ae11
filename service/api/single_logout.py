"""Sign-outs that the browser carries (SAML single logout): `/auth/login/:provider/logout`, there and back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.afterwards import Carried, CarriesLogouts
from providers.contract import ProviderError, Untrusted
from service.api import answers, doors, farewells, kept
from service.api.auth import held
from service.api.calls import Call, of
from service.api.logouts import end
from service.api.onward import onward
from service.users import logouts
from service.users.problems import BadPayload, RouteUnknown
from service.users.sessions import Ended

_WAY: Final = "single logout"
_HOME: Final = "/admin/login"
Left = tuple[Ended | None, Sequence[tuple[str, str]]]  # the session, and what takes its cookies away


@get("/auth/login/{name:str}/logout")
async def carried_by_query(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """A request of the provider's to end sessions, or its answer to ours, in the query (HTTP-Redirect)."""
    return await by_query(of(scope), name)


async def by_query(call: Call, name: str) -> ASGIResponse:
    """Does what the query asks, and sends the browser on."""
    try:
        query = call.scope["query_string"].decode("ascii")
        carried = Carried(kept.single(query), query)
    except ValueError:
        raise BadPayload("The query is malformed") from None
    if not carried.fields.keys() & {"SAMLRequest", "SAMLResponse"}:
        raise BadPayload('"SAMLRequest" or "SAMLResponse" is required')
    return answers.away(await _next(call, name, carried))


@post("/auth/login/{name:str}/logout")
async def carried_by_form(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """The same in a form (HTTP-POST). An empty one is a person's own, as documented: it ends the session of
    the cookie, and leads to the provider so that its session ends, too."""
    call = of(scope)
    return await by_form(call, name, lambda: end(call, held(call, {})))


async def by_form(call: Call, name: str, end_own: Callable[[], Awaitable[Left]]) -> ASGIResponse:
    """Does what the form asks, and sends the browser on; `end_own` ends the session of the cookie."""
    carried = Carried(await kept.posted(call))
    if carried.fields.keys() & {"SAMLRequest", "SAMLResponse"}:
        return answers.see(await _next(call, name, carried))
    _provider(call, name)
    ended, gone = await end_own()
    return answers.see(await farewells.farewell(call, ended, _home(call)), *gone)


async def _next(call: Call, name: str, carried: Carried) -> str:
    """Where the browser goes from here. Nothing happens for what the provider has not signed just now."""
    provider = _provider(call, name)
    try:
        if "SAMLRequest" in carried.fields:
            return await _end(call, provider, name, carried)
        return await _return(call, provider, name, carried)
    except ProviderError as problem:
        await doors.note(call, name, problem)
        raise doors.told(problem, name) from problem


async def _end(call: Call, provider: CarriesLogouts, name: str, carried: Carried) -> str:
    here = kept.address(call, name, "logout")
    asked = await provider.read_logout(carried, here)
    said = asked.logged_out
    if await call.house.database.write(logouts.log_out, call.public, name, said, _WAY) is None:
        raise Untrusted("The request to sign out was used before")
    try:
        return await onward(call, name, await provider.answer_logout(asked, here))
    except ProviderError as problem:  # it is done; only the way back is missing
        return await _stay(call, name, problem)


async def _return(call: Call, provider: CarriesLogouts, name: str, carried: Carried) -> str:
    """Who went there to sign out is back, whatever came of it there; the administrator hears of failures."""
    left = await kept.take(call, carried.fields.get("RelayState", ""), f"out {name}")
    if left is None:
        raise Untrusted("Nobody went there to sign out, or it was too long ago")
    departed, memory = left
    target = departed.redirect or _home(call)
    try:
        await provider.confirm_logout(carried, memory, kept.address(call, name, "logout"))
    except ProviderError as problem:
        return await _stay(call, name, problem)
    return target


async def _stay(call: Call, name: str, problem: ProviderError) -> str:
    """Where somebody ends who is signed out here, and perhaps not there."""
    await doors.note(call, name, problem)
    return f"{_home(call)}?reason=SIGNED_OUT_HERE"


def _provider(call: Call, name: str) -> CarriesLogouts:
    provider = doors.find(call, name).provider
    if not isinstance(provider, CarriesLogouts):
        raise RouteUnknown(call.address)
    return provider


def _home(call: Call) -> str:
    return call.page(_HOME)


router = Router("/", route_handlers=[carried_by_query, carried_by_form], include_in_schema=False)
