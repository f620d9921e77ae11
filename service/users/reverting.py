"""Going back: a user, role, permission or file becomes again what it was after a revision; secrets stay, and
so does what a file shows."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, select

from service.database import Transaction
from service.database.tables import revisions
from service.users import files, leave, permissions, records, role_changes
from service.users.model import (
    ATTRIBUTES,
    FILE_ATTRIBUTES,
    FILES,
    PERMISSION_ATTRIBUTES,
    PERMISSIONS,
    REVISIONS,
    ROLE_ATTRIBUTES,
    ROLES,
    SECRETS,
    USERS,
    Attribute,
    Caller,
)
from service.users.problems import BadPayload, Forbidden

_KNOWN: Final[Mapping[str, Mapping[str, Attribute]]] = {
    USERS: ATTRIBUTES,
    ROLES: ROLE_ATTRIBUTES,
    PERMISSIONS: PERMISSION_ATTRIBUTES,
    FILES: FILE_ATTRIBUTES,
}
_CHANGES: Final = {USERS: records.change, ROLES: role_changes.change, FILES: files.change}
# What was kept of these is asterisks, or is no state that somebody chose.
_LEFT: Final = frozenset({*SECRETS, "id", "number", "last_access", "last_page"})
_REVISION: Final = select(revisions.c.collection, revisions.c.item, revisions.c.data).where(
    revisions.c.project == bindparam("project"), revisions.c.id == bindparam("id")
)


async def revert(tx: Transaction, caller: Caller, revision: int, check: permissions.Check) -> None:
    """Change the item of a revision back: a change like any other, with its rules and its history. `check` is
    asked of permissions.

    Raises Forbidden (not there, not yours, the item is gone), BadPayload (nothing to go back to), and what
    the changes of these raise.
    """
    found = await tx.row(_REVISION, project=caller.project, id=revision)
    if found is None:
        raise Forbidden
    collection, item, data = found
    if leave.is_ruled(caller):
        data = await _known(tx, caller, revision, collection, data)
    if collection not in _KNOWN or not isinstance(data, dict) or not data:
        raise BadPayload("Revision doesn't contain data to revert to")
    values = {n: value for n, value in data.items() if n in _KNOWN[collection] and n not in _LEFT}
    if collection == PERMISSIONS:
        await permissions.change(tx, caller, {int(item): values}, check)
    else:
        await _CHANGES[collection](tx, caller, {item: values})


async def _known(tx: Transaction, caller: Caller, revision: int, collection: str, data: Any) -> Any:
    """What the caller may know of a revision's state. Forbidden where they may not read the revision."""
    if caller.leave is None or not isinstance(data, dict):
        raise Forbidden
    held = await caller.leave.holding(tx, caller, "read", REVISIONS, [revision])
    if not any("data" in grant.names for grant in held.get(revision, ())):
        raise Forbidden
    return caller.leave.cut(collection, data)
