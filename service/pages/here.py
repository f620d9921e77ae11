"""Whose browser this is: the person of its cookie, and the mark that their forms carry."""

from contextlib import suppress

import msgspec

from service.api import cookies
from service.api.calls import Call
from service.database import Transaction
from service.tokens import fingerprint
from service.users import sessions
from service.users.model import Caller
from service.users.problems import Expired, Forged


class Here(msgspec.Struct, frozen=True):
    """The caller, who has a session; `mark` is made of the cookie: no other site can know it."""

    caller: Caller
    mark: str


async def here(call: Call, path: str) -> Here | None:
    """The session of the browser's cookie, whose secret is good; the mark is for the forms at `path`."""
    refresh, token = call.cookie(cookies.REFRESH), call.cookie(cookies.SESSION)
    session: str | None = None
    if token:
        with suppress(Expired, Forged):
            session = call.house.callers.session(token)
    found = await call.house.database.read(_known, call.project, refresh, session)
    if found is None:
        return None
    kept = refresh if session is None else token
    return Here(found.caller(call.project, call.origin), fingerprint(f"{path} {kept}"))


async def _known(
    tx: Transaction, project: str, refresh: str | None, session: str | None
) -> sessions.Recognised | None:
    if session is None:
        return await sessions.holder(tx, project, refresh)
    return await sessions.recognise(tx, project, session)
