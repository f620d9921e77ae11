"""The page that a person looks at: noted with the moment, without history and without a new version."""

from typing import Final

from sqlalchemy import bindparam, update

from service.database import Transaction, now
from service.database.tables import users
from service.users.checks import check
from service.users.problems import Forbidden

_TRACK: Final = update(users).where(
    users.c.project == bindparam("of_project"), users.c.id == bindparam("of_id")
)


async def track(tx: Transaction, project: str, user: str, page: object) -> None:
    """Note where the user is. Raises Invalid, Forbidden (the user is gone)."""
    checked = check("last_page", page)
    if not await tx.run(_TRACK, of_project=project, of_id=user, last_page=checked, last_access=now()):
        raise Forbidden
