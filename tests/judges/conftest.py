"""A served house for each test, on both databases, and the SDK's clients of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers import sdk as peers
from tests.peers.sdk import Sdk
from tests.served import PASSWORD, Served, served

ADMIN = "root@example.com"  # who signs in with a password


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application on a port of its own, with an administrator."""
    async with served(database_url, tmp_path / "data") as house:
        yield house


@pytest.fixture(params=[26, 13], ids=["sdk26", "sdk13"])
async def sdk(request: pytest.FixtureRequest, house: Served) -> AsyncIterator[Sdk]:
    """A client in which nobody has signed in."""
    if why := peers.missing():
        pytest.skip(why)
    async with peers.client(request.param, house.url) as client:
        yield client


@pytest.fixture
async def admin(house: Served, sdk: Sdk) -> Sdk:
    """A client in which an administrator has signed in."""
    await house.person(ADMIN, role=house.role)
    await sdk.login(ADMIN, PASSWORD)
    return sdk
