"""Requests of connections that are to be done later: kept until they are done, each with effect once.

They are done by whoever holds them, those of one connection in the order in which they came. Who holds one
says so in every transaction that has an effect: when another has taken it over meanwhile, nothing of that
transaction stays. What became of its operations is kept with the effect, and told as an event (RFC 9967).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, delete, exists, func, insert, select, update

from service.database import Transaction, now
from service.database.tables import deferred_outcomes, deferred_requests
from service.users import events
from service.users.clock import later
from service.users.events import Outcome
from service.users.model import Caller
from service.users.problems import TooMany

DEFERRED: Final = "deferred"  # announced on commit, with the connection's key
LEASE: Final = 120.0  # seconds; longer than any transaction, and than the passwords of a batch take
_MOST: Final = 1000  # requests of a connection that wait
_LARGEST: Final = 128 * 1024 * 1024  # bytes of them together
_PATIENCE: Final = 10  # seconds after which there may be room again

_earlier = deferred_requests.alias("earlier")
_of_connection = (
    deferred_requests.c.project == bindparam("of_project"),
    deferred_requests.c.connection == bindparam("of_connection"),
)
_one = (*_of_connection, deferred_requests.c.id == bindparam("of_id"))
_held = (*_one, deferred_requests.c.owner == bindparam("of_owner"))
_due = deferred_requests.c.held_until <= bindparam("at", type_=deferred_requests.c.held_until.type)
_INSERT: Final = insert(deferred_requests)
_WAITING: Final = select(func.count(), func.coalesce(func.sum(deferred_requests.c.size), 0)).where(
    *_of_connection
)
_READY: Final = (
    select(deferred_requests.c.project, deferred_requests.c.connection, deferred_requests.c.id)
    .where(
        _due,
        ~exists().where(
            _earlier.c.project == deferred_requests.c.project,
            _earlier.c.connection == deferred_requests.c.connection,
            _earlier.c.id < deferred_requests.c.id,
        ),
    )
    .order_by(deferred_requests.c.id)
    .limit(100)
)
_NEXT: Final = select(deferred_requests.c.id).where(*_of_connection).order_by(deferred_requests.c.id).limit(1)
_CLAIM: Final = (
    update(deferred_requests)
    .where(*_one, _due)
    .values(attempts=deferred_requests.c.attempts + 1)
    .returning(deferred_requests.c.asked, deferred_requests.c.attempts)
)
_RENEW: Final = update(deferred_requests).where(*_held)
_FINISH: Final = delete(deferred_requests).where(*_held)
_NOTE: Final = insert(deferred_outcomes)
_NOTED: Final = select(deferred_outcomes.c.number, deferred_outcomes.c.told).where(
    deferred_outcomes.c.project == bindparam("of_project"),
    deferred_outcomes.c.connection == bindparam("of_connection"),
    deferred_outcomes.c.request == bindparam("of_id"),
)


class Lost(Exception):
    """Another has taken the request over, or its connection is gone."""


class Waiting(msgspec.Struct, frozen=True):
    """A request that can be begun with: `id` is its txn."""

    project: str
    connection: str
    id: str


class Held(msgspec.Struct, frozen=True):
    """A request that `owner` is at: `asked` as it was accepted, `noted` what was told of its operations, by
    their number, and how often it was begun."""

    request: Waiting
    owner: str
    asked: str
    attempts: int
    noted: dict[int, dict[str, Any]]


async def accept(tx: Transaction, caller: Caller, id_: str, asked: str, size: int) -> None:
    """Keep a sealed request of a connection, which will be done. Raises TooMany where too many wait."""
    where = {"of_project": caller.project, "of_connection": caller.connection}
    waiting = await tx.row(_WAITING, **where)
    if waiting is not None and (waiting[0] >= _MOST or waiting[1] + size > _LARGEST):
        raise TooMany(_PATIENCE, limit=_MOST)
    row = {"project": caller.project, "connection": caller.connection, "id": id_, "owner": None}
    await tx.run(_INSERT, **row, held_until=now(), attempts=0, size=size, asked=asked)
    tx.announce(DEFERRED, str(caller.connection))


async def ready(tx: Transaction) -> list[Waiting]:
    """Of each connection the request whose turn it is, where nobody holds it."""
    return [Waiting(*row) for row in await tx.rows(_READY, at=now())]


async def next_of(tx: Transaction, done: Waiting) -> Waiting | None:
    """The request of the same connection whose turn it is now."""
    found = await tx.row(_NEXT, of_project=done.project, of_connection=done.connection)
    return None if found is None else Waiting(done.project, done.connection, found[0])


async def claim(tx: Transaction, request: Waiting, owner: str) -> Held | None:
    """Hold a request; None when somebody else was faster."""
    at = now()
    found = await tx.row(_CLAIM, **_key(request), at=at, owner=owner, held_until=later(at, LEASE))
    if found is None:
        return None
    asked, attempts = found
    return Held(request, owner, asked, attempts, noted=dict(await tx.rows(_NOTED, **_key(request))))


async def tell(tx: Transaction, caller: Caller, held: Held, outcomes: Mapping[int, Outcome]) -> None:
    """Say what became of operations, by their number, in the transaction of their effect. Raises Lost."""
    if not await tx.run(_RENEW, **_key(held.request), of_owner=held.owner, held_until=later(now(), LEASE)):
        raise Lost
    key = {"project": held.request.project, "connection": held.request.connection}
    noted = [
        {**key, "request": held.request.id, "number": number, "told": one.told}
        for number, one in outcomes.items()
    ]
    await tx.run_many(_NOTE, noted)
    await events.answer(tx, caller, list(outcomes.values()))


async def finish(tx: Transaction, caller: Caller, held: Held, outcomes: Sequence[Outcome]) -> None:
    """Say the rest of what became of it, and forget the request with all that it held. Raises Lost."""
    if not await tx.run(_FINISH, **_key(held.request), of_owner=held.owner):
        raise Lost
    await events.answer(tx, caller, outcomes)
    tx.announce(DEFERRED, held.request.connection)  # the next one's turn


async def release(tx: Transaction, held: Held, seconds: float) -> None:
    """Let it be taken up again after so many seconds, by anybody."""
    values = {"held_until": later(now(), seconds), "owner": None}
    await tx.run(_RENEW, **_key(held.request), of_owner=held.owner, **values)


def _key(request: Waiting) -> dict[str, str]:
    return {"of_project": request.project, "of_connection": request.connection, "of_id": request.id}
