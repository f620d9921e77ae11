"""Look-ups of PostgreSQL that would wait for each other are asked together: one statement answers them all.

What a look-up costs is mostly the way to the server and back, so one way for many is worth a little patience.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

import asyncpg

from service.database.door import OVER, READ_ONLY, ReadOnly
from service.database.postgres.lane import Lane
from service.database.postgres.problems import ERRORS, lost
from service.database.shapes import Row, Shape, Statement, shape

_MOST = 100  # look-ups of one statement
_BIND = re.compile(r"\$(\d+)::(VARCHAR|UUID|BIGINT|INTEGER|BOOLEAN)\b(?!\[)")
_MORE = re.compile(r"\b(?:LIMIT|OFFSET|ORDER BY|GROUP BY|UNION|FOR)\b")  # than a look-up
_BRACKETS = re.compile(r"\([^()]*\)")  # the innermost ones, of which nothing is an answer of its own
_Answer = asyncio.Future[list[Row]]


class Apart(Exception):
    """What was asked together has failed: asked alone, each unit learns of its own problem."""


class Together:
    """Gathers look-ups of the same statement until a connection is theirs."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._waiting: dict[str, list[tuple[Sequence[Any], _Answer]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, sql: str, arguments: Sequence[Any]) -> Sequence[Iterable[Any]]:
        """The driver's rows. Raises Apart, Unavailable."""
        joined = together(sql)
        if joined is None:
            return await self._fetch(sql, lambda: arguments)
        answer: _Answer = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(joined)
        if waiting is None or len(waiting) == _MOST:
            waiting = self._waiting[joined] = []
            task = asyncio.create_task(self._answer(joined, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append((arguments, answer))
        return await answer

    async def _answer(self, sql: str, waiting: list[tuple[Sequence[Any], _Answer]]) -> None:
        def gathered() -> list[tuple[Any, ...]]:
            self._end(sql, waiting)
            return list(zip(*(arguments for arguments, _ in waiting), strict=True))

        found: list[list[Row]] = []
        failed: Exception = Apart()
        try:
            fetched = await self._fetch(sql, gathered)
            found = [[] for _ in waiting]
            for row in fetched:
                found[row[-1] - 1].append(row[:-1])
        except Exception as error:
            failed = error
        finally:
            self._end(sql, waiting)
            for place, (_, answer) in enumerate(waiting):
                if answer.done():  # whoever asked has gone away
                    continue
                answer.set_result(found[place]) if found else answer.set_exception(failed)

    def _end(self, sql: str, waiting: list[tuple[Sequence[Any], _Answer]]) -> None:
        """From here on others gather anew."""
        if self._waiting.get(sql) is waiting:
            del self._waiting[sql]

    async def _fetch(self, sql: str, arguments: Callable[[], Sequence[Any]]) -> list[asyncpg.Record]:
        """The driver's rows; the arguments are asked for when there is a connection."""
        connection = await self._lane.take()
        try:
            return await connection.fetch(sql, *arguments())
        except ERRORS as error:
            if lost(error, connection) or isinstance(error, TimeoutError):
                connection.terminate()
            raise Apart from error
        finally:
            self._lane.give(connection)


class Joining(ReadOnly):
    """A unit's hold on what is asked together."""

    kind: Literal["postgresql"] = "postgresql"
    __slots__ = ("_together", "waiting")

    def __init__(self, together: Together) -> None:
        self._together: Together | None = together
        self.waiting = False

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        compiled = shape(statement, tuple(values), "postgresql")
        return compiled.load(await self._ask(compiled, compiled.arguments(values)))

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        compiled = shape(statement, tuple(values), "postgresql")
        found = await self._ask(compiled, compiled.arguments(values))
        return compiled.load_row(found[0]) if found else None

    def end(self) -> None:
        self._together = None

    async def _ask(self, compiled: Shape, arguments: Sequence[Any]) -> Sequence[Iterable[Any]]:
        if self._together is None:
            raise RuntimeError(OVER)
        if compiled.writes:
            raise RuntimeError(READ_ONLY)
        self.waiting = True
        try:
            return await self._together.ask(compiled.sql, arguments)
        finally:
            self.waiting = False


@lru_cache(1024)
def together(sql: str) -> str | None:
    """The statement with arrays in the place of its values; the place of whose row it is comes last.

    None for what is no look-up. OFFSET 0 has the rows looked up one after the other, by the index that finds
    each alone. Behind SELECT the planner does not see how long an array is: a plan for just so many would
    always seem better to it than the one that it has already, and planning takes longer than looking up.
    """
    kinds = dict(sorted((int(number), kind) for number, kind in _BIND.findall(sql)))
    look_up = _BIND.sub(r"asked.a\1", sql)
    if not kinds or "$" in look_up or _MORE.search(_outermost(look_up)):
        return None
    arrays = ", ".join(f"(SELECT ${number}::{kind}[])" for number, kind in kinds.items())
    names = ", ".join(f"a{number}" for number in kinds)
    return (
        f"SELECT answer.*, asked.place FROM unnest({arrays}) WITH ORDINALITY AS asked({names}, place), "  # noqa: S608  # a statement of ours
        f"LATERAL ({look_up} OFFSET 0) AS answer"
    )


def _outermost(sql: str) -> str:
    """A statement without what stands in brackets."""
    shorter = _BRACKETS.sub("", sql)
    return sql if shorter == sql else _outermost(shorter)
