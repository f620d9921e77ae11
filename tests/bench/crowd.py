"""A crowd: one user of SCIM, copied by the database itself until there are as many as a measurement wants."""

import asyncio
import sqlite3
from collections.abc import Iterator

import asyncpg

from service.database.tables import users
from service.database.url import sqlite_path
from tests.bench import seed
from tests.bench.houses import House
from tests.bench.rounds import Progress
from tests.bench.wire import Wire, connect, request

FIRST = 1_000_000_000  # the number of the one who is copied: as many digits as those of the copies
_TOGETHER = 50_000
_NUMBERED = ("email", "email_key", "user_name", "user_name_key", "external_identifier", "search_text")
_UUID = {
    "sqlite": "lower(printf('%s-%s-4%s-8%s-%s', hex(randomblob(4)), hex(randomblob(2)),"
    " substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))",
    "postgresql": "gen_random_uuid()",
}
_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT {0} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {1})",
    "postgresql": "WITH numbers AS (SELECT generate_series({0}, {1} - 1) AS n)",
}


def fill(house: House, count: int, progress: Progress) -> None:
    """Have people FIRST to FIRST + count in the connection of the house."""
    path = sqlite_path(house.database_url)
    asyncio.run(_first(house))
    if path is not None:
        _fill_sqlite(str(path), count, progress)
    else:
        asyncio.run(_fill_postgresql(house.database_url, count, progress))


async def _first(house: House) -> None:
    wire = await connect(house.server.url, Wire)
    answer = await wire.ask(request("POST", "/scim/v2/Users", house.scim_token, seed.resource(FIRST)))
    wire.close()
    assert answer.status in (201, 409), answer.body[:300]


_THERE = f"SELECT count(*) FROM users WHERE external_identifier LIKE '00u{str(FIRST)[:2]}%'"  # noqa: S608  # a number of ours


def _statements(kind: str, there: int, count: int) -> Iterator[tuple[int, str]]:
    """How many there are after each statement, and the statement."""
    names = [column.name for column in users.c if column.name != "number"]
    values = ", ".join(_value(kind, name) for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    for first in range(FIRST + there, FIRST + count, _TOGETHER):
        last = min(first + _TOGETHER, FIRST + count)
        numbers = _NUMBERS[kind].format(first, last)
        yield (
            last - FIRST,
            f"{numbers} INSERT INTO users ({columns}) SELECT {values} FROM users, numbers "  # noqa: S608  # names of ours
            f"WHERE external_identifier = '00u{FIRST}'",
        )


def _value(kind: str, name: str) -> str:
    if name == "id":
        return _UUID[kind]
    return f"replace({name}, '{FIRST}', CAST(n AS text))" if name in _NUMBERED else f'"{name}"'


def _fill_sqlite(file: str, count: int, progress: Progress) -> None:
    connection = sqlite3.connect(file, isolation_level=None, timeout=30)
    connection.execute("PRAGMA cache_size=-262144")
    (there,) = connection.execute(_THERE).fetchone()
    for reached, statement in _statements("sqlite", there, count):
        connection.execute(statement)
        progress(f"SQLite: {reached:,} users")
    connection.close()


async def _fill_postgresql(url: str, count: int, progress: Progress) -> None:
    connection = await asyncpg.connect(url)
    there = await connection.fetchval(_THERE)
    for reached, statement in _statements("postgresql", there, count):
        await connection.execute(statement)
        progress(f"PostgreSQL: {reached:,} users")
    await connection.execute("VACUUM ANALYZE users")  # as it does by itself a minute after such a change
    await connection.close()
