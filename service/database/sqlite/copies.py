"""Copies of the file: taken in one piece while others write to it, looked through, and put back."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from service.database.door import Unavailable
from service.database.sqlite.file import connect_writer, prepare_file
from service.database.sqlite.problems import explained

_PAGES = 4096  # of a step: 16 MiB, after each of which the progress is told
_BUSY_SECONDS = 30.0  # for others to let go of a file that is to be replaced

Progress = Callable[[int, int], None]  # pages done, pages of all


def save(path: Path, copy: Path, progress: Progress) -> None:
    """Copy the database as it is at this moment to a new file, which nobody else may read.

    Raises OSError, Unavailable; what was begun is taken away then.
    """
    descriptor, name = tempfile.mkstemp(dir=copy.parent, prefix=f".{copy.name}-")  # mode 0600
    os.close(descriptor)
    aside = Path(name)
    try:
        with explained(path), closing(sqlite3.connect(path, isolation_level=None)) as source:
            source.execute("BEGIN")  # and one look: from here on what others write is not seen
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with explained(copy), closing(sqlite3.connect(aside)) as target:
                _copy(source, target, progress)
                target.execute("PRAGMA journal_mode=DELETE")  # a copy is one file, also once it was read
        check(aside)
        aside.rename(copy)
    finally:
        aside.unlink(missing_ok=True)


def restore(copy: Path, path: Path, progress: Progress) -> None:
    """Put a copy in the place of the database; all or nothing, and whoever has it open sees the change.

    Raises OSError, Unavailable.
    """
    check(copy)
    prepare_file(path)
    with (
        explained(path),
        closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(connect_writer(path)) as target,
    ):
        target.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000:.0f}")
        _copy(source, target, progress)


def check(copy: Path) -> None:
    """Read a whole copy. Raises Unavailable if it is damaged, or no database of ours."""
    with explained(copy), closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as source:
        (found,) = source.execute("PRAGMA quick_check(1)").fetchone()
        ours = source.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if found != "ok":
        raise Unavailable(f"{copy}: the file is damaged")
    if not ours:
        raise Unavailable(f"{copy}: no database of idbridge")


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress) -> None:
    source.backup(target, pages=_PAGES, progress=lambda _, left, pages: progress(pages - left, pages))
