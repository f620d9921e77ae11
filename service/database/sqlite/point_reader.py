"""Point reads of SQLite: in the loop itself, because the way to another thread costs more than a look-up.

A page of rows would cost a hundred times more there: sqlite3 lets go of the interpreter at each row, and a
loop that is busy gives it back late. The price is that a look-up waits in the loop for the disk, when the
file is not in memory. It waits for nothing else: what meets a lock, or is no look-up, is refused.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

Rows = list[Sequence[Any]]
CLOSED = "no active connection"
_LONG = 500_000  # steps of SQLite's machine, about 5 ms: five hundred times a look-up


class PointReader:
    """A connection that only reads, for the loop's thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connection: sqlite3.Connection | None = connect()
        self._connection.set_progress_handler(self._stop, _LONG)
        self._warned = False

    async def execute_fetchall(self, sql: str, arguments: Sequence[Any]) -> Rows:
        """Every row. Raises sqlite3.Error, and ValueError when it is closed, as aiosqlite does."""
        if self._connection is None:
            raise ValueError(CLOSED)
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
