"""Many rows for one INSERT, sent as arrays: PostgreSQL looks at the statement, and at its triggers, once."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from service.database.postgres.lane import Connection

_INSERT = re.compile(r"(INSERT INTO \S+ \([^()]+\)) VALUES \((.+)\)")
_VALUE = re.compile(r'(\$\d+::[A-Z ]+?)(?: COLLATE "C")?')


async def execute_many(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """A statement for one row, done for many as `executemany` does it: in their order, and all or none."""
    inserting = _of_arrays(sql)
    if inserting is None:
        await connection.executemany(sql, rows)
    else:
        await connection.execute(inserting, *zip(*rows, strict=True))


@lru_cache(1024)
def _of_arrays(sql: str) -> str | None:
    """An INSERT of one row of binds, nothing else, as one whose binds are arrays; None for another statement.

    They become rows in their order, so keys that PostgreSQL gives them rise in it, too.
    """
    found = _INSERT.fullmatch(sql)
    values = [_VALUE.fullmatch(value) for value in found[2].split(", ")] if found else []
    arrays = [f"{value[1]}[]" for value in values if value]
    if found is None or len(arrays) < len(values):
        return None
    return f"{found[1]} SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608  # only words of ours
