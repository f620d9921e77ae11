"""Letters laid into a folder as .eml files, for as long as no SMTP server is set."""

import asyncio
import logging
import os
from datetime import UTC
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from mail.contract import Delivery, Pause, Sent

_log = logging.getLogger(__name__)


class Folder:
    """A `Sender`. A file holds a live token, so only its owner may read it."""

    connections = 1
    timeout = 30.0

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, recipient: str, message: EmailMessage) -> Delivery:
        """Write one file, whole or not at all; the same letter again replaces its own file."""
        name = f"{_stamp(message)}-{_key(message)}.eml"
        content = message.as_bytes(policy=default.clone(cte_type="8bit", utf8=True))
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as problem:
            return Pause(f"the folder of letters cannot be written: {problem.strerror}", seconds=30)
        _log.info("letter laid into the folder", extra={"file": str(self._path / name)})
        return Sent(f"laid into {name}")

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, name: str, content: bytes) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._path / f".{name}.{os.getpid()}"
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path / name)


def _stamp(message: EmailMessage) -> str:
    when = message["Date"].datetime.astimezone(UTC)
    return f"{when:%Y%m%dT%H%M%SZ}"


def _key(message: EmailMessage) -> str:
    local = str(message["Message-ID"]).strip("<> ").partition("@")[0]
    return "".join(sign for sign in local if sign.isascii() and (sign.isalnum() or sign == "-"))
