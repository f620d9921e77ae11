"""A served house for each test, or one for all tests of a module that only read; on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.users import recent
from tests.conftest import new_database
from tests.served import Served, served


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application on a port of its own, with an administrator."""
    async with served(database_url, tmp_path / "data") as house:
        yield house


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def lasting_house(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The same for as long as the tests of a module go on; they ask it by way of `reading`."""
    directory = tmp_path_factory.mktemp("lasting")
    async with (
        new_database(request, migrated_file, directory) as url,
        served(url, directory / "data") as house,
    ):
        yield house


@pytest.fixture(scope="module")
async def furnished(lasting_house: Served) -> Served:
    """The lasting house with what the tests of a module read in it: they say it in a fixture of this name."""
    return lasting_house


@pytest.fixture
async def reading(furnished: Served) -> AsyncIterator[Served]:
    """The furnished house for a test that only reads; one that changes something fails."""
    before = await furnished.house.database.read(recent.last)
    yield furnished
    assert await furnished.house.database.read(recent.last) == before, "others read this house, too"
