"""Signing out at the provider: what began with the session that has ended there ends here, in one commit."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Table, bindparam, delete
from sqlalchemy.sql.dml import ReturningDelete

from providers.afterwards import LoggedOut
from service.database import Transaction, by_kind, one_of
from service.database.shapes import Kind
from service.database.tables import awaited_codes, sessions
from service.users import event_tokens, history
from service.users.clock import EPOCH, later
from service.users.history import Entry
from service.users.model import Caller


def _ending(table: Table, *, sids: bool, subject: bool) -> Mapping[Kind, ReturningDelete[tuple[str]]]:
    """What ends the rows of these sessions at the provider, of this subject, or of both at once."""

    def build(kind: Kind) -> ReturningDelete[tuple[str]]:
        which = [table.c.project == bindparam("project"), table.c.provider == bindparam("provider")]
        if sids:
            which.append(one_of(table.c.sid, "sids", kind))
        if subject:
            which.append(table.c.subject == bindparam("subject"))
        return delete(table).where(*which).returning(table.c.user)

    return by_kind(build)


_SHAPES: Final = ((True, False), (False, True), (True, True))  # whether sids are named, whether a subject is
_SESSIONS: Final = {shape: _ending(sessions, sids=shape[0], subject=shape[1]) for shape in _SHAPES}
_AWAITED: Final = {shape: _ending(awaited_codes, sids=shape[0], subject=shape[1]) for shape in _SHAPES}


async def log_out(tx: Transaction, caller: Caller, provider: str, said: LoggedOut, way: str) -> int | None:
    """End the sessions that a message of the provider speaks of, and codes awaited meanwhile; give their
    number. `way` is how it came, for the activity.

    With `sids` it is those, and only if they are the subject's where one is named; without it is all that
    began as the subject's. None: the message has done its work before.
    """
    if not await event_tokens.take(tx, caller.project, provider, said.token, later(EPOCH, said.until)):
        return None
    shape = (bool(said.sids), said.subject is not None)
    where: dict[str, object] = {"project": caller.project, "provider": provider}
    where |= {"sids": list(said.sids)} if said.sids else {}
    where |= {"subject": said.subject} if said.subject is not None else {}
    await tx.rows(_AWAITED[shape][tx.kind], **where)
    ended = Counter(user for (user,) in await tx.rows(_SESSIONS[shape][tx.kind], **where))
    for user, number in ended.items():
        tx.announce("user", user)
        story = f"{provider}: signed out there ({way}; sessions that ended: {number})"
        await history.record(tx, caller, "refused", [Entry(user)], comment=story)
    return ended.total()
