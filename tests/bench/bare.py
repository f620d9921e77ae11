"""What there is to compare with: a bare Litestar handler, a list and a sync straight on the driver.

`python -m tests.bench.bare BODY [DATABASE_URL]` runs under the same server and settings as idbridge.
GET /bare/{key} answers the bytes of the file BODY. GET /list answers 100 users of an idbridge database: the
driver's rows, made structs and encoded, and nothing else. Under /scim/v2/Users a provider may look people up
and create them: decoded, written, encoded, and nothing else.
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
from litestar import Litestar, Request, get, post
from litestar.params import FromQuery
from litestar.response.base import ASGIResponse

from service import journal, server
from service.database.url import sqlite_path
from tests.bench.raw import CONNECTIONS, People, open_people
from tests.bench.seed import COLUMNS

Rows = Callable[[], Awaitable[list[Any]]]
SELECT = f"SELECT {', '.join(COLUMNS)} FROM users WHERE project = 'default' ORDER BY id LIMIT 100"  # noqa: S608  # names of ours
_item: Any = msgspec.defstruct("Item", [(name, object) for name in COLUMNS], gc=False)
_encode = msgspec.json.Encoder().encode


def build(body: bytes, database: str | None) -> Litestar:
    """The application."""

    @get("/bare/{key:str}", media_type="application/json")
    async def bare(key: str) -> bytes:
        return body

    asked: list[Rows] = []
    people: list[People] = []

    async def open_database() -> None:
        if database is not None:
            asked.append(await _rows(database))
            people.append(await open_people(database))

    @get("/list")
    async def listed() -> ASGIResponse:
        items = [_item(*row) for row in await asked[0]()]
        return ASGIResponse(body=_encode({"data": items}), media_type="application/json")

    @get("/scim/v2/Users")
    async def look(filter: FromQuery[str]) -> ASGIResponse:  # noqa: A002  # SCIM's own word
        found = await people[0].look(filter.split('"')[1])
        return ASGIResponse(body=_encode({"totalResults": int(found)}), media_type="application/json")

    @post("/scim/v2/Users")
    async def create(request: Request[Any, Any, Any]) -> ASGIResponse:
        user = msgspec.json.decode(await request.body())
        made = _encode(user)
        await people[0].add(user["userName"], user["externalId"], made.decode())
        return ASGIResponse(body=made, media_type="application/json", status_code=201)

    return Litestar(
        [bare, listed, look, create], on_startup=[open_database], openapi_config=None, logging_config=None
    )


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
