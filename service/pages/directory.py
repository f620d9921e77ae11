"""Signing in at a directory: a page that takes what the person is called there, and their password."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import TakesPasswords
from service.api import answers, directories, doors
from service.api.calls import Call, of
from service.api.eight.generation import PREFIX
from service.api.house import Door
from service.api.landing import CODE, Home, landing
from service.api.owing import owe
from service.pages.forms import form
from service.pages.here import WELCOME
from service.pages.login import CAUSES, REASONS
from service.pages.sheet import away, dress, sheet
from service.pages.tongue import say
from service.users.problems import (
    Problem,
    RouteUnknown,
    TooMany,
    Unreachable,
    WrongCredentials,
    WrongProvider,
)
from service.users.sign_on import Owing

_PATH: Final = "/admin/login/with/{name:str}"
_PATH_OF_PROJECT: Final = PREFIX + "/auth/sso/{name:str}/password"
_CODES: Final[Mapping[type[Problem], str]] = {
    WrongCredentials: "INVALID_CREDENTIALS",
    WrongProvider: "INVALID_PROVIDER",
    TooMany: "REQUESTS_EXCEEDED",
    Unreachable: "SERVICE_UNAVAILABLE",
}
_REFUSED: Final[Mapping[str, str]] = {
    **{code: REASONS[code] for code in _CODES.values()},
    "INVALID_CREDENTIALS": "The name or the password is not right. Check both and try again.",
}


@get(_PATH)
async def show(scope: Scope, name: FromPath[str]) -> Response[bytes]:
    """The form; `?redirect=` is where it leads in the end."""
    call = of(scope)
    door = _door(call, name)
    return await _page(call, door, _target(call, door, _asked(call, "redirect")))


@post(_PATH)
async def enter(scope: Scope, name: FromPath[str]) -> Response[bytes]:
    """Signs in; whose account has a second factor here is asked for its code next."""
    call = of(scope)
    door = _door(call, name)
    fields = await form(call)
    target = _target(call, door, fields.get("redirect", ""))
    identifier = fields.get("identifier", "")
    try:
        outcome = await directories.admit(call, door, identifier, fields.get("password", ""))
    except tuple(_CODES) as problem:
        return await _page(call, door, target, identifier, _said(problem))
    if isinstance(outcome, Owing):
        owed = await owe(call, outcome.user, name, target)
        return away(CODE, call, owed)
    kept = await call.generation.landing.keep(call, outcome, door.policy.mode)
    return away(WELCOME, call, kept, url=target)


@get(_PATH_OF_PROJECT)
async def show_of_project(scope: Scope, name: FromPath[str]) -> Response[bytes]:
    """The form for a project's people; `?redirect=` and `?mode=` say what it leads to in the end, `reason`
    and `cause` why the last attempt failed."""
    call = of(scope)
    door = _door(call, name)
    target = _target(call, door, _asked(call, "redirect")) if "redirect" in call.query else ""
    told = CAUSES.get(_asked(call, "cause")) or _REFUSED.get(_asked(call, "reason"))
    return await _page(call, door, target, refused=told, mode=_mode(_asked(call, "mode")))


@post(_PATH_OF_PROJECT)
async def enter_project(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Signs in, and leads home with what people take there from any sign-on."""
    call = of(scope)
    door = _door(call, name)
    fields = await form(call)
    wanted, mode, land = fields.get("redirect", ""), _mode(fields.get("mode", "")), call.generation.landing
    target = _target(call, door, wanted) if wanted else None
    try:
        given = fields.get("identifier", ""), fields.get("password", "")
        outcome = await directories.admit(call, door, *given)
    except tuple(_CODES) as problem:
        told = {"mode": mode, "reason": _CODES[type(problem)], "cause": getattr(problem, "cause", "")}
        return answers.see(directories.page(call, name, target, **told))
    home = Home(target, mode)
    if isinstance(outcome, Owing):
        return await land.owing(call, name, outcome, home)
    return await land.ended(call, outcome, home)


def _asked(call: Call, name: str) -> str:
    value = call.query.get(name)
    return value if isinstance(value, str) else ""


def _mode(given: str) -> str:
    return given if given == "cookie" else "jwt"


def _door(call: Call, name: str) -> Door:
    door = doors.find(call, name)
    if not isinstance(door.provider, TakesPasswords):
        raise RouteUnknown(call.scope["path"])
    return door


def _target(call: Call, door: Door, wanted: str) -> str:
    return landing(call, door.policy.redirect_allow_list, wanted or call.page(WELCOME))


def _said(problem: Problem) -> str:
    """Whom the directory has proven is told the cause, as after any sign-on; a stranger is not."""
    return CAUSES.get(getattr(problem, "cause", "")) or _REFUSED[_CODES[type(problem)]]


async def _page(
    call: Call,
    door: Door,
    target: str,
    identifier: str = "",
    refused: str | None = None,
    *,
    mode: str = "",
) -> Response[bytes]:
    parts = urlsplit(target)
    return sheet(
        "directory",
        call,
        await dress(call),
        status=422 if refused else 200,
        # Browsers hold a form to where its answer leads, too: the address is one that is allowed.
        leads_to=f"{parts.scheme}://{parts.netloc}" if target else "",
        action=call.generation.landing.asks_at.format(name=quote(door.provider.name)),
        mode=mode,
        way=door.provider,
        target=target,
        identifier=identifier[: directories.LONGEST],
        longest=directories.LONGEST,
        refused=say(call, refused) if refused else None,
    )
