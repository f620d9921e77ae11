"""Signing in with a password: `/auth/login`, `/auth/refresh`, `/auth/logout`, and the list of providers."""

import time
from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, cookies, doors
from service.api.bodies import EMAIL, MODE, TEXT, TEXT_MAYBE, expect, text_of
from service.api.calls import Call, of
from service.users import refreshing, sign_in
from service.users.problems import BadPayload, WrongCredentials
from service.users.sessions import Opened

_LOGIN: Final = {"email": EMAIL, "password": TEXT, "otp": TEXT_MAYBE, "mode": MODE}
REFRESH: Final = {"refresh_token": TEXT_MAYBE, "mode": MODE}


@post("/auth/login")
async def login(scope: Scope) -> ASGIResponse:
    """E-mail and password, with a code where the person has a second factor, for tokens or cookies."""
    call = of(scope)
    body = expect(await call.json(), _LOGIN)
    return tokens(call, await entered(call, body), str(body.get("mode", "json")))


async def entered(call: Call, body: Mapping[str, object]) -> Opened:
    """Begins a session for the `email`, `password` and perhaps `otp` of a body."""
    doors.check_ours(call)
    house = call.house
    # A proxy that counts has its client's address stand in place of its own: one of those that it tells of.
    if call.ip and (forwarded := call.header(b"x-forwarded-for")) and call.ip not in forwarded:
        house.log.note_proxy(call.ip)
    return await sign_in.with_password(
        house.database,
        house.hasher,
        call.project,
        str(body["email"]),
        str(body["password"]),
        call.origin,
        house.terms.refresh_ttl,
        otp=text_of(body, "otp"),
        factor=house.factor,
    )


def tokens(call: Call, opened: Opened, mode: str = "json", *, headers: answers.Headers = ()) -> ASGIResponse:
    """The documented answer of a sign-in.

    In mode `cookie` the refresh token is in no body; in mode `session` no token is, and there is but one.
    """
    if mode == "json":
        return answers.data(issued(call, opened), headers=headers)
    if mode == "session":
        told: dict[str, object] = {"expires": call.house.terms.session_ttl * 1000}
    else:
        told = issued(call, opened)
        del told["refresh_token"]
    return answers.data(told, headers=[*headers, credential(call, opened, mode)])


def credential(call: Call, opened: Opened, mode: str) -> tuple[str, str]:
    """The cookie that a session is kept in; in mode `session` it is the whole credential."""
    terms = call.house.terms
    if mode == "session":
        token = str(issued(call, opened, terms.session_ttl)["access_token"])
        return cookies.bake(call, cookies.SESSION, token, seconds=terms.session_ttl)
    return cookies.bake(call, cookies.REFRESH, opened.refresh_token, seconds=terms.refresh_ttl)


def issued(call: Call, opened: Opened, lifetime: int | None = None) -> dict[str, object]:
    """Signs the access token of a session that was opened or refreshed; `expires` is in milliseconds."""
    lifetime = lifetime or call.house.terms.access_ttl
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


class Held(msgspec.Struct, frozen=True):
    """What a request to refresh or to log out holds: a refresh token, or the cookie of mode `session`."""

    token: str
    mode: str
    is_session: bool = False


def held(call: Call, body: dict[str, object]) -> Held:
    """The body's refresh token, or a cookie; a cookie counts only when our own pages sent it."""
    given, mode = body.get("refresh_token"), body.get("mode")
    if given is not None:
        return Held(str(given), str(mode or "json"))
    refresh, session = call.cookie(cookies.REFRESH), call.cookie(cookies.SESSION)
    if session and (mode == "session" or not refresh):
        cookies.same_site(call)
        return Held(session, "session", is_session=True)
    if not refresh:
        raise BadPayload('"refresh_token" is required in either the JSON payload or Cookie')
    cookies.same_site(call)
    return Held(refresh, str(mode or "cookie"))


@post("/auth/refresh")
async def refresh(scope: Scope) -> ASGIResponse:
    """A refresh token for new tokens, the old one is used up; or the cookie of a session for a newer one."""
    call = of(scope)
    token = held(call, expect(await call.json(), REFRESH))
    database = call.house.database
    if token.is_session:
        session = call.house.callers.session(token.token)
        opened = await database.write(refreshing.renew, call.project, session)
        if opened is None:
            raise WrongCredentials
    else:
        opened = await refreshing.refresh(database, call.project, token.token)
    await vouched(call, opened)
    return tokens(call, opened, token.mode)


async def vouched(call: Call, opened: Opened) -> None:
    """Raises WrongCredentials for whom their provider no longer vouches for: they have no session here."""
    door = call.house.doors.get(opened.provider)
    if door is not None:
        who = (call.project, opened.user, opened.provider, call.origin)
        await call.house.grants.renew(call.house.database, door.provider, *who)


@get("/auth")
async def list_providers(scope: Scope) -> ASGIResponse:
    """Who else may sign people on."""
    call = of(scope)
    shown = ("name", "label", "driver", "icon")
    listed = [{name: getattr(door.provider, name) for name in shown} for door in doors.of_project(call)]
    return answers.answer({"data": listed, "disableDefault": call.house.terms.disable_default})


router = Router("/", route_handlers=[login, refresh, list_providers], include_in_schema=False)
