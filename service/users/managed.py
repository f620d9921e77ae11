"""Managed connections: an identity provider alone makes, changes and removes its users (IPSIE AL2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, true

from service.database import Transaction, by_kind, one_of
from service.database.tables import connections
from service.users.edits import Edit
from service.users.model import LOCAL, PROVISIONED, Caller
from service.users.problems import Managed

_NAMES: Final = by_kind(
    lambda kind: select(connections.c.id, connections.c.name).where(
        connections.c.project == bindparam("project"),
        one_of(connections.c.id, "ids", kind),
        connections.c.managed.is_(true()),
    )
)
_OF_PROVIDERS: Final = by_kind(
    lambda kind: select(connections.c.provider, connections.c.name).where(
        connections.c.project == bindparam("project"),
        one_of(connections.c.provider, "providers", kind),
        connections.c.managed.is_(true()),
    )
)


async def check_new(tx: Transaction, caller: Caller, providers: Iterable[str]) -> None:
    """Raises Managed where anybody but the connection makes somebody a user of a provider that it manages."""
    wanted = sorted(set(providers) - {LOCAL})
    if caller.connection is not None or not wanted:
        return
    for _, name in await tx.rows(_OF_PROVIDERS[tx.kind], project=caller.project, providers=wanted):
        raise Managed("provider", name)


async def check_removal(tx: Transaction, caller: Caller, rows: Iterable[Mapping[str, Any]]) -> None:
    """Raises Managed where anybody but the connection removes one of its users."""
    ids = sorted({row["connection"] for row in rows if row["connection"] is not None})
    if caller.connection is not None or not ids:
        return
    for _, name in await tx.rows(_NAMES[tx.kind], project=caller.project, ids=ids):
        raise Managed("status", name)


async def check(tx: Transaction, caller: Caller, edits: Sequence[Edit]) -> None:
    """Raises Managed where anybody but the connection changes what it owns. One statement, and none for users
    whom nobody owns or changes that nobody minds."""
    if caller.connection is not None:
        return
    moved = [edit.changes["provider"] for edit in edits if "provider" in edit.changes]
    await check_new(tx, caller, moved)
    touched = [
        (edit.old["connection"], name)
        for edit in edits
        if edit.old["connection"] is not None
        for name in PROVISIONED
        if name in edit.changes
    ]
    if not touched:
        return
    ids = sorted({connection for connection, _ in touched})
    managing: dict[str, str] = dict(await tx.rows(_NAMES[tx.kind], project=caller.project, ids=ids))
    for connection, name in touched:
        if connection in managing:
            raise Managed(name, managing[connection])
