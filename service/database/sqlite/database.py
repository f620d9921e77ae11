"""The doors on SQLite: writes grouped in one thread, point reads in the loop, scans in threads apart."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal, NoReturn

import aiosqlite

from service.database.door import Announcements, Listener, P, T, TooSlow, Unavailable, Unit, drive, finish
from service.database.sqlite.bell import watch
from service.database.sqlite.file import check_file, connect_point_reader, connect_reader, connect_writer
from service.database.sqlite.point_reader import Looking, PointReader
from service.database.sqlite.reading import Reading
from service.database.sqlite.writer import Writer

_SCANNERS = 2
_SCAN_SECONDS = 30.0


class SqliteDatabase:
    """A file of SQLite behind the two doors."""

    kind: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._announcements = Announcements()
        self._reader = PointReader(partial(connect_point_reader, path))
        self._writer = Writer(partial(connect_writer, path), self._announcements)
        self._scanners: list[aiosqlite.Connection] = []
        self._idle: list[aiosqlite.Connection] = []  # of the scanners
        self._scanning = asyncio.Semaphore(_SCANNERS)

    @classmethod
    async def open(cls, path: Path) -> "SqliteDatabase":
        await asyncio.to_thread(check_file, path)
        database = cls(path)
        try:
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
        tx = Looking(self._reader)  # point reads are short, so all of them share one connection
        try:
            return finish(unit(tx, *args, **kwargs))
        except Unavailable:  # locked by another process, or no look-up at all: a thread can wait
            return await self.scan(unit, *args, **kwargs)
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
                raise TooSlow("sqlite: took too long") from reason
            finally:
                tx.end()
                await _interrupt(connection)  # what a caller who left keeps running; else nothing
                self._idle.append(connection)

    def ring(self) -> None:
        """Nothing to do: whoever listens sees the commit itself."""

    async def listen(self, listener: Callable[[], None]) -> NoReturn:
        await watch(self._path, listener)

    def on_commit(self, listener: Listener) -> None:
        self._announcements.add(listener)

    async def close(self) -> None:
        await self._writer.close()
        for scanner in self._scanners:
            await _interrupt(scanner)
        scanners, self._scanners, self._idle = self._scanners, [], []
        self._reader.close()
        for connection in scanners:
            await connection.close()


async def _interrupt(connection: aiosqlite.Connection) -> None:
    with suppress(ValueError, sqlite3.ProgrammingError):  # closed meanwhile
        await connection.interrupt()
