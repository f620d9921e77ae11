"""The doors on SQLite: writes grouped in one thread, point reads that share connections, a lane for scans."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

import aiosqlite

from service.database.door import Announcements, Listener, P, T, Unavailable, Unit, drive
from service.database.sqlite.file import check_file, connect_reader, connect_writer
from service.database.sqlite.reading import Reading
from service.database.sqlite.writer import Writer

_POINT_READERS = 2  # each is a thread that contends for the interpreter
_SCANNERS = 2
_SCAN_SECONDS = 30.0


class SqliteDatabase:
    """A file of SQLite behind the two doors."""

    kind: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._announcements = Announcements()
        self._writer = Writer(partial(connect_writer, path), self._announcements)
        self._readers: list[aiosqlite.Connection] = []
        self._scanners: list[aiosqlite.Connection] = []
        self._idle: list[aiosqlite.Connection] = []  # of the scanners
        self._scanning = asyncio.Semaphore(_SCANNERS)
        self._turn = 0

    @classmethod
    async def open(cls, path: Path) -> "SqliteDatabase":
        await asyncio.to_thread(check_file, path)
        database = cls(path)
        try:
            for _ in range(_POINT_READERS):
                database._readers.append(await connect_reader(path))
            for _ in range(_SCANNERS):
                database._scanners.append(await connect_reader(path))
            database._idle += database._scanners
        except BaseException:
            await database.close()
            raise
        return database

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._writer.write(lambda tx: unit(tx, *args, **kwargs))
        return result

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        # Point reads are short, so they share connections and nobody waits for a free one.
        if not self._readers:
            raise Unavailable("sqlite: closed")
        self._turn = (self._turn + 1) % len(self._readers)
        tx = Reading(self._readers[self._turn])
        try:
            return await drive(unit(tx, *args, **kwargs), tx)
        finally:
            tx.end()

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._scanning:
            if not self._idle:
                raise Unavailable("sqlite: closed")
            connection = self._idle.pop()
            tx = Reading(connection)
            try:
                async with asyncio.timeout(_SCAN_SECONDS):
                    return await drive(unit(tx, *args, **kwargs), tx)
            except TimeoutError as reason:
                raise Unavailable("sqlite: took too long") from reason
            finally:
                tx.end()
                await _interrupt(connection)  # what a caller who left keeps running; else nothing
                self._idle.append(connection)

    def on_commit(self, listener: Listener) -> None:
        self._announcements.add(listener)

    async def close(self) -> None:
        await self._writer.close()
        for scanner in self._scanners:
            await _interrupt(scanner)
        connections = (*self._readers, *self._scanners)
        self._readers, self._scanners, self._idle = [], [], []
        for connection in connections:
            await connection.close()


async def _interrupt(connection: aiosqlite.Connection) -> None:
    with suppress(ValueError):  # closed meanwhile
        await connection.interrupt()
