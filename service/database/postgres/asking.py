"""A unit's hold on a connection of PostgreSQL."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import Insert, Table, Update

from service.database.door import (
    OVER,
    READ_ONLY,
    Announcement,
    Meaning,
    MissingReference,
    NotUnique,
    meant_as_it_is,
    tell,
)
from service.database.postgres.arrays import execute_many
from service.database.postgres.growth import OWNER, Gain
from service.database.postgres.lane import Connection
from service.database.postgres.owed import Part, batches, joined, meaning_of
from service.database.postgres.problems import ERRORS, Unheld, problem
from service.database.shapes import Row, Shape, Statement, shape

_BEGIN: Final = "BEGIN READ WRITE"


class Asking:
    """A unit's hold on a connection: a transaction for write(), statement by statement for read().

    BEGIN comes with the first statement. What a unit owes that asks nothing is mostly one statement, and
    that is a transaction by itself: it saves the ways there and back of BEGIN and of COMMIT. So it is after
    a look at one row (`looks`), which has to be held for everything else.
    """

    kind: Literal["postgresql"] = "postgresql"
    __slots__ = (
        *("_begun", "_connection", "_looked", "_looks", "_owed", "_writes"),
        *("announced", "cause", "failed", "gained", "waiting"),
    )

    def __init__(self, connection: Connection, *, writes: bool, looks: bool = False) -> None:
        self._connection: Connection | None = connection
        self._writes = writes
        self._looks = looks
        self._looked = False
        self._begun = False
        self._owed: list[Part] = []
        self.waiting = False
        self.announced: set[Announcement] = set()
        self.gained: Counter[Gain] = Counter()  # rows
        self.cause: Exception | None = None  # what asyncpg raised
        self.failed: Exception | None = None  # what that means

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        compiled = shape(statement, tuple(values), "postgresql")
        arguments = compiled.arguments(values)
        self._check(compiled.writes)
        await self._begin()
        with self as connection:
            fetched = await connection.fetch(compiled.sql, *arguments)
        return compiled.load(fetched)

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        compiled = shape(statement, tuple(values), "postgresql")
        arguments = compiled.arguments(values)
        self._check(compiled.writes)
        await self._begin()
        return await self._fetch_row(compiled, arguments)

    async def look(self, seen: Statement, held: Statement, /, **values: Any) -> Row | None:
        self._check(writes=True)
        if not self._looks or self._looked or self._begun or self._owed:
            return await self.row(held, **values)
        compiled = shape(seen, tuple(values), "postgresql")
        arguments = compiled.arguments(values)
        self._looked = True
        return await self._fetch_row(compiled, arguments)

    async def _fetch_row(self, compiled: Shape, arguments: Sequence[Any]) -> Row | None:
        with self as connection:
            fetched = await connection.fetchrow(compiled.sql, *arguments)
        return None if fetched is None else compiled.load_row(fetched)

    async def run(self, statement: Statement, /, **values: Any) -> int:
        compiled = shape(statement, tuple(values), "postgresql")
        arguments = compiled.arguments(values)
        self._check(writes=True)
        await self._begin()
        with self as connection:
            status = await connection.execute(compiled.sql, *arguments)
        touched = int(status.rpartition(" ")[2])  # "UPDATE 3", "INSERT 0 1"
        self._count(statement, touched, values)
        return touched

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        self.owe(statement, rows)
        await self.settle()

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        self._check(writes=True)
        if self._connection is None:
            raise RuntimeError(OVER)
        if rows:
            compiled = shape(statement, tuple(rows[0]), "postgresql")
            self._owed.append(Part(statement, compiled.sql, compiled.many(rows), meaning))
            self._count(statement, len(rows), rows[0])

    async def settle(self) -> None:
        if self._owed:
            await self._begin()

    async def finish(self) -> None:
        """Do what is owed at a unit's end, but for what commit() does in one."""
        if self._begun or len(list(batches(self._owed))) > 1:
            await self.settle()

    async def commit(self) -> None:
        """Keep what was done, after finish()."""
        if self._owed:
            await self._settle()
        elif self._begun:
            with self as connection:
                await connection.execute("COMMIT")

    async def _begin(self) -> None:
        """Have the transaction begun, and what is owed done in it, before the next statement."""
        if self._writes and not self._begun:
            if self._looked:
                self.failed = Unheld()
                raise self.failed
            with self as connection:
                await connection.execute(_BEGIN)
            self._begun = True
        if self._owed:
            await self._settle()

    async def _settle(self) -> None:
        self._check(writes=True)
        owed, self._owed = self._owed, []
        for parts in batches(owed):
            sql, arguments = joined(parts)
            try:
                with self as connection:
                    if len(arguments) == 1:
                        await connection.execute(sql, *arguments[0])
                    else:
                        await execute_many(connection, sql, arguments)
            except (NotUnique, MissingReference) as problem:
                tell(problem, meaning_of(parts))

    def _count(self, statement: Statement, rows: int, values: Mapping[str, Any]) -> None:
        if isinstance(statement, Insert | Update) and isinstance(statement.table, Table):
            table, owner = statement.table.name, values.get(OWNER)
            if isinstance(statement, Insert):
                self.gained[table, None] += rows
            if owner is not None:
                self.gained[table, owner] += rows

    def announce(self, what: str, key: str) -> None:
        self._check(writes=True)
        self.announced.add((what, key))

    def end(self) -> None:
        self._connection = None

    def _check(self, writes: bool) -> None:
        if writes and not self._writes:
            raise RuntimeError(READ_ONLY)
        if self.failed is not None:
            raise self.failed

    # Entered while a statement is under way.

    def __enter__(self) -> Connection:
        if self._connection is None:
            raise RuntimeError(OVER)
        self.waiting = True
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.waiting = False
        if isinstance(error, ERRORS):
            self.cause, self.failed = error, problem(error)
            raise self.failed from error
