"""Where a person is signed in, and signing out: here, there, or everywhere else."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.types import Scope

from service.api import cookies, farewells
from service.api.calls import Call, of
from service.database import Transaction
from service.pages.devices import device
from service.pages.forms import form
from service.pages.notices import notice
from service.pages.sheet import away, dress, sheet
from service.tokens import fingerprint
from service.users import session_list, sessions
from service.users.model import Caller
from service.users.problems import Expired, Forbidden, Forged

PATH: Final = "/admin/sessions"
_LOGIN: Final = "/admin/login"


class _Here(msgspec.Struct, frozen=True):
    """Whose browser this is. The forms carry `mark`, made of the cookie: no other site can know it."""

    caller: Caller
    mark: str


@get(PATH)
async def show(scope: Scope) -> Response[bytes]:
    """Every session of the person, with a button to end it."""
    call = of(scope)
    here = await _here(call)
    if here is None:
        return away(_LOGIN, call.house.terms)
    found = await call.house.database.read(session_list.look, here.caller, str(here.caller.user))
    shown = [_shown(call, one) for one in found]
    return sheet("sessions", call, await dress(call), sessions=shown, mark=here.mark)


@post(PATH)
async def end(scope: Scope) -> Response[bytes]:
    """Ends what the button names; of the session that asks it says where to sign out as well."""
    call = of(scope)
    fields = await form(call)
    here = await _here(call)
    if here is None:
        return away(_LOGIN, call.house.terms)
    if fields.get("mark") != here.mark:
        return notice("crossed", call, await dress(call))
    user, session = str(here.caller.user), fields.get("session", "")
    if "others" in fields:
        await call.house.database.write(session_list.end_others, here.caller, user)
    elif session == here.caller.session:
        return await _leave(call, session)
    else:
        with suppress(Forbidden):  # it has ended already
            await call.house.database.write(session_list.end, here.caller, user, session)
    return away(PATH, call.house.terms)


async def _leave(call: Call, session: str) -> Response[bytes]:
    ended = await call.house.database.write(sessions.end, call.project, session)
    home = f"{call.house.terms.public_url}{_LOGIN}"
    elsewhere = await farewells.farewell(call, ended, home)
    left = sheet(
        "signed_out",
        call,
        await dress(call),
        elsewhere="" if elsewhere == home else elsewhere,
        provider=_way(call, ended.provider) if ended else "",
    )
    for name in (cookies.REFRESH, cookies.SESSION):
        left.set_cookie(
            key=name, value="", max_age=0, path="/", httponly=True, secure=call.house.terms.secure
        )
    return left


async def _here(call: Call) -> _Here | None:
    """The session of the browser's cookie, whose secret is good."""
    refresh, token = call.cookie(cookies.REFRESH), call.cookie(cookies.SESSION)
    session: str | None = None
    if token:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token)
    found = await call.house.database.read(_known, call.project, refresh, session)
    if found is None:
        return None
    kept = refresh if session is None else token
    return _Here(found.caller(call.project, call.origin), fingerprint(f"{PATH} {kept}"))


async def _known(
    tx: Transaction, project: str, refresh: str | None, session: str | None
) -> sessions.Recognised | None:
    if session is None:
        return await sessions.holder(tx, project, refresh)
    return await sessions.recognise(tx, project, session)


def _shown(call: Call, one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "device": device(one["user_agent"]), "way": _way(call, one["provider"])}


def _way(call: Call, provider: str) -> str:
    """What the provider of a session is called; nothing for a password."""
    door = call.house.doors.get(provider)
    return door.provider.label if door else ""
