"""Signing in with a password: `/auth/login`, `/auth/refresh`, `/auth/logout`, and the list of providers."""

import time
from typing import Final

from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, cookies
from service.api.bodies import EMAIL, TEXT, TEXT_MAYBE, Part, expect, one_of
from service.api.calls import Call, of
from service.users import sessions, sign_in
from service.users.problems import BadPayload, RouteUnknown
from service.users.sessions import Opened

_MODE: Final = Part(one_of("cookie", "json"), required=False)
_LOGIN: Final = {"email": EMAIL, "password": TEXT, "otp": TEXT_MAYBE, "mode": _MODE}
_REFRESH: Final = {"refresh_token": TEXT_MAYBE, "mode": _MODE}


@post("/auth/login")
async def login(scope: Scope) -> ASGIResponse:
    """E-mail and password for an access token and a refresh token."""
    call = of(scope)
    if call.house.terms.disable_default:
        raise RouteUnknown("/auth/login")
    body = expect(await call.json(), _LOGIN)
    house = call.house
    opened = await sign_in.with_password(
        house.database,
        house.hasher,
        call.project,
        str(body["email"]),
        str(body["password"]),
        call.origin,
        house.terms.refresh_ttl,
    )
    return tokens(call, opened, str(body.get("mode", "json")))


def tokens(call: Call, opened: Opened, mode: str = "json", *, headers: answers.Headers = ()) -> ASGIResponse:
    """The documented answer of a sign-in; in mode `cookie` the refresh token is in no body."""
    issue = issued(call, opened)
    if mode != "cookie":
        return answers.data(issue, headers=headers)
    token = str(issue.pop("refresh_token"))
    cookie = cookies.bake(call, cookies.REFRESH, token, seconds=call.house.terms.refresh_ttl)
    return answers.data(issue, headers=[*headers, cookie])


def issued(call: Call, opened: Opened) -> dict[str, object]:
    """Signs the access token of a session that was opened or refreshed; `expires` is in milliseconds."""
    lifetime = call.house.terms.access_ttl
    access = call.house.tokens.sign(
        "access",
        {
            "id": opened.user,
            "role": opened.role,
            "app_access": opened.app,
            "admin_access": opened.admin,
            "session": opened.session,
        },
        expires_at=int(time.time()) + lifetime,
    )
    return {"access_token": access, "expires": lifetime * 1000, "refresh_token": opened.refresh_token}


def _refresh_token(call: Call, body: dict[str, object]) -> tuple[str, str]:
    """The refresh token and the mode it came in; a cookie counts only when our own pages sent it."""
    given = body.get("refresh_token")
    if given is not None:
        return str(given), str(body.get("mode", "json"))
    kept = call.cookie(cookies.REFRESH)
    if kept is None:
        raise BadPayload('"refresh_token" is required in either the JSON payload or Cookie')
    cookies.same_site(call)
    return kept, str(body.get("mode", "cookie"))


@post("/auth/refresh")
async def refresh(scope: Scope) -> ASGIResponse:
    """A refresh token for new tokens; the old one is used up."""
    call = of(scope)
    token, mode = _refresh_token(call, expect(await call.json(), _REFRESH))
    opened = await sessions.refresh(call.house.database, call.project, token)
    return tokens(call, opened, mode)


@post("/auth/logout")
async def logout(scope: Scope) -> ASGIResponse:
    """Ends the session of a refresh token; one that is ended already is no mistake."""
    call = of(scope)
    token, _ = _refresh_token(call, expect(await call.json(), _REFRESH))
    await call.house.database.write(sessions.close, call.project, token)
    return answers.nothing(headers=[cookies.bake(call, cookies.REFRESH, "", seconds=0)])


@get("/auth")
async def list_providers(scope: Scope) -> ASGIResponse:
    """Who else may sign people on."""
    house = of(scope).house
    shown = ("name", "label", "driver", "icon")
    listed = [{name: getattr(door.provider, name) for name in shown} for door in house.doors.values()]
    return answers.answer({"data": listed, "disableDefault": house.terms.disable_default})


router = Router("/", route_handlers=[login, refresh, logout, list_providers], include_in_schema=False)
