"""A transaction that counts: the statements that were run in it, and the rows that came back."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.database import Database, Transaction
from service.database.door import Meaning, Unit, meant_as_it_is
from service.database.shapes import Kind, Row, Statement


class Counting:
    """Stands before a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.statements: list[str] = []
        self.read = 0

    @property
    def kind(self) -> Kind:
        return self._tx.kind

    def _note(self, statement: Statement) -> None:
        self.statements.append(str(statement).split("\n", 1)[0])

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        self._note(statement)
        found = await self._tx.rows(statement, **values)
        self.read += len(found)
        return found

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        self._note(statement)
        self.read += 1
        return await self._tx.row(statement, **values)

    async def look(self, seen: Statement, held: Statement, /, **values: Any) -> Row | None:
        self._note(held)
        self.read += 1
        return await self._tx.look(seen, held, **values)

    async def run(self, statement: Statement, /, **values: Any) -> int:
        self._note(statement)
        return await self._tx.run(statement, **values)

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        if rows:
            self._note(statement)
        await self._tx.run_many(statement, rows)

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        if rows:
            self._note(statement)
        self._tx.owe(statement, rows, meaning)

    async def settle(self) -> None:
        await self._tx.settle()

    def announce(self, what: str, key: str) -> None:
        self._tx.announce(what, key)


async def counted(
    database: Database, unit: Unit[..., Any], /, *args: Any, **named: Any
) -> tuple[Any, Counting]:
    """What a unit gives, and the count of its transaction."""

    async def inside(tx: Transaction) -> tuple[Any, Counting]:
        counting = Counting(tx)
        return await unit(counting, *args, **named), counting

    return await database.write(inside)
