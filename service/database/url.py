"""What a DATABASE_URL means."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_FORMS = (
    "must be sqlite:///path or postgresql://user:password@host:port/name;"
    " in a password write : / ? # @ % as %3A %2F %3F %23 %40 %25"
)


def sqlite_path(url: str) -> Path | None:
    """The file of `sqlite:///relative` or `sqlite:////absolute`; None for `postgresql://...`.

    ValueError for anything else; it does not repeat the URL, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter of a port that is none, such as the end of a password
        raise ValueError(_FORMS) from None
    if parsed.drivername in {"postgresql", "postgres"}:
        return None
    if parsed.drivername != "sqlite":
        raise ValueError(_FORMS)
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("must name a file of SQLite: sqlite:///path")
    return Path(parsed.database)
