"""A prompt: the command `idbridge` in a folder of its own, with nothing else in its environment."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.config.secret_file import kept_secret
from service.database import Database, open_database
from service.database.migrations import migrate
from tests import commands
from tests.commands import ROOT, Ended

COMMANDS = (
    *("serve", "worker", "migrate", "backup", "restore", "reseal", "check", "admin", "project"),
    *("auth", "mail"),
    *("connection", "scim-token", "scim-group", "scim-log", "scim-import"),
)


async def begin(folder: Path, *arguments: str, **variables: str) -> Process:
    """Start the command in an empty folder, with nothing else in its environment."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "service", *arguments),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )


async def idbridge(folder: Path, *arguments: str, **variables: str) -> Ended:
    """One command to its end, in an empty folder, with nothing else in its environment."""
    return await commands.run(folder, arguments, {"PATH": "/usr/bin:/bin", **variables})


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """An empty folder with a secret and a migrated database in their places."""
    kept_secret(tmp_path / "data")
    await migrate(f"sqlite:///{tmp_path / 'data' / 'idbridge.sqlite3'}")
    return tmp_path


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[Database]:
    """What the commands left in the folder's database."""
    database = await open_database(f"sqlite:///{folder / 'data' / 'idbridge.sqlite3'}")
    yield database
    await database.close()
