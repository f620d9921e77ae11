"""The last person who may do all cannot be taken away: not deleted, suspended, demoted nor left roleless."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import bindparam, select, true

from service.database import Transaction, by_kind, one_of
from service.database.tables import roles, users
from service.users.model import ACTIVE
from service.users.problems import LastAdministrator
from service.users.turns import hold_project

_administrators = (
    select(users.c.id)
    .join_from(users, roles, (roles.c.project == users.c.project) & (roles.c.id == users.c.role))
    .where(users.c.project == bindparam("project"), roles.c.admin_access.is_(true()))
    .limit(1)
)
_ANY: Final = _administrators
_ACTIVE: Final = _administrators.where(users.c.status == ACTIVE)
_OTHERS: Final = by_kind(
    lambda kind: _administrators.where(users.c.status == ACTIVE, ~one_of(users.c.id, "leaving", kind))
)


async def keep_one(tx: Transaction, project: str, leaving: Mapping[str, str]) -> None:
    """Refuse (LastAdministrator) to lose the last active administrator; `leaving` says why, by user.

    Two that leave at the same moment, each the other's successor, pass here one after the other.
    """
    if leaving:
        await hold_project(tx, project)
        if await tx.row(_OTHERS[tx.kind], project=project, leaving=list(leaving)) is None:
            raise LastAdministrator(next(iter(leaving.values())))


async def exists(tx: Transaction, project: str) -> bool:
    """Whether the project has an administrator, whatever their status."""
    return await tx.row(_ANY, project=project) is not None


async def is_there(tx: Transaction, project: str) -> bool:
    """Whether the project has an active administrator; to be asked while the project is held."""
    return await tx.row(_ACTIVE, project=project) is not None


def refusal() -> LastAdministrator:
    """What a change of a role meets that would leave nobody."""
    return LastAdministrator(reason(stays=False))


def reason(*, stays: bool) -> str:
    """What a client is told, in the words that clients of the users API know."""
    if stays:
        return "You can't change the active status of the last admin user"
    return "You can't remove the last admin user from the role"
