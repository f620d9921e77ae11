"""`/auth/sso/...` of the 8 generation: its own way out to a provider, the way back that all share."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import ProviderError, Redirects
from service.api import answers, directories, doors, leaving, logouts, single_logout, sso
from service.api.bodies import TEXT, expect, one_of
from service.api.calls import Call, of
from service.api.eight import auth, credentials, public, request_tokens
from service.api.house import Door
from service.api.landing import Home, landing
from service.api.origins import origin

_TOKEN: Final = {"request_token": TEXT}
_MODE: Final = one_of("jwt", "cookie")


@get("/auth/sso")
async def list_providers(scope: Scope) -> ASGIResponse:
    """The names of the providers that people of this project may sign on with."""
    call = of(scope)
    names = [door.provider.name for door in doors.of_project(call)]
    return public.tell(names)


@get("/auth/sso/{name:str}")
async def start(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Where to send this very browser; a browser that comes by a link of an allowed page is sent there.

    To a directory nobody is sent: a page of ours asks for its password.
    """
    call = of(scope)
    door = doors.find(call, name)
    mode = str(_MODE("mode", call.query.get("mode", "jwt")))
    redirect = call.query.get("redirect_url")
    if redirect is not None:
        redirect = landing(call, door.policy.redirect_allow_list, str(redirect))
    if not isinstance(door.provider, Redirects):
        return _sent(call, door, directories.page(call, name, redirect, mode=mode), None)
    try:
        left = await leaving.leave(call, door, redirect, mode=mode)
    except ProviderError as problem:
        await doors.note(call, name, problem)
        home = Home(redirect, mode)
        return call.generation.landing.refused(call, doors.told(problem, name), home)
    return _sent(call, door, left.url, left.state, left.cookie)


def _sent(call: Call, door: Door, url: str, state: str | None, *headers: tuple[str, str]) -> ASGIResponse:
    """Off to `url`, or the news that this is where to send the browser."""
    if _is_visit(call, door):
        return answers.away(url, *headers)
    told = {"authorization_url": url, "state": state}
    return public.tell(told, headers=headers)


def _is_visit(call: Call, door: Door) -> bool:
    """Whether a person looks on: browsers say so (Fetch Metadata), or name an allowed page before it. Where
    they say nothing of what they fetch for, which over plain http they do not, they ask for a page."""
    mode = call.header(b"sec-fetch-mode")
    if mode == "navigate" or (mode is None and call.wants_page):
        return True
    known = (call.house.terms.public_url, *door.policy.redirect_allow_list)
    last = origin(call.header(b"referer") or "")
    return last != "" and last in map(origin, known)


@get("/auth/sso/{name:str}/callback")
async def arrive(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Takes the browser back."""
    return await sso.arrived(of(scope), name)


@post(["/auth/sso/{name:str}/callback", "/auth/sso/{name:str}/acs"], status_code=200)
async def arrive_by_form(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """What a provider has the browser post."""
    return await sso.posted(of(scope), name)


@get("/auth/sso/{name:str}/metadata")
async def metadata(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """What the administrator of a SAML identity provider has to know of us; it is our name there, too."""
    return sso.described(of(scope), name)


@get("/auth/sso/{name:str}/logout")
async def sign_out_by_query(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """A sign-out that the browser carries from a SAML identity provider, or back from it."""
    return await single_logout.by_query(of(scope), name)


@post("/auth/sso/{name:str}/logout", status_code=200)
async def sign_out_by_form(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """The same in a form; an empty one ends the session of the project's cookie, here and there."""
    call = of(scope)
    return await single_logout.by_form(call, name, lambda: auth.end(call))


@post("/auth/sso/{name:str}/backchannel-logout", status_code=200)
async def hear(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """An OpenID provider says that somebody has signed out there."""
    return await logouts.heard(of(scope), name)


@post("/auth/sso/access_token", status_code=200)
async def redeem(scope: Scope) -> ASGIResponse:
    """The token of a session, for the request token that a sign-on led home with."""
    call = of(scope)
    opened = await request_tokens.redeem(call, str(expect(await call.json(), _TOKEN)["request_token"]))
    return public.tell({"token": await credentials.token(call, opened)})


HANDLERS: Final = (
    list_providers,
    start,
    arrive,
    arrive_by_form,
    metadata,
    sign_out_by_query,
    sign_out_by_form,
    hear,
    redeem,
)
