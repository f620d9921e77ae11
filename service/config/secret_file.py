"""The secret that a single machine makes for itself at its first start and keeps in its data folder."""

import os
import secrets
import tempfile
from pathlib import Path

NAME = "secret"
_SQLITE = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html#magic_header_string


def kept_secret(folder: Path) -> str:
    """Give the secret of this folder, made at the first call; readable for its owner only.

    Two processes that start at once get the same one. Raises OSError,
    and ValueError if it is no text.
    """
    file = folder / NAME
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(file)
    return file.read_text("ascii").strip()


def is_kept(folder: Path) -> bool:
    """Whether this folder has its secret already, as far as we may know."""
    try:
        return (folder / NAME).exists()
    except PermissionError:
        return False


def is_lost(folder: Path, database: Path) -> bool:
    """Whether there is a database of SQLite, but no longer the secret that was made before it."""
    try:
        with database.open("rb") as opened:
            return opened.read(len(_SQLITE)) == _SQLITE and not is_kept(folder)
    except OSError:
        return False


def _make(file: Path) -> None:
    # Written aside and linked into place: nobody reads half of it, and whoever comes second changes nothing.
    descriptor, aside = tempfile.mkstemp(dir=file.parent, prefix=f".{NAME}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_hex(32) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        file.hardlink_to(aside)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()
