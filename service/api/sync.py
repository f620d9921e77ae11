"""What becomes of a connection's requests: each is logged, and a connection that rehearses writes nothing.

A recognised connection gets a door of its own in the place of the database's. What it writes, the log says in
the same transaction; the answer, and requests that changed nothing, are noted together, a second later. Of
a dry run all work is done in the transaction, which is then rolled back, and answered as if it were not.
"""

import asyncio
import logging
from time import perf_counter_ns
from typing import Any, Final

import msgspec

from service.api import sync_rows
from service.api.calls import Call
from service.database import Database, Transaction, Unavailable, new_key
from service.database.door import Listener, P, T, Unit
from service.database.shapes import Kind
from service.users import sync_log
from service.users.connections import Connection
from service.users.problems import TooMany

_EVERY: Final = 1.0  # seconds between two writes of what was noted
_TOGETHER: Final = 100  # rows of one write
_TURN: Final = 10  # rows made without a pause
_WAITING: Final = 2000  # rows; a database that is away must not fill the memory
_log: Final = logging.getLogger(__name__)


class Entry:
    """One request in the log. `doing` is what the unit at work does, `done` what was committed."""

    __slots__ = (
        "answer",
        "begun",
        "call",
        "connection",
        "doing",
        "done",
        "duration",
        "key",
        "problem",
        "request",
        "status",
    )

    def __init__(self, call: Call, connection: Connection) -> None:
        self.key = new_key()
        self.call = call
        self.connection = connection
        self.doing: list[tuple[str, str, str]] = []
        self.done: list[tuple[str, str, str]] = []
        self.problem: Exception | None = None
        self.begun = False  # whether its row is there already
        self.status = 0
        self.request = b""
        self.answer = b""
        self.duration = 0

    def take(self, body: bytes) -> None:
        """A piece of the answer; more of it than is kept is not held on to."""
        if len(self.answer) <= sync_rows.READ:
            self.answer += body

    def end(self, status: int) -> None:
        """The request was answered."""
        body = self.call.body
        self.status = status
        self.duration = (perf_counter_ns() - self.call.started) // 1000
        self.request = body if len(body) <= sync_rows.READ else b"(%d bytes)" % len(body)
        if status < 400 and not self.done:
            self.answer = self.answer[: sync_rows.SUMMARY + 1]


class Sync:
    """The log's writer; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Entry] = []
        self._lost = 0
        self._throttled: dict[str, float] = {}  # the second in which a refusal for haste was last noted
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def follow(self, call: Call, connection: Connection) -> None:
        """Have a connection's request go through its own door."""
        entry = Entry(call, connection)
        call.entry = entry if connection.log_days else None
        if connection.log_days or connection.dry_run:
            house = call.house
            call.house = msgspec.structs.replace(
                house, database=_DOORS[connection.dry_run](house.database, entry)
            )

    def answered(self, entry: Entry, status: int) -> None:
        """Note how a request was answered. Of those that came too fast one a second is enough to know."""
        entry.end(status)
        if isinstance(entry.problem, TooMany):
            second = float(perf_counter_ns() // 10**9)
            if self._throttled.get(entry.connection.id) == second:
                return
            self._throttled[entry.connection.id] = second
        if len(self._waiting) >= _WAITING:
            self._lost += 1
            return
        self._waiting.append(entry)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Write what is waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _write_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write what is waiting, now."""
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        while taken := self._waiting[:_TOGETHER]:
            rows, ends = [], []
            for place, entry in enumerate(taken):
                if place % _TURN == 0:
                    await asyncio.sleep(0)  # reading what was sent takes a while, and others have requests
                if entry.begun and not sync_rows.has_failed(entry):
                    ends.append(sync_rows.end(entry))
                else:
                    rows.append(sync_rows.whole(entry))
            try:
                await self._database.write(sync_log.keep, rows, ends)
            except Unavailable:
                _log.warning("the sync log waits for the database")
                return
            del self._waiting[: len(taken)]
        if self._lost:
            _log.warning("the sync log lacks requests", extra={"requests": self._lost})
            self._lost = 0


class _Logged:
    """The database's doors, with a log of what is written."""

    def __init__(self, database: Database, entry: Entry) -> None:
        self._database = database
        self._entry = entry

    @property
    def kind(self) -> Kind:
        return self._database.kind

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Write, and say in the log what was changed, or neither."""
        entry = self._entry

        async def logged(tx: Transaction) -> T:
            entry.doing.clear()
            made = await unit(tx, *args, **kwargs)
            if entry.doing and entry.connection.log_days:
                await sync_log.note(tx, sync_rows.begun(entry))
            return made

        made = await self._database.write(logged)
        if entry.doing:
            entry.begun = bool(entry.connection.log_days)
            entry.done += entry.doing
            entry.doing.clear()
        return made

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The database's own."""
        return await self._database.read(unit, *args, **kwargs)

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The database's own."""
        return await self._database.scan(unit, *args, **kwargs)

    def on_commit(self, listener: Listener) -> None:
        """The database's own."""
        self._database.on_commit(listener)

    async def close(self) -> None:
        """A connection does not close the house."""


class _Done(Exception):
    """Carries what a unit made out of a transaction that is to be rolled back."""

    def __init__(self, made: Any) -> None:
        super().__init__()
        self.made = made


class _Rehearsed(_Logged):
    """The same, but that nothing that is written stays."""

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do all of it, keep nothing of it, and answer as if it were done."""
        entry = self._entry

        async def rehearsed(tx: Transaction) -> T:
            entry.doing.clear()
            raise _Done(await unit(tx, *args, **kwargs))

        try:
            await self._database.write(rehearsed)
        except _Done as done:
            entry.done += entry.doing
            entry.doing.clear()
            made: T = done.made
            return made
        raise AssertionError("a rehearsal is never committed")


_DOORS: Final = {False: _Logged, True: _Rehearsed}
