"""The doors on PostgreSQL: units run again after a deadlock, or a connection lost before COMMIT."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, Literal, NoReturn

from service.database.door import (
    Announcements,
    Listener,
    OutcomeUnknown,
    P,
    T,
    Unavailable,
    Unit,
    drive,
)
from service.database.postgres.asking import Asking
from service.database.postgres.bell import Bell
from service.database.postgres.growth import Growth
from service.database.postgres.lane import Connection, Lane
from service.database.postgres.problems import AGAIN, ERRORS, Unheld, lost, sqlstate
from service.database.postgres.together import Apart, Joining, Together

_ATTEMPTS = 5
_SCANS = 2  # of the lane's connections, how many may be scanning at once
_ALONE = 2  # reads under way before further ones are asked together


class Again(Exception):
    """An attempt that failed, by the fault of nobody, before anything was kept."""


class PostgresDatabase:
    """A database of PostgreSQL behind the two doors."""

    kind: Literal["postgresql"] = "postgresql"

    def __init__(self, lane: Lane, bell: Bell) -> None:
        self._lane = lane
        self._bell = bell
        self._together = Together(lane)
        self._growth = Growth(lane)
        self._reading = 0
        self._scanning = asyncio.Semaphore(_SCANS)
        self._announcements = Announcements()
        self._begun: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, url: str) -> "PostgresDatabase":
        lane = Lane(url)
        lane.give(await lane.take())
        return cls(lane, Bell(url, lane))

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        connection = await self._lane.take()
        # A task of its own: a caller who goes away neither cuts COMMIT in two nor silences what it announces.
        task = asyncio.create_task(self._write(connection, lambda tx: unit(tx, *args, **kwargs)))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._reading >= _ALONE:
            tx = Joining(self._together)
            try:
                return await drive(unit(tx, *args, **kwargs), tx)
            except Apart:
                pass
            finally:
                tx.end()
        self._reading += 1
        try:
            return await self._read(unit, *args, **kwargs)
        finally:
            self._reading -= 1

    async def _read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_ATTEMPTS):
            connection = await self._lane.take()
            tx = Asking(connection, writes=False)
            try:
                return await drive(unit(tx, *args, **kwargs), tx)
            except Exception as error:
                await _abandon(connection, tx.cause)
                if not lost(tx.cause, connection):
                    raise
                reason = error
            finally:
                tx.end()
                self._lane.give(connection)
        raise Unavailable("postgresql: the connection was lost") from reason

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._scanning:
            return await self._read(unit, *args, **kwargs)

    def ring(self) -> None:
        self._bell.ring()

    async def listen(self, listener: Callable[[], None]) -> NoReturn:
        await self._bell.listen(listener)

    def on_commit(self, listener: Listener) -> None:
        self._announcements.add(listener)

    async def close(self) -> None:
        await self._bell.close()
        await self._growth.close()
        await self._lane.close()

    async def _write(self, connection: Connection, begin: Callable[[Asking], Coroutine[Any, Any, T]]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._attempt(connection, begin)
            except Again as again:
                reason = again.__cause__
            finally:
                self._lane.give(connection)
            if attempt < _ATTEMPTS:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  # apart, not secret
                connection = await self._lane.take()
        raise Unavailable("postgresql: every attempt failed") from reason

    async def _attempt(self, connection: Connection, begin: Callable[[Asking], Coroutine[Any, Any, T]]) -> T:
        """Most units that look at a row need not hold it; each of the others runs once more, and holds."""
        try:
            return await self._once(connection, begin, Asking(connection, writes=True, looks=True))
        except Unheld:
            return await self._once(connection, begin, Asking(connection, writes=True))

    async def _once(
        self, connection: Connection, begin: Callable[[Asking], Coroutine[Any, Any, T]], tx: Asking
    ) -> T:
        try:
            value = await self._done(connection, begin, tx)
            await self._commit(connection, tx)
        finally:
            tx.end()
        self._announcements.deliver(tx.announced)
        self._growth.note(tx.gained)
        return value

    async def _done(
        self, connection: Connection, begin: Callable[[Asking], Coroutine[Any, Any, T]], tx: Asking
    ) -> T:
        """A unit with all that comes before its commit."""
        try:
            value = await drive(_finished(begin(tx), tx), tx)
            if tx.failed is not None:
                raise tx.failed
        except BaseException as failed:
            await _abandon(connection, tx.cause)
            if sqlstate(tx.cause) in AGAIN or lost(tx.cause, connection):
                raise Again from failed
            if isinstance(tx.failed, Unheld):
                raise tx.failed from failed
            raise
        return value

    async def _commit(self, connection: Connection, tx: Asking) -> None:
        try:
            await tx.commit()
        except Exception:
            error = tx.cause
            await _abandon(connection, error)
            if isinstance(error, TimeoutError) or lost(error, connection):
                # It may be there, so whoever remembers should look again.
                self._announcements.deliver(tx.announced)
                raise OutcomeUnknown("postgresql: the connection was lost during COMMIT") from error
            if sqlstate(error) in AGAIN:
                raise Again from error
            raise


async def _finished(unit: Coroutine[Any, Any, T], tx: Asking) -> T:
    value = await unit
    await tx.finish()
    return value


async def _abandon(connection: Connection, cause: BaseException | None) -> None:
    """Undo what the connection has begun; when that cannot be said to it, cut it."""
    try:
        if lost(cause, connection) or isinstance(cause, TimeoutError):
            connection.terminate()
        elif connection.is_in_transaction():
            await connection.execute("ROLLBACK")
    except ERRORS:
        connection.terminate()
