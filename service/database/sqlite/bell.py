"""Whether another process has written: SQLite has no bell, but tells by a number that is cheap to read."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from service.database.sqlite.file import connect_point_reader

EVERY: Final = 0.25  # seconds


async def watch(path: Path, listener: Callable[[], None]) -> NoReturn:
    """Call `listener` after commits of others, this process among them: each connection counts for itself.

    `PRAGMA data_version` reads one page of shared memory, so the loop does it itself.
    """
    connection = connect_point_reader(path)
    try:
        seen = None
        while True:
            try:
                (version,) = connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.OperationalError:  # somebody writes right now
                version = None
            if version != seen or version is None:
                seen = version
                listener()
            await asyncio.sleep(EVERY)
    finally:
        connection.close()
