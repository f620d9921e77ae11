"""Where idbridge keeps things: SQLite or PostgreSQL behind two doors, write() and read()."""

from service.database.door import (
    Database,
    MissingReference,
    NotUnique,
    OutcomeUnknown,
    TooDeep,
    TooSlow,
    Transaction,
    Unavailable,
)
from service.database.lists import by_kind, one_of
from service.database.types import MAX_KEY, NIL_KEY, moment, new_key, now
from service.database.url import sqlite_path

__all__ = [
    "MAX_KEY",
    "NIL_KEY",
    "Database",
    "MissingReference",
    "NotUnique",
    "OutcomeUnknown",
    "TooDeep",
    "TooSlow",
    "Transaction",
    "Unavailable",
    "by_kind",
    "moment",
    "new_key",
    "now",
    "one_of",
    "open_database",
]


async def open_database(url: str) -> Database:
    """The database at `sqlite:///path` or `postgresql://...`, which is expected to be migrated.

    Raises ValueError for another kind of URL, Unavailable when the database cannot be reached now.
    """
    path = sqlite_path(url)
    if path is not None:
        from service.database.sqlite.database import SqliteDatabase

        return await SqliteDatabase.open(path)
    from service.database.postgres.database import PostgresDatabase

    return await PostgresDatabase.open(url)
