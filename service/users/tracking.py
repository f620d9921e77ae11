"""The page that a person looks at: noted with the moment, without a new version."""

from typing import Final

from sqlalchemy import bindparam, update

from service.database import Transaction, now
from service.database.tables import users
from service.users import access, history
from service.users.checks import check
from service.users.model import Caller
from service.users.problems import Forbidden
from service.users.rows import hold, snapshot

_TRACK: Final = update(users).where(
    users.c.project == bindparam("of_project"), users.c.id == bindparam("of_id")
)


async def track(tx: Transaction, project: str, user: str, page: object) -> None:
    """Note where the user is. Raises Invalid, Forbidden (the user is gone)."""
    checked = check("last_page", page)
    if not await tx.run(_TRACK, of_project=project, of_id=user, last_page=checked, last_access=now()):
        raise Forbidden


async def track_and_tell(tx: Transaction, caller: Caller, user: str, page: object) -> None:
    """`track`, also for administrators about others, with a revision in which nothing changed.

    Raises Invalid, Forbidden (the user is gone, or somebody else).
    """
    if caller.user != user:
        access.check_administrator(caller)
    await track(tx, caller.project, user, page)
    row = (await hold(tx, caller.project, [user]))[user]
    await history.record(tx, caller, "update", [history.Entry(user, snapshot(row), {})])
