"""The user whom a SCIM request is about to change, with the groups that it shows."""

from typing import Final

from sqlalchemy import bindparam

from service.database import Transaction, by_kind
from service.database.tables import users
from service.dialects.scim_members import groups_of_user
from service.users import seen
from service.users.rows import Row, as_row, locking, seeing

_ONE: Final = users.c.id == bindparam("id")
_LOOK: Final = seeing(_ONE).add_columns(groups_of_user("postgresql"), seen.MARK)
_HOLD: Final = by_kind(lambda kind: locking(_ONE).add_columns(groups_of_user(kind), seen.HELD))


async def hold(tx: Transaction, project: str, id_: str) -> Row | None:
    """The row of `users.rows`, held until the commit, with `groups`; None where nobody has this id."""
    found = await tx.row(_HOLD[tx.kind], project=project, id=id_)
    return None if found is None else as_row(found, "groups", "mark")


async def look(tx: Transaction, project: str, id_: str) -> Row | None:
    """The same, held or only looked at; then `mark` is not None, and a change says that it is as it was."""
    found = await tx.look(_LOOK, _HOLD[tx.kind], project=project, id=id_)
    row = None if found is None else as_row(found, "groups", "mark")
    if row is not None and row["mark"] is not None and seen.is_here(row):
        return await hold(tx, project, id_)  # for which the unit begins anew
    return row
