"""The sync log: what connections asked over SCIM, what came of it, and what to do about a failure.

A write's row is written by the write's own transaction, with what was changed; the rest of it, and the rows
of requests that changed nothing, follow many at a time. A row without a status is of a request whose answer
nobody lived to note: what it says was changed, was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import connections, sync_log
from service.users.access import ScopeKind
from service.users.clock import later

_KEY: Final = ("project", "connection", "id")
_DAY: Final = 86_400
_added = upsert(sync_log)  # both databases read it alike
_CHANGED: Final = _added.on_conflict_do_update(index_elements=_KEY, set_={"changed": _added.excluded.changed})
_KEEP: Final = _added.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        name: _added.excluded[name]
        for name in ("status", "failed", "duration", "changed", "request", "answer", "advice")
    },
)
_DAYS: Final = select(connections.c.project, connections.c.id, connections.c.log_days)
_PRUNE: Final = delete(sync_log).where(
    sync_log.c.project == bindparam("project"),
    sync_log.c.connection == bindparam("connection"),
    sync_log.c.id < bindparam("before"),
)

CONDITIONS: Final[Mapping[ScopeKind, ColumnElement[bool]]] = {
    "all": sync_log.c.project == bindparam("caller_project")
}


async def note(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Write what a request is changing, in the transaction that changes it."""
    await tx.run(_CHANGED, **row)


async def keep(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write requests that were answered; those that `note` began are completed.

    Of connections that are gone by now nothing is kept.
    """
    there = {(project, id_) for project, id_, _ in await tx.rows(_DAYS)}
    await tx.run_many(_KEEP, [row for row in rows if (row["project"], row["connection"]) in there])


async def prune(tx: Transaction) -> None:
    """Forget what is older than each connection keeps its log."""
    at = now()
    for project, connection, days in await tx.rows(_DAYS):
        before = key_of(later(at, -days * _DAY))
        await tx.run(_PRUNE, project=project, connection=connection, before=before)


def key_of(at: str) -> str:
    """The least key of a moment: keys begin with their time (RFC 9562, 5.7)."""
    digits = f"{int(datetime.fromisoformat(at).timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
