"""The file, and the connections to it."""

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import aiosqlite

from service.database.case import FOLD, fold_case
from service.database.door import Unavailable

_BUSY_SECONDS = 5.0  # how long to wait for another process that writes
_STATEMENTS = 1024  # prepared statements that a connection keeps
_MMAP = 256 << 20  # bytes

# aiosqlite logs each statement with its values at DEBUG: secrets never reach a log.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


def prepare_file(path: Path) -> None:
    """Make the database file, for its owner alone, and the directory it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def connect_writer(path: Path) -> sqlite3.Connection:
    """A connection that may write: autocommit, so that BEGIN is ours to say."""
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        cached_statements=_STATEMENTS,
        check_same_thread=False,
    )
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        # temp_store: else every savepoint writes the pages that it would put back to a file of its own
        f"PRAGMA temp_store=MEMORY; PRAGMA mmap_size={_MMAP}; PRAGMA journal_size_limit=67108864"
    )
    connection.create_function(FOLD, 1, fold_case, deterministic=True)
    return connection


_READING = ("query_only=ON", f"mmap_size={_MMAP}", "cache_size=-16384")


def connect_point_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads and never waits for a lock, for the loop's thread."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, cached_statements=_STATEMENTS)
    for pragma in _READING:
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(FOLD, 1, fold_case, deterministic=True)
    return connection


async def connect_reader(path: Path) -> aiosqlite.Connection:
    """A connection that only reads, with a thread of its own."""
    connection = await aiosqlite.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=_STATEMENTS
    )
    try:
        for pragma in _READING:
            await connection.execute_fetchall(f"PRAGMA {pragma}")
        await connection.create_function(FOLD, 1, fold_case, deterministic=True)
    except BaseException:
        await connection.close()
        raise
    return connection


def check_file(path: Path) -> None:
    """Make the file and write-ahead logging now, so that readers find it and a bad path is known at once."""
    try:
        prepare_file(path)
        connect_writer(path).close()
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"sqlite: {path} cannot be opened: {error}") from error
