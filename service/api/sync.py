"""What becomes of a connection's requests: each is logged, and a connection that rehearses writes nothing.

A recognised connection gets a door of its own in the place of the database's. What it writes, the log says in
the same transaction; the answer, and requests that changed nothing, are noted together, a second later. Of
a dry run all work is done in the transaction, which is then rolled back, and answered as if it were not.
"""

import asyncio
import logging
from time import perf_counter_ns
from typing import Final

import msgspec

from service.api import sync_rows
from service.api.calls import Call
from service.api.sync_doors import DOORS
from service.api.sync_entry import Entry
from service.database import Database, Unavailable
from service.users import sync_log
from service.users.connections import Connection
from service.users.problems import TooMany

_EVERY: Final = 1.0  # seconds between two writes of what was noted
_TOGETHER: Final = 100  # rows of one write
_TURN: Final = 10  # rows made without a pause
_WAITING: Final = 2000  # rows; a database that is away must not fill the memory
_log: Final = logging.getLogger(__name__)


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
        if connection.log_days or connection.dry_run:
            house, entry = call.house, Entry(call, connection)
            call.entry = entry if connection.log_days else None
            door = DOORS[connection.dry_run](house.database, entry)
            call.house = msgspec.structs.replace(house, database=door)

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
                if entry.begun and not entry.failed:
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
