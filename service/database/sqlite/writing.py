"""A unit in the writer's thread: its transaction, and what became of it."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Any, Literal, TypeVar

from service.database.door import (
    FOREIGN,
    OVER,
    Announcement,
    Meaning,
    MissingReference,
    NotUnique,
    finish,
    meant_as_it_is,
    tell,
)
from service.database.shapes import Row, Shape, Statement, shape
from service.database.sqlite.problems import problem

_NO_LOOP = "event loop"  # what asyncio misses when a unit sleeps or opens a connection in this thread

R = TypeVar("R")


class Writing:
    """The transaction of a unit that runs in the writer's thread: its statements never wait."""

    kind: Literal["sqlite"] = "sqlite"
    __slots__ = ("_connection", "announced", "failed")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection: sqlite3.Connection | None = connection
        self.announced: set[Announcement] = set()
        self.failed: Exception | None = None

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        compiled = shape(statement, tuple(values), "sqlite")
        return compiled.load(self._execute(statement, compiled, values)[0])

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        compiled = shape(statement, tuple(values), "sqlite")
        fetched = self._execute(statement, compiled, values)[0]
        return compiled.load_row(fetched[0]) if fetched else None

    async def look(self, seen: Statement, held: Statement, /, **values: Any) -> Row | None:
        """Nobody else writes meanwhile."""
        return await self.row(held, **values)

    async def run(self, statement: Statement, /, **values: Any) -> int:
        return self._execute(statement, shape(statement, tuple(values), "sqlite"), values)[1]

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        self._execute_many(statement, rows)

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        try:
            self._execute_many(statement, rows)
        except (NotUnique, MissingReference) as problem:
            tell(problem, meaning)

    async def settle(self) -> None:
        """Nothing is put off: the way to the file is short."""

    def announce(self, what: str, key: str) -> None:
        self.announced.add((what, key))

    def end(self) -> None:
        self._connection = None

    def _execute_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            compiled = shape(statement, tuple(rows[0]), "sqlite")
            many = compiled.many(rows)
            self._ask(statement, lambda connection: connection.executemany(compiled.sql, many))

    def _execute(
        self, statement: Statement, compiled: Shape, values: Mapping[str, Any]
    ) -> tuple[list[Sequence[Any]], int]:
        arguments = compiled.arguments(values)

        def ask(connection: sqlite3.Connection) -> tuple[list[Sequence[Any]], int]:
            cursor = connection.execute(compiled.sql, arguments)
            return cursor.fetchall(), cursor.rowcount  # rowcount is right once every row was fetched

        return self._ask(statement, ask)

    def _ask(self, statement: Statement, ask: Callable[[sqlite3.Connection], R]) -> R:
        if self._connection is None:
            raise RuntimeError(OVER)
        if self.failed is not None:
            raise self.failed
        try:
            return ask(self._connection)
        except sqlite3.Error as error:
            self.failed = problem(error, statement)
            raise self.failed from error


Begin = Callable[[Writing], Coroutine[Any, Any, Any]]


class Job:
    """A unit on its way through the writer, and what became of it."""

    __slots__ = ("announced", "begin", "context", "failed", "future", "value")

    def __init__(self, begin: Begin, future: asyncio.Future[Any]) -> None:
        self.begin = begin
        self.future = future
        self.context: Context = copy_context()
        self.value: Any = None
        self.failed: BaseException | None = None
        self.announced: set[Announcement] = set()

    def attempt(self, connection: sqlite3.Connection) -> bool:
        """Drive the unit to its end; False when nothing of it may be kept."""
        tx = Writing(connection)
        self.value, self.failed, self.announced = None, None, set()
        try:
            self.value = self.context.run(_finish, self.begin(tx))
        except BaseException as failed:  # whatever it is, it belongs to the caller and not to this thread
            self.failed = failed
        else:
            self.failed, self.announced = tx.failed, tx.announced
        finally:
            tx.end()
        return self.failed is None

    def fail(self, reason: Exception, cause: BaseException | None) -> None:
        """Forget what the attempt came to: it was not kept."""
        self.value, self.announced = None, set()
        self.failed = reason
        reason.__cause__ = cause

    def settle(self) -> None:
        """Tell the caller, in the loop."""
        if self.future.done():
            return
        if self.failed is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.failed)


def _finish(unit: Coroutine[Any, Any, Any]) -> Any:
    """The unit's value."""
    try:
        return finish(unit)
    except RuntimeError as error:
        if _NO_LOOP in str(error):
            raise RuntimeError(FOREIGN) from error
        raise
