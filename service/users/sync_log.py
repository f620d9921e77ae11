"""The sync log: what connections asked over SCIM, what came of it, and what to do about a failure.

A write's row is written by the write's own transaction, with what was changed; the rest of it, and the rows
of requests that changed nothing, follow many at a time. A row without a status is of a request whose answer
nobody lived to note: what it says was changed, was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import connections, sync_log
from service.users import access
from service.users.clock import later
from service.users.model import Caller

_KEY: Final = ("project", "connection", "id")
_DAY: Final = 86_400
_added = upsert(sync_log)  # both databases read it alike
_CHANGED: Final = _added.on_conflict_do_update(
    index_elements=_KEY, set_={name: _added.excluded[name] for name in ("changed", "advice")}
)
_KEEP: Final = _added.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        name: _added.excluded[name]
        for name in ("status", "failed", "duration", "changed", "request", "answer", "advice")
    },
)
# A row that was begun and went well: nothing of it changes that an index holds.
_COMPLETE: Final = update(sync_log).where(
    *(sync_log.c[name] == bindparam(f"of_{name}") for name in _KEY),
)
_DAYS: Final = select(connections.c.project, connections.c.id, connections.c.log_days)
_COLUMNS: Final = tuple(column.name for column in sync_log.c)
_limit = bindparam("limit", type_=BigInteger())
_of_connection = (
    sync_log.c.project == bindparam("project"),
    sync_log.c.connection == bindparam("connection"),
)
_NEWEST: Final = select(sync_log).where(*_of_connection).order_by(sync_log.c.id.desc()).limit(_limit)
_NEWEST_ALIKE: Final = _NEWEST.where(sync_log.c.failed == bindparam("failed"))
_AFTER: Final = (
    select(sync_log)
    .where(*_of_connection, sync_log.c.id >= bindparam("id"), sync_log.c.status.is_not(None))
    .order_by(sync_log.c.id)
    .limit(_limit)
)
_PRUNE: Final = delete(sync_log).where(
    sync_log.c.project == bindparam("project"),
    sync_log.c.connection == bindparam("connection"),
    sync_log.c.id < bindparam("before"),
)


async def newest(
    tx: Transaction, caller: Caller, connection: str, *, failed: bool | None, limit: int
) -> list[dict[str, Any]]:
    """The newest rows of a connection first. Raises Forbidden."""
    access.check_administrator(caller)
    values = {"project": caller.project, "connection": connection, "limit": limit}
    if failed is None:
        return _named(await tx.rows(_NEWEST, **values))
    return _named(await tx.rows(_NEWEST_ALIKE, **values, failed=failed))


async def after(
    tx: Transaction, caller: Caller, connection: str, id_: str, *, limit: int
) -> list[dict[str, Any]]:
    """Rows from a key on, oldest first. Raises Forbidden."""
    access.check_administrator(caller)
    found = await tx.rows(_AFTER, project=caller.project, connection=connection, id=id_, limit=limit)
    return _named(found)


def _named(found: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


async def note(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Write what a request is changing, in the transaction that changes it."""
    tx.owe(_CHANGED, [row])


async def keep(
    tx: Transaction, rows: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Write requests that were answered; `ends` are what `note` did not know of those that it began.

    Of connections that are gone by now nothing is kept.
    """
    await tx.run_many(_COMPLETE, ends)
    if not rows:
        return
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
