"""Brings a database's schema to the newest, by Alembic, one process at a time."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import OperationalError

from service.database.door import Unavailable
from service.database.sqlite.file import prepare_file
from service.database.url import sqlite_path

_LOCK_SECONDS = 60.0  # how long to wait for another process that migrates
_ADVISORY_LOCK = 0x6964627269646765  # "idbridge"

T = TypeVar("T")


async def migrate(url: str) -> None:
    """Bring the schema at `url` to the newest, all or nothing. A second process waits, and finds it done.

    Raises ValueError for another kind of URL, Unavailable when the database cannot be reached.
    """
    await perform(url, lambda connection: command.upgrade(_config(connection), "head"))


async def pending(url: str) -> bool:
    """Whether the schema at `url` is not the newest. Changes nothing; an absent SQLite file is pending."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return True
    return await perform(url, revision, alone=False) != head()


def head() -> str | None:
    """The newest revision that this version of idbridge knows."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def revision(connection: Connection) -> str | None:
    """The revision that the schema is at; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


async def perform(url: str, work: Callable[[Connection], T], *, alone: bool = True) -> T:
    """Do `work` in one transaction, `alone` while no other process migrates the same database."""
    path = sqlite_path(url)
    try:
        if path is not None:
            return await asyncio.to_thread(_on_sqlite, path, work, alone)
        return await _on_postgresql(url, work, alone)
    except (OSError, OperationalError) as reason:
        raise Unavailable("the database cannot be reached for migrating") from reason


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _on_sqlite(path: Path, work: Callable[[Connection], T], alone: bool) -> T:
    prepare_file(path)
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None),
        poolclass=NullPool,
    )

    @event.listens_for(engine, "begin")
    def take_the_lock(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")

    with engine.begin() as connection:
        return work(connection)


async def _on_postgresql(url: str, work: Callable[[Connection], T], alone: bool) -> T:
    from sqlalchemy.ext.asyncio import create_async_engine  # with the whole ORM behind it

    from service.database.postgres.lane import connect_to_migrate

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect_to_migrate(url), poolclass=NullPool
    )
    async with engine.begin() as connection:
        if alone:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        return await connection.run_sync(work)
