"""A unit that reads SQLite: each of its statements is one hop to a reader's thread."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import aiosqlite

from service.database.door import OVER, READ_ONLY, Meaning, Unavailable, meant_as_it_is
from service.database.shapes import Row, Shape, Statement, shape
from service.database.sqlite.problems import problem


class Reading:
    """A unit's hold on a reader: each statement is one hop to its thread."""

    kind: Literal["sqlite"] = "sqlite"
    __slots__ = ("_connection", "waiting")

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection: aiosqlite.Connection | None = connection
        self.waiting = False

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        compiled = shape(statement, tuple(values), "sqlite")
        return compiled.load(await self._fetch(statement, compiled, values))

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        compiled = shape(statement, tuple(values), "sqlite")
        fetched = await self._fetch(statement, compiled, values)
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
        self._connection = None

    async def _fetch(
        self, statement: Statement, compiled: Shape, values: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        if compiled.writes:
            raise RuntimeError(READ_ONLY)
        if self._connection is None:
            raise RuntimeError(OVER)
        arguments = compiled.arguments(values)
        self.waiting = True
        try:
            return await self._connection.execute_fetchall(compiled.sql, arguments)  # type: ignore[return-value]  # it is a list
        except sqlite3.Error as error:
            raise problem(error, statement) from error
        except ValueError as error:  # what aiosqlite says; the values have been looked at before
            raise Unavailable("sqlite: closed") from error
        finally:
            self.waiting = False
