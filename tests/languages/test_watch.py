"""Watching what happens: numbers that come late, and those that come too late."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert

from service.api import watch
from service.api.watch import Happened, Watch
from service.database import Database, Transaction, now
from service.database.tables import activity
from service.users import recent

PATIENCE = 5  # seconds


class Listener:
    """Somebody who hears, and keeps the numbers of what they heard."""

    user = "ada"

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.bell = asyncio.Event()

    def take(self, happened: Happened) -> None:
        """Keep them, whatever they are about."""
        for of_project in happened.values():
            self.heard += [deed.id for deeds in of_project.values() for deed in deeds]
        self.bell.set()

    def doubt(self) -> None:
        """Nobody ends here."""

    async def until(self, number: int) -> None:
        """Wait until this number was heard."""
        async with asyncio.timeout(PATIENCE):
            while number not in self.heard:
                self.bell.clear()
                await self.bell.wait()


async def _done(tx: Transaction, *ids: int) -> None:
    deed = {"project": "default", "action": "create", "collection": "users", "item": "x", "timestamp": now()}
    await tx.run_many(insert(activity), [{**deed, "id": number} for number in ids])


@pytest.fixture
async def listener(database: Database) -> AsyncIterator[Listener]:
    """One who hears; ten things have happened already."""
    await database.write(_done, *range(1, 11))
    listener = Listener()
    async with Watch(database).hearing(listener):
        yield listener


async def test_a_number_that_is_committed_late_is_told_once(database: Database, listener: Listener) -> None:
    await database.write(_done, 13)
    await listener.until(13)
    await database.write(_done, 11)
    await listener.until(11)
    await database.write(_done, 12, 14)
    await listener.until(14)
    assert listener.heard == [13, 11, 12, 14]


async def test_a_number_that_is_too_late_is_not_told(
    database: Database, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BACK", 0.0)
    await database.write(_done, 13)
    await listener.until(13)
    await database.write(_done, 15)
    await listener.until(15)
    await database.write(_done, 12, 16)
    await listener.until(16)
    assert listener.heard == [13, 15, 16]


async def test_more_than_one_look_finds_is_told_in_order(database: Database, listener: Listener) -> None:
    many = range(20, 20 + 3 * watch.WINDOW)
    await database.write(_done, *many)
    await listener.until(many[-1])
    assert listener.heard == list(many)
    assert await database.read(recent.last) == many[-1]
