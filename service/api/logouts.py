"""Signing out: here, here and at the provider, and here because it was done at the provider."""

import logging
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.afterwards import Ends
from providers.contract import ProviderError, Untrusted
from service.api import answers, cookies, doors, farewells
from service.api.auth import REFRESH, Held, held
from service.api.bodies import TEXT_MAYBE, expect
from service.api.callers import bearer, is_of_session
from service.api.calls import KIB, Call, of
from service.api.landing import landing
from service.users import logouts, sessions
from service.users.problems import BadPayload, Expired, Forged, RouteUnknown
from service.users.sessions import Ended

_log = logging.getLogger(__name__)
_LOGOUT: Final = {**REFRESH, "redirect": TEXT_MAYBE}
_MOST: Final = 64 * KIB  # of a form with a logout token
_WAY: Final = "back-channel logout"


@post("/auth/logout")
async def logout(scope: Scope) -> ASGIResponse:
    """Ends the session of a token; one that is ended already is no mistake. The cookies go in any case.

    Who names a `redirect` is told where to send the browser so that the provider's session ends as well; it
    comes to `redirect` then. Where the provider knows no such thing that is the redirect itself.
    """
    call = of(scope)
    body = expect(await call.json(), _LOGOUT)
    target = landed(call, str(body.pop("redirect"))) if "redirect" in body else None
    ended, gone = await end(call, _brought(call, body))
    if target is None:
        return answers.nothing(headers=gone)
    return answers.data({"redirect": await farewells.farewell(call, ended, target)}, headers=gone)


async def end(call: Call, token: Held) -> tuple[Ended | None, list[tuple[str, str]]]:
    """End the session of a token; which one it was, and the headers that take the cookies away."""
    ended = None
    if token.is_session:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token.token)
            ended = await call.house.database.write(sessions.end, call.project, session)
    else:
        ended = await call.house.database.write(sessions.close, call.project, token.token)
    names = [
        name for name in (cookies.REFRESH, cookies.SESSION) if name == cookies.REFRESH or token.is_session
    ]
    return ended, [cookies.bake(call, name, "", seconds=0) for name in names]


def _brought(call: Call, body: dict[str, object]) -> Held:
    """What names the session: as for a refresh, or the access token itself, all that early clients send."""
    try:
        return held(call, body)
    except BadPayload:
        token = bearer(call)
        if token is None or not is_of_session(token):
            raise
        return Held(token, "session", is_session=True)


def landed(call: Call, wanted: str) -> str:
    """Where a browser may go after signing out: to us, or where a sign-on of the project may lead, too."""
    listed = [url for door in doors.of_project(call) for url in door.policy.redirect_allow_list]
    return landing(call, listed, wanted, after="logout")


@post("/auth/login/{name:str}/backchannel-logout")
async def hear(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """The provider says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5)."""
    return await heard(of(scope), name)


async def heard(call: Call, name: str) -> ASGIResponse:
    """Ends the sessions that the provider's logout token speaks of."""
    provider = doors.find(call, name).provider
    if not isinstance(provider, Ends):
        raise RouteUnknown(call.address)
    try:
        said = await provider.hear_logout(_logout_token(await call.bytes(_MOST)))
        if await call.house.database.write(logouts.log_out, call.public, name, said, _WAY) is None:
            raise Untrusted("The logout token was used before")
    except ProviderError as problem:
        _log.warning("logout token refused", extra={"provider": name, "cause": problem.cause})
        told = {"error": "invalid_request", "error_description": problem.cause}
        return answers.answer(told, status=400)
    return answers.nothing(status=200)


def _logout_token(body: bytes) -> str:
    """The one field of that name. Raises Untrusted."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=16)
    except ValueError:
        raise Untrusted("The form is malformed") from None
    tokens = [value for name, value in pairs if name == "logout_token"]
    if len(tokens) != 1 or not tokens[0]:
        raise Untrusted("There is no logout_token, or more than one")
    return tokens[0]


router = Router("/", route_handlers=[logout, hear], include_in_schema=False)
