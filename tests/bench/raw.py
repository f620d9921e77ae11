"""The floor under a sync: the drivers alone, each person looked up and then written as four rows.

`python -m tests.bench.raw DATABASE_URL COUNT CONNECTIONS` prints the seconds that it took, tables apart.
"""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from itertools import islice

import asyncpg

from service.database.url import sqlite_path
from tests.bench import seed

# As durable as idbridge is: SQLite with synchronous=FULL, PostgreSQL with its defaults.
TABLES = """
CREATE TABLE raw_users (id TEXT PRIMARY KEY, email TEXT UNIQUE, external TEXT UNIQUE, name TEXT UNIQUE, data TEXT);
CREATE TABLE raw_activity (id TEXT PRIMARY KEY, happened TEXT, item TEXT);
CREATE TABLE raw_revisions (id TEXT PRIMARY KEY, activity TEXT, data TEXT);
CREATE TABLE raw_identities (id TEXT PRIMARY KEY, item TEXT, external TEXT UNIQUE);
"""
LOOK = "SELECT id FROM raw_users WHERE name = {}"
WRITES = (
    ("INSERT INTO raw_users VALUES ({}, {}, {}, {}, {})", ("id", "email", "external", "email", "data")),
    ("INSERT INTO raw_activity VALUES ({}, {}, {})", ("id", "happened", "id")),
    ("INSERT INTO raw_revisions VALUES ({}, {}, {})", ("id", "id", "data")),
    ("INSERT INTO raw_identities VALUES ({}, {}, {})", ("id", "id", "external")),
)

Row = dict[str, str]


def row(number: int) -> Row:
    """What is written of a person, by the names of columns."""
    return {
        "id": seed.key(number),
        "email": seed.user_name(number),
        "external": f"00u{number:09}",
        "happened": "2026-01-01T00:00:00.000Z",
        "data": seed.resource(number).decode(),
    }


def sync_sqlite(file: str, people: Iterator[int], together: int) -> float:
    """One connection; as many people share a COMMIT as may wait for one at the same time."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
    look = LOOK.format("?")
    writes = [(text.format(*"?" * len(names)), names) for text, names in WRITES]
    began = time.perf_counter()
    while group := [row(number) for number in islice(people, together)]:
        assert not any(connection.execute(look, (one["email"],)).fetchone() for one in group)
        connection.execute("BEGIN IMMEDIATE")
        for one in group:
            for text, names in writes:
                connection.execute(text, [one[name] for name in names])
        connection.execute("COMMIT")
    return time.perf_counter() - began


async def sync_postgresql(url: str, people: Iterator[int], connections: int) -> float:
    """As many connections as an identity provider has requests under way."""
    opened = [await asyncpg.connect(url) for _ in range(connections)]
    await opened[0].execute(TABLES)
    look = LOOK.format("$1")
    numbered = [f"${place}" for place in range(1, 6)]
    writes = [(text.format(*numbered[: len(names)]), names) for text, names in WRITES]

    async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        for number in people:
            one = row(number)
            assert await connection.fetchrow(look, one["email"]) is None
            async with connection.transaction():
                for text, names in writes:
                    await connection.execute(text, *[one[name] for name in names])

    began = time.perf_counter()
    await asyncio.gather(*map(work, opened))
    seconds = time.perf_counter() - began
    for connection in opened:
        await connection.close()
    return seconds


if __name__ == "__main__":
    url, count, connections = sys.argv[1:]
    path, everybody = sqlite_path(url), iter(range(int(count)))
    if path is not None:
        print(sync_sqlite(str(path), everybody, int(connections)))
    else:
        print(asyncio.run(sync_postgresql(url, everybody, int(connections))))
