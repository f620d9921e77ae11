"""The secret that a single machine makes for itself at its first start and keeps in its data folder."""

import os
import secrets
import tempfile
from pathlib import Path

NAME = "secret"


def kept_secret(folder: Path) -> str:
    """Give the secret of this folder, made at the first call; readable for its owner only.

    Two processes that start at once get the same one. Raises OSError.
    """
    file = folder / NAME
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(file)
    return file.read_text("ascii").strip()


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
