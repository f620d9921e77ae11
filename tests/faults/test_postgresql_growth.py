"""PostgreSQL knows of a young table's rows before its own look at it, which comes once a minute."""

import asyncpg
import pytest
from sqlalchemy import insert

from service.database import Transaction, new_key, open_database
from service.database.migrations import perform
from service.database.postgres.growth import FIRST
from service.users import connection_changes, newcomers
from service.users.model import Caller
from tests.core.people import HOUSE
from tests.shelf import books, metadata

ADD = insert(books)
LOOK_UP = """EXPLAIN SELECT id FROM users WHERE project = 'default' AND retired = ''
             AND connection = $1 AND user_name_key = 'ada' ORDER BY number"""


async def fill(tx: Transaction, count: int) -> None:
    """So many books."""
    await tx.run_many(ADD, [{"id": new_key(), "title": new_key(), "author": "a"} for _ in range(count)])


@pytest.mark.parametrize(
    ("batches", "known"),
    [([FIRST - 1], []), ([FIRST], [FIRST]), ([50] * 4, [FIRST]), ([FIRST, 10], [FIRST, FIRST + 10])],
)
async def test_what_a_table_has_grown_by_is_known_in_time(
    postgresql_url: str, batches: list[int], known: list[int]
) -> None:
    """It is known to have so many rows; with the last batch it may, or may not, have been looked at again."""
    await perform(postgresql_url, metadata.create_all)
    library = await open_database(postgresql_url)
    for count in batches:
        await library.write(fill, count)
    await library.close()
    admin = await asyncpg.connect(postgresql_url)
    rows = await admin.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'books'")
    await admin.close()
    assert rows in (known or [-1])


async def test_people_of_a_connection_that_has_just_begun_are_looked_up_by_name(postgresql_url: str) -> None:
    """Among many others, of whom PostgreSQL knows that they have no connection."""
    admin = await asyncpg.connect(postgresql_url)
    house = await open_database(postgresql_url)
    await house.write(newcomers.make, HOUSE, [{"email": f"{n}@example.com"} for n in range(2000)])
    await admin.execute("ANALYZE")
    connection = await house.write(connection_changes.create, HOUSE, {"provider": "okta"})
    provider = Caller("default", None, connection=connection, provider="okta")
    for n in range(FIRST):
        await house.write(newcomers.make, provider, [{"user_name": f"person {n}"}])
    await house.close()
    plan = "\n".join(row[0] for row in await admin.fetch(LOOK_UP, connection))
    await admin.close()
    assert "user_name_key_retired_unique" in plan
