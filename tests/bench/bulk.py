"""Bulk of SCIM, a thousand new users in one request, beside the driver alone: one transaction of four tables."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from statistics import median

import asyncpg

from service.database.url import sqlite_path
from tests.bench import raw, seed
from tests.bench.houses import House
from tests.bench.measures import Size, Table, met
from tests.bench.rounds import Progress
from tests.bench.wire import Wire, connect, request

MANY = 1000
AIM = 3  # times the driver alone
TABLES = raw.TABLES.replace("raw_", "bulk_").replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")


def bulk(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """POST /scim/v2/Bulk, alternated with executemany on SQLite and COPY on PostgreSQL."""
    rows = [("", "ms", "us/person", "driver alone ms", "times", "aim")]
    for house in houses:
        own, floor = [], []
        for turn in range(size.rounds):
            progress(f"{house.name}: Bulk of {MANY:,}, round {turn + 1}")
            first = seed.fresh()
            floor.append(_alone(house, first))
            own.append(asyncio.run(_asked(house, first)))
        times = median(mine / theirs for mine, theirs in zip(own, floor, strict=True))
        took = median(own)
        figures = (
            f"{1e3 * took:.0f}",
            f"{1e6 * took / MANY:.0f}",
            f"{1e3 * median(floor):.0f}",
            f"{times:.2f}",
        )
        rows.append((house.name, *figures, f"<= {AIM}: {met(times <= AIM)}"))
    return Table(f"SCIM Bulk of {MANY:,} new users in one request", rows)


async def _asked(house: House, first: int) -> float:
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": json.loads(seed.resource(n))}
        for n in range(first, first + MANY)
    ]
    body = json.dumps({"Operations": operations}).encode()
    wire = await connect(house.server.url, Wire)
    began = time.perf_counter()
    answer = await wire.ask(request("POST", "/scim/v2/Bulk", house.scim_token, body))
    seconds = time.perf_counter() - began
    wire.close()
    assert answer.body.count(b'"status":"201"') == MANY, answer.body[:300]
    return seconds


def _alone(house: House, first: int) -> float:
    people = [
        raw.row(seed.user_name(number), f"00u{number:09}", seed.resource(number).decode())
        for number in range(first, first + MANY)
    ]
    url = raw.beside(house.database_url)
    path = sqlite_path(url)
    return asyncio.run(_copied(url, people)) if path is None else _executed(str(path), people)


def _executed(file: str, people: Sequence[raw.Row]) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for text, names in raw.WRITES:
        statement = text.replace("raw_", "bulk_").format(*"?" * len(names))
        connection.executemany(statement, [[one[name] for name in names] for one in people])
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


async def _copied(url: str, people: Sequence[raw.Row]) -> float:
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    began = time.perf_counter()
    async with connection.transaction():
        for text, names in raw.WRITES:
            table = text.split()[2].replace("raw_", "bulk_")
            records = [tuple(one[name] for name in names) for one in people]
            await connection.copy_records_to_table(table, records=records)
    seconds = time.perf_counter() - began
    await connection.close()
    return seconds
