"""What there is to compare with: a bare Litestar handler, and a list straight from the driver.

`python -m tests.bench.bare BODY [DATABASE_URL]` runs under the same server and settings as idbridge.
GET /bare/{key} answers the bytes of the file BODY. GET /list answers 100 users of an idbridge database: the
driver's rows, made structs and encoded, and nothing else.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from litestar import Litestar, get
from litestar.response.base import ASGIResponse

from service import journal, server
from service.database.url import sqlite_path
from tests.bench.seed import COLUMNS

Rows = Callable[[], Awaitable[list[Any]]]
SELECT = f"SELECT {', '.join(COLUMNS)} FROM users WHERE project = 'default' ORDER BY id LIMIT 100"  # noqa: S608  # names of ours
CONNECTIONS = 6  # to PostgreSQL, as idbridge has
_item: Any = msgspec.defstruct("Item", [(name, object) for name in COLUMNS], gc=False)
_encode = msgspec.json.Encoder().encode


def build(body: bytes, database: str | None) -> Litestar:
    """The application."""

    @get("/bare/{key:str}", media_type="application/json")
    async def bare(key: str) -> bytes:
        return body

    asked: list[Rows] = []

    async def open_database() -> None:
        if database is not None:
            asked.append(await _rows(database))

    @get("/list")
    async def listed() -> ASGIResponse:
        items = [_item(*row) for row in await asked[0]()]
        return ASGIResponse(body=_encode({"data": items}), media_type="application/json")

    return Litestar([bare, listed], on_startup=[open_database], openapi_config=None, logging_config=None)


async def _rows(database: str) -> Rows:
    file = sqlite_path(database)
    if file is not None:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        return partial(_from_sqlite, connection)
    pool: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        pool.put_nowait(await asyncpg.connect(database))
    return partial(_from_postgresql, pool)


async def _from_sqlite(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(SELECT).fetchall()


async def _from_postgresql(pool: "asyncio.LifoQueue[Any]") -> list[Any]:
    connection = await pool.get()
    try:
        found: list[Any] = await connection.fetch(SELECT)
        return found
    finally:
        pool.put_nowait(connection)


if __name__ == "__main__":
    journal.start("info")
    file, *url = sys.argv[1:]
    server.run(build(Path(file).read_bytes(), url[0] if url else None), server.listen("127.0.0.1", 0))
