"""Signing in at a directory: a page that takes what the person is called there, and their password."""

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import Scope

from providers.contract import TakesPasswords
from service.api import directories, doors
from service.api.calls import Call, of
from service.api.house import Door
from service.api.landing import credential, landing
from service.api.owing import owe
from service.pages import code as code_page
from service.pages.forms import form
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
_HOME: Final = "/admin/welcome"
_WRONG: Final = "The name or the password is not right. Check both and try again."


@get(_PATH)
async def show(scope: Scope, name: FromPath[str]) -> Response[bytes]:
    """The form; `?redirect=` is where it leads in the end."""
    call = of(scope)
    door = _door(call, name)
    redirect = call.query.get("redirect")
    return await _page(call, door, _target(call, door, redirect if isinstance(redirect, str) else ""))


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
    except (WrongCredentials, WrongProvider, TooMany, Unreachable) as problem:
        return await _page(call, door, target, identifier, _said(problem))
    if isinstance(outcome, Owing):
        owed = await owe(call, outcome.user, name, target)
        return away(code_page.PATH, call.house.terms, owed)
    return away(_HOME, call.house.terms, credential(call, outcome, door.policy.mode), url=target)


def _door(call: Call, name: str) -> Door:
    door = doors.find(call, name)
    if not isinstance(door.provider, TakesPasswords):
        raise RouteUnknown(call.scope["path"])
    return door


def _target(call: Call, door: Door, wanted: str) -> str:
    return landing(call, door.policy.redirect_allow_list, wanted or call.house.terms.public_url + _HOME)


def _said(problem: Problem) -> str:
    """Whom the directory has proven is told the cause, as after any sign-on; a stranger is not."""
    if isinstance(problem, WrongCredentials):
        return CAUSES.get(problem.cause, _WRONG)
    if isinstance(problem, WrongProvider):
        return REASONS["INVALID_PROVIDER"]
    return REASONS["REQUESTS_EXCEEDED" if isinstance(problem, TooMany) else "SERVICE_UNAVAILABLE"]


async def _page(
    call: Call, door: Door, target: str, identifier: str = "", refused: str | None = None
) -> Response[bytes]:
    parts = urlsplit(target)
    return sheet(
        "directory",
        call,
        await dress(call),
        status=422 if refused else 200,
        # Browsers hold a form to where its answer leads, too: the address is one that is allowed.
        leads_to=f"{parts.scheme}://{parts.netloc}",
        way=door.provider,
        target=target,
        identifier=identifier[: directories.LONGEST],
        longest=directories.LONGEST,
        refused=say(call, refused) if refused else None,
    )
