"""Whose browser this is: the person whose session its cookie holds, and the mark that their forms carry."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from service.api import cookies, own_access
from service.api.calls import Call
from service.api.eight.generation import PREFIX
from service.database import Transaction
from service.pages.forms import form
from service.tokens import fingerprint
from service.users import own_account, sessions
from service.users.model import Caller
from service.users.own_account import OwnAccount
from service.users.problems import Expired, Forbidden, Forged, NotSignedIn

ACCOUNT: Final = "/admin/account"
LOGIN: Final = "/admin/login"
WELCOME: Final = "/admin/welcome"


def everywhere(path: str) -> list[str]:
    """Where a page of the people of every project is: under the path, and under it within their project."""
    return [path, PREFIX + path]


class Here(msgspec.Struct, frozen=True):
    """The forms carry `mark`, made of the cookie: no other site can know it. `confined`: see sessions."""

    caller: Caller
    mark: str
    confined: bool

    @property
    def user(self) -> str:
        """The person's key."""
        return str(self.caller.user)


async def here(call: Call) -> Here:
    """The session of the browser's cookie, whose secret is good. Raises NotSignedIn."""
    refresh, token = call.cookie(cookies.REFRESH), call.cookie(call.generation.cookie(call))
    session: str | None = None
    if token:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token)
    found = await call.house.database.read(_known, call.project, refresh, session)
    if found is None:
        raise NotSignedIn
    kept = refresh if session is None else token
    return Here(found.caller(call.project, call.origin), fingerprint(f"forms {kept}"), found.confined)


async def visitor(call: Call) -> Here | None:
    """The same of somebody who need not be signed in."""
    with suppress(NotSignedIn):
        return await here(call)
    return None


async def account_of(call: Call, who: Here) -> OwnAccount:
    """What they see of their own account."""
    return await call.house.database.read(own_account.look, who.caller, own_access.open_ways(call))


async def posted(call: Call) -> tuple[Here, dict[str, str]]:
    """Who sends a form of these pages, and its fields. Raises NotSignedIn, Forbidden, as `form` does."""
    fields = await form(call)
    return await marked(call, fields), fields


async def marked(call: Call, fields: Mapping[str, str]) -> Here:
    """Who sent these fields, by the mark among them. Raises NotSignedIn, Forbidden."""
    who = await here(call)
    if fields.get("mark") != who.mark:
        raise Forbidden
    return who


async def _known(
    tx: Transaction, project: str, refresh: str | None, session: str | None
) -> sessions.Recognised | None:
    if session is None:
        return await sessions.holder(tx, project, refresh)
    return await sessions.recognise(tx, project, session)
