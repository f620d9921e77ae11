"""A served house for each test, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.served import Served, served


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application on a port of its own, with an administrator."""
    async with served(database_url, tmp_path / "data") as house:
        yield house
