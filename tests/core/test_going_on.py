"""What is done again and again goes on, whatever breaks in a part of it."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert

from service import polling, upkeep
from service.api.house import Door, House
from service.database import Database, Transaction, now
from service.database.tables import attempts
from service.users.clock import later
from tests.core.people import all_rows
from tests.served import served


async def test_what_has_expired_goes_although_a_part_of_it_breaks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(tx: Transaction) -> None:
        raise LookupError("nobody foresaw this")

    async def an_old_window(tx: Transaction) -> None:
        await tx.run(insert(attempts), project="default", mark="a", count=1, ends_at=later(now(), -1))

    await database.write(an_old_window)
    monkeypatch.setattr(upkeep, "CLEARING", (breaks, *upkeep.CLEARING))
    await upkeep.clear(database)
    assert await database.read(all_rows, attempts) == []


async def test_transmitters_are_asked_on_although_one_of_them_breaks_something(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def fetch(_: House, door: Door) -> int:
        asked.append(door.provider.name)
        raise LookupError("nobody foresaw this")

    address = "https://id.example.com"
    ways = {"AUTH_PROVIDERS": "one,two"} | {
        f"AUTH_{name}_{word}": value
        for name in ("ONE", "TWO")
        for word, value in {"DRIVER": "mock", "SSF_ISSUER": address, "SSF_POLL_URL": address}.items()
    }
    monkeypatch.setattr(polling, "fetch", fetch)
    async with served(sqlite_url, tmp_path / "data", lambda _: ways) as house, asyncio.timeout(30):
        asking = asyncio.create_task(polling.keep_polling(house.house, 0.01))
        while asked.count("two") < 3:  # the first time is the house's own
            assert not asking.done(), asking.exception()
            await asyncio.sleep(0.01)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
