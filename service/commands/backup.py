"""`idbridge backup`: copies SQLite's file in one piece, while the service goes on writing to it."""

from argparse import Namespace
from pathlib import Path

from service.commands import Failure, tell, why
from service.commands.bar import Bar
from service.commands.setting import configured, usable
from service.database.sqlite import copies
from service.database.url import sqlite_path


def run(options: Namespace) -> None:
    """Run the command."""
    path, bar = file_in_use(), Bar(0)
    if not path.exists():
        raise Failure(f"There is no database yet at {path}.")
    if options.file.exists():
        raise Failure(f"{options.file} is there already; a copy replaces nothing.")
    try:
        with usable():
            copies.save(path, options.file, bar.reach)
    except OSError as problem:
        raise Failure(f"{options.file} cannot be written: {why(problem)}.") from problem
    bar.end()
    tell(
        f"{options.file} is a whole copy of {path}. SECRET, or {path.parent / 'secret'}, opens what it seals."
    )


def file_in_use() -> Path:
    """The file that the configuration names; PostgreSQL has none."""
    path = sqlite_path(configured(keep=False).database_url)
    if path is None:
        raise Failure("PostgreSQL has tools of its own: pg_dump copies a database, pg_restore puts it back.")
    return path
