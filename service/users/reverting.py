"""Going back: a user or a role becomes again what it was after one of its revisions; secrets stay."""

from typing import Final

from sqlalchemy import bindparam, select

from service.database import Transaction
from service.database.tables import revisions
from service.users import access, records, role_changes
from service.users.model import ATTRIBUTES, ROLE_ATTRIBUTES, ROLES, SECRETS, USERS, Caller
from service.users.problems import BadPayload, Forbidden

# What was kept of these is asterisks, or is no state that somebody chose.
_LEFT: Final = frozenset({*SECRETS, "id", "number", "last_access", "last_page"})
_REVISION: Final = select(revisions.c.collection, revisions.c.item, revisions.c.data).where(
    revisions.c.project == bindparam("project"), revisions.c.id == bindparam("id")
)


async def revert(tx: Transaction, caller: Caller, revision: int) -> None:
    """Change the item of a revision back: a change like any other, with its rules and its history.

    Raises Forbidden (not there, not yours, the item is gone), BadPayload (nothing to go back to), and what
    `records.change` and `role_changes.change` raise.
    """
    access.check_administrator(caller)
    found = await tx.row(_REVISION, project=caller.project, id=revision)
    if found is None:
        raise Forbidden
    collection, item, data = found
    known = {USERS: ATTRIBUTES, ROLES: ROLE_ATTRIBUTES}.get(collection)
    if known is None or not isinstance(data, dict) or not data:
        raise BadPayload("Revision doesn't contain data to revert to")
    values = {name: value for name, value in data.items() if name in known and name not in _LEFT}
    change = records.change if collection == USERS else role_changes.change
    await change(tx, caller, {item: values})
