"""Statements that know which values they take: of many that a question has, each is given its own."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Select

from service.database import Transaction
from service.database.kept import kept
from service.database.shapes import DIALECTS, Kind, Row


class Asking(msgspec.Struct, frozen=True, eq=False):
    """A statement and the names of the values that it takes."""

    statement: Select[Any]
    names: tuple[str, ...]
    length: int  # of its text

    async def rows(self, tx: Transaction, values: Mapping[str, object]) -> list[Row]:
        """Its rows with those of the values that it takes."""
        return await tx.rows(self.statement, **{name: values[name] for name in self.names})

    async def row(self, tx: Transaction, values: Mapping[str, object]) -> Row | None:
        """Its first row."""
        return await tx.row(self.statement, **{name: values[name] for name in self.names})


def taking(statement: Select[Any], kind: Kind) -> Asking:
    """The statement with the names of its binds."""
    compiled = statement.compile(dialect=DIALECTS[kind])
    names = tuple(name for name, bind in compiled.binds.items() if bind.required)
    return Asking(statement, names, len(str(compiled)))


remembered: Final = kept(1024, attrgetter("length"))
