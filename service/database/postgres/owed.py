"""What a unit owes to PostgreSQL, put together: several statements for one row each go in one way.

All but one become parts of a WITH, which see the tables as they were before any of them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy.sql.expression import UpdateBase

from service.database.door import Meaning, MissingReference, NotUnique
from service.database.shapes import Statement

_BIND = re.compile(r"\$(\d+)")
_WITH = "WITH "


class Part(NamedTuple):
    """A statement, its text, the driver's values for each of its rows, and what its problems mean."""

    statement: Statement
    sql: str
    rows: Sequence[Sequence[Any]]
    meaning: Meaning


def batches(owed: Sequence[Part]) -> Iterator[list[Part]]:
    """What may go together, in its order: each for one row, of different tables, at most one with a WITH."""
    batch: list[Part] = []
    tables: set[object] = set()
    for part in owed:
        table = part.statement.table if isinstance(part.statement, UpdateBase) else None
        alone = len(part.rows) > 1 or any(len(one.rows) > 1 for one in batch)
        leads = part.sql.startswith(_WITH) and any(one.sql.startswith(_WITH) for one in batch)
        if batch and (alone or leads or table in tables):
            yield batch
            batch, tables = [], set()
        batch.append(part)
        tables.add(table)
    yield batch


def joined(parts: Sequence[Part]) -> tuple[str, Sequence[Sequence[Any]]]:
    """One statement for all of a batch, and its values for each row."""
    if len(parts) == 1:
        return parts[0].sql, parts[0].rows
    sizes = tuple(len(part.rows[0]) for part in parts)
    return _joined(tuple(part.sql for part in parts), sizes), [[v for part in parts for v in part.rows[0]]]


@lru_cache(1024)
def _joined(texts: tuple[str, ...], sizes: tuple[int, ...]) -> str:
    """The binds of each follow those of the one before it.

    PostgreSQL does the main statement first, then the parts from the last to the first. So the main one is
    the first of all, or history, which meets no problem, and the others stand in reverse: of two problems the
    earlier statement's is met.
    """
    firsts = accumulate(sizes, initial=0)
    numbered = [_numbered(text, first) for text, first in zip(texts, firsts, strict=False)]
    place = next((n for n, text in enumerate(numbered) if text.startswith(_WITH)), 0)
    main = numbered.pop(place)
    parts = [f"owed_{n} AS ({text})" for n, text in enumerate(numbered)]
    rest = f", {main.removeprefix(_WITH)}" if main.startswith(_WITH) else f" {main}"
    return f"{_WITH}{', '.join(reversed(parts))}{rest}"


def _numbered(text: str, first: int) -> str:
    return _BIND.sub(lambda bind: f"${int(bind[1]) + first}", text)


def meaning_of(parts: Sequence[Part]) -> Meaning:
    """What a problem of a batch means to the first part to which it means anything."""

    def found(problem: NotUnique | MissingReference) -> Exception:
        meant = (part.meaning(problem) for part in parts)
        return next((one for one in meant if one is not problem), problem)

    return found
