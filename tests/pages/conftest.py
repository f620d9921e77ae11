"""A served house with a named project, and a browser where there is one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.pages import chromium
from tests.pages.invited import name_project
from tests.served import Served, served


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application on both databases; Ada Lovelace is its administrator."""
    async with served(database_url, tmp_path / "data") as house:
        await furnish(house)
        yield house


@pytest.fixture
async def small_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The same on SQLite alone, for what no database changes; two ways to sign in."""
    ways = {
        "AUTH_PROVIDERS": "friend,stranger",
        "AUTH_FRIEND_DRIVER": "mock",
        "AUTH_FRIEND_LABEL": "A Friend",
        "AUTH_FRIEND_ALLOW_PUBLIC_REGISTRATION": "true",
        "AUTH_STRANGER_DRIVER": "mock",
        "AUTH_STRANGER_LABEL": '"><script>alert(1)</script>',
        "AUTH_STRANGER_EMAIL": "nobody@example.com",
    }
    async with served(sqlite_url, tmp_path / "data", lambda _: ways) as house:
        await furnish(house)
        yield house


async def furnish(house: Served) -> None:
    """Name the project, and its administrator."""
    await name_project(house, "Analytical Engines")
    names = {"first_name": "Ada", "last_name": "Lovelace"}
    answer = await house.ask("PATCH", f"/users/{house.admin}", names)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser for all tests of the session."""
    if chromium.PROGRAM is None:
        pytest.skip("there is no Chromium")
    async with chromium.chromium() as browser:
        yield browser


@pytest.fixture
async def tab(browser: Browser) -> AsyncIterator[chromium.Tab]:
    """A tab that knows nothing of the tests before."""
    async with chromium.fresh_tab(browser) as tab:
        yield tab
