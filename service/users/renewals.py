"""Invitations after the first letter: asked for once more, sent again, withdrawn, listed.

Administrators do this with every invitation, others who may invite with those that they sent themselves.
"""

from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, insert, select

from service.database import MAX_KEY, Transaction, new_key, now
from service.database.tables import invitations, users
from service.users import endings, invitation_letters, leave
from service.users.clock import later, span
from service.users.invitation_states import Invitation, look, state_of
from service.users.invitations import check_inviter
from service.users.model import Caller
from service.users.problems import Forbidden, TooMany
from service.users.rows import Row, fold, hold
from service.users.throttle import Attempt, take

AGAIN: Final = "a newer invitation was sent"

_INSERT: Final = insert(invitations)
_names = ("user", "email", "issued_at", "expires_at", "invited_by", "url", "message")
_ONE: Final = select(*(invitations.c[name] for name in _names)).where(
    invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id")
)
_listed = ("id", *_names[:4], "used_at", "voided_at", *_names[4:])
_PAGE: Final[Select[Any]] = (
    select(*(invitations.c[name] for name in _listed), users.c.status, users.c.email_key)
    .join(users, and_(users.c.project == invitations.c.project, users.c.id == invitations.c.user))
    .where(invitations.c.project == bindparam("project"), invitations.c.id < bindparam("before"))
    .order_by(invitations.c.id.desc())  # keys rise with time: the newest come first
    .limit(bindparam("most"))
)
_OWN_PAGE: Final = _PAGE.where(invitations.c.invited_by == bindparam("inviter"))


async def renew(tx: Transaction, attempt: Attempt, jti: str) -> None:
    """Owe a new letter for an invitation whose time is over, to who still waits; nothing for any other.

    Whoever holds the old letter may ask, a few times an hour.
    """
    try:
        await take(tx, attempt, "reset")
    except TooMany:
        return
    held = await look(tx, attempt.project, jti)
    if held is None or held.state != "expired" or fold(held.email) != fold(attempt.email):
        return
    await _again(tx, attempt.project, jti, None)


async def again(tx: Transaction, caller: Caller, jti: str, lifetime: float) -> str:
    """Send an invitation again to who still waits; the older one dies. Give the new one's key.

    Raises Forbidden also for one that is unknown, used or withdrawn.
    """
    await _reach(tx, caller, jti)
    return await _again(tx, caller.project, jti, lifetime)


async def cancel(tx: Transaction, caller: Caller, jti: str) -> None:
    """Withdraw an open invitation: its link no longer works, a letter not sent yet is not sent.

    Raises Forbidden also for one that is unknown or no longer open.
    """
    held = await _reach(tx, caller, jti)
    await endings.void_invitations(tx, caller.project, [held.user], now(), "the invitation was withdrawn")


async def page(tx: Transaction, caller: Caller, most: int, before: str = MAX_KEY) -> list[dict[str, Any]]:
    """The newest invitations, with the state of each; `before`: the key of the last one that was seen."""
    check_inviter(caller)
    at, asked = now(), {"project": caller.project, "before": before, "most": most}
    if leave.is_ruled(caller):
        rows = await tx.rows(_OWN_PAGE, **asked, inviter=caller.user)
    else:
        rows = await tx.rows(_PAGE, **asked)
    found = [dict(zip((*_listed, "status", "email_key"), row, strict=True)) for row in rows]
    return [{**{name: row[name] for name in _listed}, "status": state_of(row, at)} for row in found]


async def _reach(tx: Transaction, caller: Caller, jti: str) -> Invitation:
    """An invitation that still waits and that the caller may see to. Raises Forbidden."""
    check_inviter(caller)
    held = await look(tx, caller.project, jti)
    if held is None or held.state not in {"open", "expired"}:
        raise Forbidden
    if leave.is_ruled(caller):
        found = await _kept(tx, caller.project, jti)
        if found["invited_by"] != caller.user:
            raise Forbidden
    return held


async def _kept(tx: Transaction, project: str, jti: str) -> Row:
    found = await tx.row(_ONE, project=project, id=jti)
    if found is None:  # its user was removed at this moment
        raise Forbidden
    return dict(zip(_names, found, strict=True))


async def _again(tx: Transaction, project: str, jti: str, lifetime: float | None) -> str:
    found = await _kept(tx, project, jti)
    await hold(tx, project, [found["user"]])  # of two that ask at once, the second voids the first's
    at = now()
    await endings.void_invitations(tx, project, [found["user"]], at, AGAIN)
    until = later(at, lifetime or span(found["issued_at"], found["expires_at"]))
    row = {**found, "project": project, "id": new_key(), "issued_at": at, "expires_at": until}
    await tx.run(_INSERT, **row)
    await invitation_letters.post(tx, Caller(project, found["invited_by"]), [row])
    return str(row["id"])
