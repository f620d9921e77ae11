"""A database that goes away and comes back: the process lives on, says that it is not ready, and is again."""

import asyncio
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL
from tests.served import Served, served

SOON = 15.0  # seconds


async def statuses(house: Served) -> dict[str, int]:
    paths = ("/-/live", "/-/ready", "/server/health", "/users/me")
    return {path: (await house.ask("GET", path)).status_code for path in paths}


async def become(house: Served, wanted: dict[str, int]) -> None:
    """Wait for it: who was known a second ago, say, is known without a question to the database."""
    async with asyncio.timeout(SOON):
        while await statuses(house) != wanted:  # noqa: ASYNC110  # the others do not know that somebody waits
            await asyncio.sleep(0.2)


async def test_who_is_not_ready_says_so_until_the_database_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = PostgreSQL()
    well = {"/-/live": 200, "/-/ready": 200, "/server/health": 200, "/users/me": 200}
    try:
        async with served(await server.fresh(), tmp_path / "data") as house:
            assert await statuses(house) == well
            await asyncio.to_thread(server.stop, "immediate")
            await become(house, {**dict.fromkeys(well, 503), "/-/live": 200})
            answer = await house.ask("GET", "/-/ready")
            assert answer.json() == {"status": "error"}
            told = [vars(one) for one in caplog.records if one.message == "the database cannot be asked"]
            assert {one["reason"] for one in told} >= {
                "postgresql: cannot be reached: No such file or directory"
            }
            assert all(one["exc_info"] is None for one in told)  # so many would hide what else there is
            await asyncio.to_thread(server.start)
            await become(house, well)
    finally:
        server.end()
