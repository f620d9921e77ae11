"""Where a person is signed in, and signing out: here, there, or everywhere else."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api import farewells
from service.api.calls import Call, of
from service.pages.devices import device
from service.pages.here import ACCOUNT, LOGIN, everywhere, here, posted
from service.pages.sheet import away, dress, sheet
from service.pages.ways import called
from service.users import session_list, sessions
from service.users.problems import Forbidden

PATH: Final = "/admin/sessions"


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """Every session of the person, with a button to end it."""
    call = of(scope)
    who = await here(call)
    found = await call.house.database.read(session_list.look, who.caller, who.user)
    listed = [shown(call, one) for one in found]
    return sheet("sessions", call, await dress(call), sessions=listed, mark=who.mark)


@post(everywhere(PATH))
async def end(scope: Scope) -> Response[bytes]:
    """Ends what the button names; of the session that asks it says where to sign out as well."""
    call = of(scope)
    who, fields = await posted(call)
    user, session = who.user, fields.get("session", "")
    if "others" in fields:
        await call.house.database.write(session_list.end_others, who.caller, user)
    elif session == who.caller.session:
        return await _leave(call, session)
    else:
        with suppress(Forbidden):  # it has ended already
            await call.house.database.write(session_list.end, who.caller, user, session)
    return away(ACCOUNT if "account" in fields else PATH, call)


async def _leave(call: Call, session: str) -> Response[bytes]:
    ended = await call.house.database.write(sessions.end, call.project, session)
    home = call.page(LOGIN)
    elsewhere = await farewells.farewell(call, ended, home)
    left = sheet(
        "signed_out",
        call,
        await dress(call),
        elsewhere="" if elsewhere == home else elsewhere,
        provider=called(call, ended.provider) if ended else "",
    )
    for name in call.generation.landing.names(call):
        left.set_cookie(
            key=name, value="", max_age=0, path="/", httponly=True, secure=call.house.terms.secure
        )
    return left


def shown(call: Call, one: Mapping[str, Any]) -> dict[str, Any]:
    """A session as people speak of it: its device, and the provider that it began with."""
    return {**one, "device": device(one["user_agent"]), "way": called(call, one["provider"])}
