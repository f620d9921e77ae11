"""Which problem an error of SQLite is, and the name of the unique index that it means."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Column, Delete, Insert, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint, Update
from sqlalchemy.exc import DBAPIError

from service.database.door import MissingReference, NotUnique, TooDeep, Unavailable
from service.database.shapes import DIALECTS, Statement

_UNIQUE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "locked by another process",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_INTERRUPT: "took too long",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is no database",
}
# Of its parser, and of the tree that it makes; neither has a code of its own.
_DEEP = ("parser stack overflow", "Expression tree is too large")
_COLUMNS = re.compile(r"UNIQUE constraint failed: (.+)")
_INDEX = re.compile(r"index '(.+)'")


def unavailable(error: sqlite3.Error) -> Unavailable | None:
    """The problem, when it is the file or the disk and not the statement."""
    code = getattr(error, "sqlite_errorcode", 0)
    reason = _UNAVAILABLE.get(code & 0xFF)  # https://www.sqlite.org/rescode.html#pve: the primary code
    return Unavailable(f"sqlite: {reason}") if reason else None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Have what is wrong with a file, or with the disk below it, told by its name. Raises Unavailable."""
    try:
        yield
    except (OSError, sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, OSError):
            raise Unavailable(f"{path}: {cause.strerror}") from error
        meant = unavailable(cause) if isinstance(cause, sqlite3.Error) else None
        if meant is None:
            raise
        raise Unavailable(f"{path}: {meant}") from error


def problem(error: sqlite3.Error, statement: Statement) -> Exception:
    """What `error`, met by `statement`, means; the error itself when it is a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", 0)
    if (
        code in _UNIQUE
        and isinstance(statement, Insert | Update | Delete)
        and isinstance(statement.table, Table)
    ):
        return NotUnique(_index(str(error), statement.table.metadata))
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return MissingReference()
    if str(error).startswith(_DEEP):
        return TooDeep()
    return unavailable(error) or error


def _index(message: str, metadata: MetaData) -> str:
    # SQLite names an index of expressions, and else only the columns: "users.project, users.email_key".
    found = _COLUMNS.fullmatch(message)
    listed = found[1] if found else message
    if named := _INDEX.fullmatch(listed):
        return named[1]
    columns = frozenset(listed.split(", "))
    return names(metadata).get(columns, listed)


@lru_cache(maxsize=16)
def names(metadata: MetaData) -> dict[frozenset[str], str]:
    """The unique indexes of all tables by their columns, each written `table.column`.

    TypeError when two of them have the same columns, because SQLite would not say which one it means.
    """
    preparer = DIALECTS["sqlite"].identifier_preparer
    found: dict[frozenset[str], str] = {}
    for table in metadata.tables.values():
        unique = [c for c in table.constraints if isinstance(c, UniqueConstraint | PrimaryKeyConstraint)]
        plain = [i for i in table.indexes if i.unique and all(isinstance(e, Column) for e in i.expressions)]
        for index in (*unique, *plain):
            columns = frozenset(f"{table.name}.{column.name}" for column in index.columns)
            if columns in found:
                raise TypeError(f"two unique indexes over {sorted(columns)}: SQLite cannot tell them apart")
            if columns:
                found[columns] = preparer.format_constraint(index) or ""
    return found
