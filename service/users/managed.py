"""Managed connections: what an identity provider owns of its users is changed by it alone."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select, true

from service.database import Transaction, by_kind, one_of
from service.database.tables import connections
from service.users.edits import Edit
from service.users.model import Caller
from service.users.problems import Managed

# The columns that a SCIM resource has words for. Passwords are the person's own, and roles ours to give.
OWNED: Final = (
    *("email", "first_name", "last_name", "title", "language", "timezone", "user_name"),
    *("status", "provider", "external_identifier", "auth_data"),
)
_NAMES: Final = by_kind(
    lambda kind: select(connections.c.id, connections.c.name).where(
        connections.c.project == bindparam("project"),
        one_of(connections.c.id, "ids", kind),
        connections.c.managed.is_(true()),
    )
)


async def check(tx: Transaction, caller: Caller, edits: Sequence[Edit]) -> None:
    """Raises Managed where anybody but the connection changes what it owns. One statement, and none for users
    whom nobody owns or changes that nobody minds."""
    if caller.connection is not None:
        return
    touched = [
        (edit.old["connection"], name)
        for edit in edits
        if edit.old["connection"] is not None
        for name in OWNED
        if name in edit.changes
    ]
    if not touched:
        return
    ids = sorted({connection for connection, _ in touched})
    managing: dict[str, str] = dict(await tx.rows(_NAMES[tx.kind], project=caller.project, ids=ids))
    for connection, name in touched:
        if connection in managing:
            raise Managed(name, managing[connection])
