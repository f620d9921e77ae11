"""What a DATABASE_URL means."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def sqlite_path(url: str) -> Path | None:
    """The file of `sqlite:///relative` or `sqlite:////absolute`; None for `postgresql://...`.

    ValueError for anything else; it does not repeat the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("a database URL begins with sqlite:/// or postgresql://") from None
    if parsed.drivername in {"postgresql", "postgres"}:
        return None
    if parsed.drivername != "sqlite":
        raise ValueError("a database URL begins with sqlite:/// or postgresql://")
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("a SQLite URL names a file: sqlite:///path")
    return Path(parsed.database)
