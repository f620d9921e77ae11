"""A fresh, migrated database for each test, on SQLite and on a PostgreSQL server started for the session."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from service.database import Database, open_database
from service.database.migrations import migrate, perform
from tests import shelf
from tests.postgresql import PostgreSQL

# How long an example takes says more about the machine than about the code.
settings.register_profile("idbridge", deadline=None)
settings.load_profile("idbridge")

_MEMORY = Path("/dev/shm")
_ROOM = 3 << 30  # bytes free: four workers fill less than one; containers often have 64 MB in all


def _in_memory() -> str | None:
    """A place for files that costs no disk: whether a commit survives a power cut is not what tests prove."""
    return str(_MEMORY) if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


if "TMPDIR" not in os.environ:
    tempfile.tempdir = _in_memory()  # before pytest and PostgreSQL make their directories

NO_SKIP = os.environ.get("IDBRIDGE_NO_SKIP") == "1"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The session's PostgreSQL server."""
    try:
        server = PostgreSQL()
    except Exception as reason:
        pytest.skip(f"PostgreSQL does not start here: {reason!r}")
    yield server
    server.end()


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that servers which give up root can enter; those above `tmp_path` are root's alone."""
    with tempfile.TemporaryDirectory(prefix="idbridge-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
async def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A fresh, migrated database of SQLite."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'idbridge.db')}"


@pytest.fixture
async def postgresql_url(postgresql: PostgreSQL) -> AsyncIterator[str]:
    """A fresh, migrated database of PostgreSQL."""
    url = await postgresql.fresh()
    yield url
    await postgresql.drop(url)


@asynccontextmanager
async def new_database(
    request: pytest.FixtureRequest, migrated_file: Path, directory: Path
) -> AsyncIterator[str]:
    """A fresh, migrated database, empty but for the project `default`; `request.param` is its kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(migrated_file, directory / 'idbridge.db')}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = await server.fresh()
    yield url
    await server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path
) -> AsyncIterator[str]:
    """A database as `new_database` makes it: each test runs on both kinds."""
    async with new_database(request, migrated_file, tmp_path) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database at `database_url`, open."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def library(database_url: str, database: Database) -> Database:
    """The same, with the tables of books and shelves."""
    await perform(database_url, shelf.metadata.create_all)
    return database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files of a room that have the most tests come first, so that none of those is left at the end."""
    order = {room: number for number, room in enumerate(dict.fromkeys(item.path.parent for item in items))}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (order[item.path.parent], -sizes[item.path]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    # Half a surrogate pair, which some tests log, cannot be sent from one process to another.
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"nothing may be skipped here: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    if NO_SKIP and report.outcome == "skipped":
        report.outcome, report.longrepr = "failed", f"nothing may be skipped here: {report.longrepr}"
    return report
