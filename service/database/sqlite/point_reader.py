"""Point reads of SQLite: whatever one turn of the loop asks for goes to the reader's thread in one hop.

A hop costs more than a look-up does: two threads hand the interpreter to each other. The shared lock of the
file, too, is taken once for all of them, by one read transaction.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple

Rows = list[Sequence[Any]]
CLOSED = "no active connection"


class Asked(NamedTuple):
    """A statement on its way."""

    future: asyncio.Future[Rows]
    sql: str
    arguments: Sequence[Any]


class PointReader:
    """A connection that only reads, with a thread of its own; `connect` is called there."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._turn: list[Asked] = []  # of this turn of the loop, not handed over yet
        self._queue: SimpleQueue[list[Asked] | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="sqlite-reader", daemon=True)
        self._thread.start()

    async def execute_fetchall(self, sql: str, arguments: Sequence[Any]) -> Rows:
        """Every row. Raises sqlite3.Error, and ValueError when it is closed, as aiosqlite does."""
        if self._closed:
            raise ValueError(CLOSED)
        if not self._turn:
            self._loop.call_soon(self._hand_over)
        asked = Asked(self._loop.create_future(), sql, arguments)
        self._turn.append(asked)
        return await asked.future

    async def close(self) -> None:
        """Answer what was asked, then end the thread."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        turn, self._turn = self._turn, []
        if turn:
            self._queue.put(turn)

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (turn := self._queue.get()) is not None:
            try:
                connection = connection or self._connect()
                answers = _answers(connection, turn)
            except sqlite3.Error as error:
                answers = [error] * len(turn)
            self._loop.call_soon_threadsafe(_deliver, turn, answers)
        if connection is not None:
            connection.close()


def _answers(connection: sqlite3.Connection, turn: Sequence[Asked]) -> list[Rows | sqlite3.Error]:
    if len(turn) == 1:
        return [_answer(connection, turn[0])]
    connection.execute("BEGIN")
    try:
        return [_answer(connection, asked) for asked in turn]
    finally:
        connection.execute("COMMIT")


def _answer(connection: sqlite3.Connection, asked: Asked) -> Rows | sqlite3.Error:
    if asked.future.cancelled():
        return []
    try:
        return connection.execute(asked.sql, asked.arguments).fetchall()
    except sqlite3.Error as error:
        return error


def _deliver(turn: Sequence[Asked], answers: Sequence[Rows | sqlite3.Error]) -> None:
    for asked, answer in zip(turn, answers, strict=True):
        if asked.future.done():
            continue
        if isinstance(answer, sqlite3.Error):
            asked.future.set_exception(answer)
        else:
            asked.future.set_result(answer)
