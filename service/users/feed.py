"""The verbs of who is told: what waits for an application, what it has, and what is to be pushed to it.

An event waits until the application says that it has it, or until it is too old. What is pushed is held by a
lease: when the one that pushes dies, another pushes it again, with the same `jti`. What came first is pushed
first: behind an event that is held, or waits to be pushed again, the later ones of its connection wait.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Integer, bindparam, delete, func, literal, select, true, update

from mail.schedule import DELAYS
from service.database import MAX_KEY, Transaction, by_kind, now, one_of
from service.database.tables import connections, events
from service.users.clock import later

DAYS: Final = 30  # for which an event waits
_DAY: Final = 86_400
_LONGEST: Final = 600  # seconds until an application that was away is asked again
_SHOWN: Final = ("id", "txn", "subject", "external_identifier", "told", "at", "attempts")

_of_connection = (
    events.c.project == bindparam("project"),
    events.c.connection == bindparam("connection"),
)
_columns = tuple(events.c[name] for name in _SHOWN)
_WAITING: Final = (
    select(*_columns)
    .where(*_of_connection)
    .order_by(events.c.id)
    .limit(bindparam("limit", type_=BigInteger()))
)
_SETTLE: Final = by_kind(lambda kind: delete(events).where(*_of_connection, one_of(events.c.id, "ids", kind)))
_TARGETS: Final = select(
    connections.c.project, connections.c.id, connections.c.events_url, connections.c.events_authorization
).where(connections.c.events.is_(true()), connections.c.events_url.is_not(None))
_held = events.alias("held")
_first_held = (
    select(_held.c.id)
    .where(
        _held.c.project == bindparam("of_project"),
        _held.c.connection == bindparam("of_connection"),
        _held.c.next_at > bindparam("due_at"),
    )
    .order_by(_held.c.id)
    .limit(1)
    .scalar_subquery()
)
_due = (
    select(events.c.project, events.c.connection, events.c.id)
    .where(
        events.c.project == bindparam("of_project"),
        events.c.connection == bindparam("of_connection"),
        events.c.next_at <= bindparam("due_at"),
        events.c.id < func.coalesce(_first_held, literal(MAX_KEY, events.c.id.type)),
    )
    .order_by(events.c.id)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = (
    update(events)
    .where(
        events.c.project == _due.c.project,
        events.c.connection == _due.c.connection,
        events.c.id == _due.c.id,
    )
    .values(next_at=bindparam("until", type_=events.c.next_at.type), attempts=events.c.attempts + 1)
    .returning(*_columns)
)
# Two who claim at once would each see the other's events as nobody's.
_HOLD: Final = (
    select(connections.c.id)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("id"))
    .with_for_update(key_share=True)
)
_POSTPONE: Final = by_kind(
    lambda kind: update(events).where(
        events.c.project == bindparam("of_project"),
        events.c.connection == bindparam("of_connection"),
        one_of(events.c.id, "of_ids", kind),
    )
)
_PRUNE: Final = delete(events).where(events.c.at < bindparam("before", type_=events.c.at.type))


class Event(msgspec.Struct, frozen=True):
    """One event; `told` is what events.Happened says, `id` the jti, `attempts` how often it was pushed."""

    id: str
    txn: str
    subject: str
    external_identifier: str | None
    told: dict[str, dict[str, Any]]
    at: str
    attempts: int


class Target(msgspec.Struct, frozen=True):
    """Where the events of a connection are pushed to, and the header that they go with, sealed."""

    project: str
    connection: str
    url: str
    authorization: str | None


async def waiting(tx: Transaction, project: str, connection: str, limit: int) -> list[Event]:
    """The oldest events that an application does not have yet."""
    found = await tx.rows(_WAITING, project=project, connection=connection, limit=limit)
    return [Event(*row) for row in found]


async def settle(tx: Transaction, project: str, connection: str, ids: Sequence[str]) -> None:
    """The application has these, or will never take them."""
    if ids:
        await tx.run(_SETTLE[tx.kind], project=project, connection=connection, ids=list(ids))


async def targets(tx: Transaction) -> list[Target]:
    """The connections whose events are pushed."""
    return [Target(*row) for row in await tx.rows(_TARGETS)]


async def claim(tx: Transaction, target: Target, limit: int, lease: float) -> list[Event]:
    """Hold up to `limit` due events of a connection for `lease` seconds, oldest first, as far as no earlier
    one is held."""
    at = now()
    await tx.row(_HOLD, project=target.project, id=target.connection)
    found = await tx.rows(
        _CLAIM,
        of_project=target.project,
        of_connection=target.connection,
        due_at=at,
        until=later(at, lease),
        limit=limit,
    )
    return sorted((Event(*row) for row in found), key=lambda one: one.id)


async def postpone(tx: Transaction, target: Target, held: Sequence[Event]) -> None:
    """Push these again later: the more often the first was tried, the later, but others wait for it."""
    await _again(tx, target, held, min(DELAYS[min(held[0].attempts, len(DELAYS)) - 1], _LONGEST))


async def release(tx: Transaction, target: Target, held: Sequence[Event]) -> None:
    """Let anybody push these at once."""
    await _again(tx, target, held, 0.0)


async def _again(tx: Transaction, target: Target, held: Sequence[Event], seconds: float) -> None:
    await tx.run(
        _POSTPONE[tx.kind],
        of_project=target.project,
        of_connection=target.connection,
        of_ids=[one.id for one in held],
        next_at=later(now(), seconds),
    )


async def prune(tx: Transaction) -> None:
    """Forget what nobody has fetched for so long."""
    await tx.run(_PRUNE, before=later(now(), -DAYS * _DAY))
