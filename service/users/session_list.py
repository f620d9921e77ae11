"""The sessions of a person as they are shown, and ended by the person or an administrator."""

from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select

from service.database import NIL_KEY, Transaction, now
from service.database.tables import sessions
from service.users import access, history
from service.users.history import Entry
from service.users.model import Caller
from service.users.problems import Forbidden

_MOST: Final = 1000
_SHOWN: Final = ("id", "provider", "ip", "user_agent", "created_at", "used_at", "expires_at")
_theirs = (sessions.c.project == bindparam("project"), sessions.c.user == bindparam("user"))
_LIST: Final = (
    select(*(sessions.c[name] for name in _SHOWN))
    .where(*_theirs, sessions.c.expires_at > bindparam("at"))
    .order_by(func.coalesce(sessions.c.used_at, sessions.c.created_at).desc(), sessions.c.id.desc())
    .limit(_MOST)
)
_END: Final = delete(sessions).where(*_theirs, sessions.c.id == bindparam("session"))
_END_OTHERS: Final = delete(sessions).where(*_theirs, sessions.c.id != bindparam("kept"))


async def look(tx: Transaction, caller: Caller, user: str) -> list[dict[str, Any]]:
    """Where somebody is signed in, the last used first; `current` is the session that asks."""
    access.check_self(caller, user)
    rows = await tx.rows(_LIST, project=caller.project, user=user, at=now())
    shown = [dict(zip(_SHOWN, row, strict=True)) for row in rows]
    for one in shown:
        one["used_at"] = one["used_at"] or one["created_at"]
        one["current"] = one["id"] == caller.session
    return shown


async def end(tx: Transaction, caller: Caller, user: str, session: str) -> None:
    """End one of somebody's sessions. Raises Forbidden, for one that is not theirs as well."""
    access.check_self(caller, user)
    if not await tx.run(_END, project=caller.project, user=user, session=session):
        raise Forbidden
    await _note(tx, caller, user, 1)


async def end_others(tx: Transaction, caller: Caller, user: str) -> int:
    """End all of somebody's sessions but the one that asks; give their number."""
    return await end_all(tx, caller, user, keep=caller.session)


async def end_all(tx: Transaction, caller: Caller, user: str, *, keep: str | None = None) -> int:
    """End all of somebody's sessions, or all but one; give their number."""
    access.check_self(caller, user)
    kept = keep or NIL_KEY
    ended = await tx.run(_END_OTHERS, project=caller.project, user=user, kept=kept)
    if ended:
        await _note(tx, caller, user, ended)
    return ended


async def _note(tx: Transaction, caller: Caller, user: str, number: int) -> None:
    tx.announce("user", user)
    await history.record(tx, caller, "update", [Entry(user)], comment=f"sessions ended: {number}")
