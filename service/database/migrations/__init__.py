"""Which schema a database has, and how it comes to the newest: one process at a time, all or nothing."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from service.database.door import Unavailable
from service.database.sqlite.file import prepare_file
from service.database.sqlite.problems import explained
from service.database.url import sqlite_path

_LOCK_SECONDS = 60.0  # how long to wait for another process that migrates
_ADVISORY_LOCK = 0x6964627269646765  # "idbridge"
_ON_SQLITE = "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
_ON_POSTGRESQL = "SELECT to_regclass('alembic_version')::text"
_REVISION = "SELECT version_num FROM alembic_version"
# https://www.postgresql.org/docs/current/errcodes-appendix.html; since 15 its owner alone makes tables
# in a database, unless a GRANT says more.
_REFUSED = {
    "42501": "our role may not change the schema there: ALTER DATABASE name OWNER TO user lets it",
    "25006": "it is read-only, as a standby is",
    "53100": "the disk is full",
}

T = TypeVar("T")


class SchemaUnknown(Exception):
    """A newer idbridge has been here: the database has a schema that this one has never heard of."""


async def migrate(url: str) -> None:
    """Bring the schema at `url` to the newest, all or nothing. A second process waits, and finds it done.

    Raises ValueError for another kind of URL, Unavailable when the database cannot be used, SchemaUnknown.
    """
    if await pending(url):
        from service.database.migrations import steps  # with Alembic behind it: most starts do without

        await perform(url, steps.up)


async def pending(url: str) -> bool:
    """Whether the schema at `url` is not the newest. Changes nothing; an absent SQLite file is pending.

    Raises what `migrate` raises.
    """
    found = await revision(url)
    if found is not None and found not in known():
        raise SchemaUnknown(f"its schema is {found}, and the newest known here is {head()}")
    return found != head()


def head() -> str:
    """The newest revision that this version of idbridge knows."""
    return known()[-1]


def known() -> tuple[str, ...]:
    """All revisions that it knows, the oldest first: the numbers that their files begin with."""
    files = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


async def revision(url: str) -> str | None:
    """The revision that the schema at `url` is at; None when it was never migrated."""
    path = sqlite_path(url)
    if path is not None:
        return await asyncio.to_thread(_of_file, path)
    from service.database.postgres.lane import connect_to_migrate

    connection = await connect_to_migrate(url)
    try:
        there = await connection.fetchval(_ON_POSTGRESQL)
        found: str | None = await connection.fetchval(_REVISION) if there else None
        return found
    finally:
        await connection.close()


def _of_file(path: Path) -> str | None:
    if not path.exists():
        return None
    with explained(path), closing(sqlite3.connect(path, timeout=_LOCK_SECONDS)) as connection:
        there = connection.execute(_ON_SQLITE).fetchone()
        found = connection.execute(_REVISION).fetchone() if there else None
        return found and str(found[0])


async def perform(url: str, work: Callable[[Connection], T]) -> T:
    """Do `work` in one transaction, while no other process migrates the same database."""
    path = sqlite_path(url)
    if path is not None:
        return await asyncio.to_thread(_on_sqlite, path, work)
    return await _on_postgresql(url, work)


def _on_sqlite(path: Path, work: Callable[[Connection], T]) -> T:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None),
        poolclass=NullPool,
    )

    @event.listens_for(engine, "begin")
    def take_the_lock(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with explained(path):
        prepare_file(path)
        with engine.begin() as connection:
            return work(connection)


async def _on_postgresql(url: str, work: Callable[[Connection], T]) -> T:
    from sqlalchemy.ext.asyncio import create_async_engine  # with the whole ORM behind it

    from service.database.postgres.lane import connect_to_migrate

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect_to_migrate(url), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            return await connection.run_sync(work)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("postgresql: the connection was lost while migrating") from error
        if reason := _REFUSED.get(getattr(error.orig, "sqlstate", None) or ""):
            raise Unavailable(f"postgresql: {reason}") from error
        raise
