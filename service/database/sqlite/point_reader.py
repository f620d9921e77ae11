"""Point reads of SQLite: in the loop itself, because the way to another thread costs more than a look-up.

A page of rows would cost a hundred times more there: sqlite3 lets go of the interpreter at each row, and a
loop that is busy gives it back late. The price is that a look-up waits in the loop for the disk, when the
file is not in memory. It waits for nothing else: what meets a lock, or is no look-up, is refused.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from service.database.door import OVER, READ_ONLY, Meaning, Unavailable, meant_as_it_is
from service.database.shapes import Row, Shape, Statement, shape
from service.database.sqlite.problems import problem

Rows = list[Sequence[Any]]
_LONG = 500_000  # steps of SQLite's machine, about 5 ms: five hundred times a look-up


class PointReader:
    """A connection that only reads, for the loop's thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection: sqlite3.Connection | None = connect()
        self._connection.set_progress_handler(self._stop, _LONG)
        self._warned = False

    def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        """Every row. Raises sqlite3.Error, and Unavailable when it is closed."""
        if self._connection is None:
            raise Unavailable("sqlite: closed")
        self._warned = False
        return self._connection.execute(sql, arguments).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _stop(self) -> bool:
        """SQLite asks whether to give up what has taken so long: it gets SQLITE_INTERRUPT the second time.

        It counts the steps of a prepared statement over all of its runs: the first says nothing of this one.
        """
        warned, self._warned = self._warned, True
        return warned


class Looking:
    """A unit's hold on the point reader: its statements never wait."""

    kind: Literal["sqlite"] = "sqlite"
    __slots__ = ("_reader",)

    def __init__(self, reader: PointReader) -> None:
        self._reader: PointReader | None = reader

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        compiled = shape(statement, tuple(values), "sqlite")
        return compiled.load(self._fetch(statement, compiled, values))

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        compiled = shape(statement, tuple(values), "sqlite")
        fetched = self._fetch(statement, compiled, values)
        return compiled.load_row(fetched[0]) if fetched else None

    async def run(self, statement: Statement, /, **values: Any) -> int:
        raise RuntimeError(READ_ONLY)

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        raise RuntimeError(READ_ONLY)

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        raise RuntimeError(READ_ONLY)

    async def settle(self) -> None:
        raise RuntimeError(READ_ONLY)

    def announce(self, what: str, key: str) -> None:
        raise RuntimeError(READ_ONLY)

    def end(self) -> None:
        self._reader = None

    def _fetch(self, statement: Statement, compiled: Shape, values: Mapping[str, Any]) -> Rows:
        if compiled.writes:
            raise RuntimeError(READ_ONLY)
        if self._reader is None:
            raise RuntimeError(OVER)
        arguments = compiled.arguments(values)
        try:
            return self._reader.fetch(compiled.sql, arguments)
        except sqlite3.Error as error:
            raise problem(error, statement) from error
