"""The user whom a SCIM request is about to change: held until the commit, with the groups that it shows."""

from typing import Final

from sqlalchemy import bindparam

from service.database import Transaction, by_kind
from service.database.tables import users
from service.dialects.scim_members import groups_of_user
from service.users.rows import Row, as_row, locking

_HOLD: Final = by_kind(lambda kind: locking(users.c.id == bindparam("id")).add_columns(groups_of_user(kind)))


async def hold(tx: Transaction, project: str, id_: str) -> Row | None:
    """The row of `users.rows` with one name more, `groups`; None where nobody has this id."""
    found = await tx.row(_HOLD[tx.kind], project=project, id=id_)
    return None if found is None else {**as_row(found[:-1]), "groups": found[-1]}
