"""The floor under a sync: a person looked up by a driver alone, and written as four rows in one transaction.

As durable as idbridge is: SQLite with synchronous=FULL, PostgreSQL with its defaults.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import Any, Protocol

import asyncpg

from service.database import new_key, now
from service.database.url import sqlite_path

TABLES = """
CREATE TABLE raw_users (id TEXT PRIMARY KEY, email TEXT UNIQUE, external TEXT UNIQUE, name TEXT UNIQUE, data TEXT);
CREATE TABLE raw_activity (id TEXT PRIMARY KEY, happened TEXT, item TEXT);
CREATE TABLE raw_revisions (id TEXT PRIMARY KEY, activity TEXT, data TEXT);
CREATE TABLE raw_identities (id TEXT PRIMARY KEY, item TEXT, external TEXT UNIQUE);
"""
LOOK = "SELECT id FROM raw_users WHERE name = {}"
WRITES = (
    ("INSERT INTO raw_users VALUES ({}, {}, {}, {}, {})", ("id", "name", "external", "name", "data")),
    ("INSERT INTO raw_activity VALUES ({}, {}, {})", ("id", "happened", "id")),
    ("INSERT INTO raw_revisions VALUES ({}, {}, {})", ("id", "id", "data")),
    ("INSERT INTO raw_identities VALUES ({}, {}, {})", ("id", "id", "external")),
)
CONNECTIONS = 6  # to PostgreSQL, as idbridge has


class People(Protocol):
    """What a provider's sync asks for."""

    async def look(self, name: str) -> bool: ...

    async def add(self, name: str, external: str, data: str) -> None: ...


Row = Mapping[str, str]


def row(name: str, external: str, data: str) -> Row:
    """What is written of a person, by the names of columns."""
    return {
        "id": new_key(), "name": name, "external": external, "happened": now(), "data": data,
    }  # fmt: skip


def beside(database: str) -> str:
    """The address of the database beside an idbridge's, for the driver alone."""
    url = database.replace("idbridge.sqlite3", "raw.sqlite3").replace("/idbridge?", "/raw?")
    assert url != database, "the floor has a database of its own"
    return url


async def open_people(database: str) -> People:
    """The people beside an idbridge's, in a database of their own."""
    url = beside(database)
    file = sqlite_path(url)
    if file is not None:
        return SqlitePeople(str(file))
    pool: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        pool.put_nowait(await asyncpg.connect(url))
    connection = pool.get_nowait()
    await connection.execute(TABLES)
    pool.put_nowait(connection)
    return PostgresPeople(pool)


class SqlitePeople:
    """One connection, in the loop: nothing is cheaper."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
        self._look = LOOK.format("?")
        self._writes = [(text.format(*"?" * len(names)), names) for text, names in WRITES]

    async def look(self, name: str) -> bool:
        """Whether somebody has this name."""
        return self._connection.execute(self._look, (name,)).fetchone() is not None

    async def add(self, name: str, external: str, data: str) -> None:
        """Write a person; returns after COMMIT."""
        one = row(name, external, data)
        self._connection.execute("BEGIN IMMEDIATE")
        for text, names in self._writes:
            self._connection.execute(text, [one[name] for name in names])
        self._connection.execute("COMMIT")


class PostgresPeople:
    """A few connections, the last one given back first."""

    def __init__(self, pool: "asyncio.LifoQueue[Any]") -> None:
        self._pool = pool
        self._look = LOOK.format("$1")
        numbered = [f"${place}" for place in range(1, 6)]
        self._writes = [(text.format(*numbered[: len(names)]), names) for text, names in WRITES]

    async def look(self, name: str) -> bool:
        """Whether somebody has this name."""
        connection = await self._pool.get()
        try:
            return await connection.fetchrow(self._look, name) is not None
        finally:
            self._pool.put_nowait(connection)

    async def add(self, name: str, external: str, data: str) -> None:
        """Write a person; returns after COMMIT."""
        one = row(name, external, data)
        connection = await self._pool.get()
        try:
            async with connection.transaction():
                for text, names in self._writes:
                    await connection.execute(text, *[one[name] for name in names])
        finally:
            self._pool.put_nowait(connection)
