"""Signing out at the provider: what began with the session that has ended there ends here, in one commit."""

from collections import Counter
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Table, bindparam, delete, select

from providers.contract import LoggedOut
from service.database import Transaction
from service.database.tables import awaited_codes, identities, sessions
from service.users import event_tokens, history
from service.users.clock import EPOCH, later
from service.users.history import Entry
from service.users.model import Caller


def _called(column: ColumnElement[Any]) -> Any:
    """The `column` of identities whose person the provider calls `subject`."""
    return select(column).where(
        identities.c.project == bindparam("project"),
        identities.c.provider == bindparam("provider"),
        identities.c.subject == bindparam("subject"),
    )


def _ending(table: Table, *, sid: bool, subject: bool) -> Delete:
    which = [table.c.project == bindparam("project"), table.c.provider == bindparam("provider")]
    if sid:
        which.append(table.c.sid == bindparam("sid"))
    if subject:
        which.append(table.c.identifier.in_(_called(identities.c.external_identifier)))
        which.append(table.c.user.in_(_called(identities.c.user)))
    return delete(table).where(*which)


_SHAPES: Final = ((True, False), (False, True), (True, True))
_SESSIONS: Final = {
    (sid, subject): _ending(sessions, sid=sid, subject=subject).returning(sessions.c.user)
    for sid, subject in _SHAPES
}
_AWAITED: Final = {
    (sid, subject): _ending(awaited_codes, sid=sid, subject=subject) for sid, subject in _SHAPES
}


async def log_out(tx: Transaction, caller: Caller, provider: str, said: LoggedOut) -> int | None:
    """End the sessions that a logout token speaks of, and codes awaited meanwhile; give their number.

    With `sid` it is the one session, and only if it is the subject's where one is named; without it is all
    that began with the subject's identity. None: the token has done its work before.
    """
    if not await event_tokens.take(tx, caller.project, provider, said.token, later(EPOCH, said.until)):
        return None
    shape = (said.sid is not None, said.subject is not None)
    where = {"project": caller.project, "provider": provider}
    where |= {"sid": said.sid} if said.sid is not None else {}
    where |= {"subject": said.subject} if said.subject is not None else {}
    await tx.run(_AWAITED[shape], **where)
    ended = Counter(user for (user,) in await tx.rows(_SESSIONS[shape], **where))
    for user, number in ended.items():
        tx.announce("user", user)
        story = f"{provider}: signed out there (back-channel logout; sessions that ended: {number})"
        await history.record(tx, caller, "refused", [Entry(user)], comment=story)
    return ended.total()
