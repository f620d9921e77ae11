"""A worker elsewhere hears of a new letter without waiting for its poll: NOTIFY, or SQLite's data_version."""

import asyncio

from mail.outbox import POSTED
from service.database import Database, now, open_database
from tests.post.letters import OUTBOX, owed

PATIENCE = 30.0  # seconds; on a quiet machine it takes 50 ms, on SQLite 250 ms


async def test_a_commit_in_one_process_is_heard_in_another(database: Database, database_url: str) -> None:
    elsewhere = await open_database(database_url)
    heard = asyncio.Event()
    listening = asyncio.create_task(elsewhere.listen(heard.set))
    await asyncio.wait_for(heard.wait(), PATIENCE)  # once at first: something may be there already
    await asyncio.sleep(0.3)
    heard.clear()

    def ring(announced: frozenset[tuple[str, str]]) -> None:
        assert {what for what, _ in announced} == {POSTED}
        database.ring()

    database.on_commit(ring)
    await database.write(OUTBOX.post, owed(now()))
    await asyncio.wait_for(heard.wait(), PATIENCE)
    listening.cancel()
    await asyncio.wait([listening])
    await elsewhere.close()


async def test_many_rings_are_few_and_closing_waits_for_the_last(
    database: Database, database_url: str
) -> None:
    other = await open_database(database_url)
    for _ in range(1000):
        other.ring()
    await other.close()
    assert await database.read(OUTBOX.due, now()) == (0, None)
