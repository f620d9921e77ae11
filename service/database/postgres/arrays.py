"""Many rows for one INSERT, sent as arrays: PostgreSQL looks at the statement, and at its triggers, once."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from service.database.postgres.lane import Connection

_TOGETHER = 1000  # rows, so that no message is too large
_INSERT = re.compile(r"(INSERT INTO \S+ \([^()]+\)) VALUES \((.+)\)")
_VALUE = re.compile(r'(\$\d+::[A-Z ]+?)(?: COLLATE "C")?')


async def execute_many(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """A statement for one row, done for many in their order, as `executemany` does it."""
    inserting = _of_arrays(sql)
    if inserting is None:
        await connection.executemany(sql, rows)
        return
    for first in range(0, len(rows), _TOGETHER):
        await connection.execute(inserting, *zip(*rows[first : first + _TOGETHER], strict=True))


@lru_cache(1024)
def _of_arrays(sql: str) -> str | None:
    """An INSERT of one row of binds, nothing else, as one whose binds are arrays; None for another statement.

    They become rows in their order, so keys that PostgreSQL gives them rise in it, too.
    """
    found = _INSERT.fullmatch(sql)
    values = [_VALUE.fullmatch(value) for value in found[2].split(", ")] if found else [None]
    if found is None or not all(values):
        return None
    return f"{found[1]} SELECT * FROM unnest({', '.join(f'{value[1]}[]' for value in values if value)})"  # noqa: S608  # only our own words
