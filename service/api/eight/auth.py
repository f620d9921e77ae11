"""`/auth/...` of the 8 generation: one token that renews itself, or a cookie that holds it."""

from contextlib import suppress
from typing import Final

from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, cookies, passwords
from service.api.auth import entered, vouched
from service.api.bodies import EMAIL, TEXT, TEXT_MAYBE, Part, expect, one_of
from service.api.calls import Call, of
from service.api.eight import credentials, public
from service.api.single_logout import Left
from service.users import projects, refreshing, sessions
from service.users.problems import BadLogin, BadPayload, FactorNeeded, Forbidden, Forged, Problem

_MODE: Final = Part(one_of("jwt", "cookie"), required=False)
_LOGIN: Final = {"email": EMAIL, "password": TEXT, "otp": TEXT_MAYBE, "mode": _MODE}
_TOKEN: Final = {"token": TEXT}


@post("/auth/authenticate", status_code=200)
async def authenticate(scope: Scope) -> ASGIResponse:
    """E-mail and password, with a code where the person has a second factor, for a token or a cookie."""
    call = of(scope)
    given = await call.json()
    if isinstance(given, dict) and "mode" in call.query:
        given = {"mode": call.query["mode"], **given}
    try:
        body = expect(given, _LOGIN)
    except BadPayload as problem:
        raise BadLogin(problem.reason) from None
    opened = await entered(call, body)
    user, number, confined = await call.house.database.read(credentials.person, call, opened)
    told: dict[str, object] = {"user": user}
    headers = []
    if body.get("mode") == "cookie":
        headers = [credentials.cookie(call, opened, number)]
    else:
        told = {"token": credentials.signed(call, opened, number, call.house.terms.access_ttl), **told}
    more = answers.error(FactorNeeded(), call) if confined else {}
    return answers.answer({"data": told, "public": True, **more}, headers=headers)


@post("/auth/refresh", status_code=200)
async def refresh(scope: Scope) -> ASGIResponse:
    """A token that is still good for a newer one of the same session."""
    call = of(scope)
    token = str(expect(await call.json(), _TOKEN)["token"])
    session = call.house.callers.session(token)
    opened = await call.house.database.write(refreshing.renew, call.project, session)
    if opened is None:
        raise Forged
    await vouched(call, opened)
    return public.tell({"token": await credentials.token(call, opened)})


@post("/auth/logout", status_code=200)
async def logout(scope: Scope) -> ASGIResponse:
    """Ends the caller's session; one that is over already is no mistake. The cookie goes in any case."""
    _, gone = await end(of(scope))
    return public.done(*gone)


async def end(call: Call) -> Left:
    """End the caller's session, where they have one. Another site's page does not even take the cookie away:
    the browser lets go of it although it has not sent it."""
    ended, gone = None, list[tuple[str, str]]()
    with suppress(Problem):
        session = (await call.caller()).session
        if session is not None:
            ended = await call.house.database.write(sessions.end, call.project, session)
    with suppress(Forbidden):
        cookies.same_site(call)
        gone.append(cookies.bake(call, call.generation.cookie(call), "", seconds=0))
    return ended, gone


@get("/auth/check")
async def check(scope: Scope) -> ASGIResponse:
    """Whether the caller is signed in."""
    return public.tell({"authenticated": await _is_signed_in(of(scope))})


@get("/")
async def greet(scope: Scope) -> ASGIResponse:
    """What the project is called; `public` where nobody is signed in, which is how clients find out."""
    call = of(scope)
    title = await call.house.database.read(projects.title, call.project)
    told = {"api": {"project_name": title}}
    return answers.data(told) if await _is_signed_in(call) else public.tell(told)


async def _is_signed_in(call: Call) -> bool:
    with suppress(Problem):
        return (await call.caller()).user is not None
    return False


@post("/auth/password/request", status_code=200)
async def request_reset(scope: Scope) -> ASGIResponse:
    """Owes a letter to whom the address belongs; the answer tells nobody whether there is one."""
    await passwords.ask(of(scope))
    return public.done()


@post("/auth/password/reset", status_code=200)
async def reset(scope: Scope) -> ASGIResponse:
    """The token of the letter and a new password."""
    await passwords.change(of(scope))
    return public.done()


HANDLERS: Final = (greet, authenticate, refresh, logout, check, request_reset, reset)
