"""Letters to an SMTP server over a few connections that are kept and used again, under one TLS context."""

import asyncio
import ssl
from contextlib import suppress
from email.message import EmailMessage

from mail.addresses import BadAddress, mailbox
from mail.contract import Delivery, GiveUp, Retry
from mail.dialog import Line, Lost, Unusable
from mail.opening import Token, open_line
from mail.settings import Settings

KEPT = 30.0  # seconds that an idle connection stays open; servers drop theirs after one to five minutes
FAREWELL = 5.0


class Smtp:
    """A `Sender`. `timeout` (seconds) bounds everything that one letter may take once it has a connection."""

    def __init__(
        self,
        settings: Settings,
        *,
        connections: int = 4,
        timeout: float = 60,
        tls: ssl.SSLContext | None = None,
        token: Token | None = None,
    ) -> None:
        self.connections = connections
        self.timeout = timeout
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        self._token = token
        self._slots = asyncio.Semaphore(connections)
        self._kept: list[tuple[Line, asyncio.TimerHandle]] = []
        self._leaving: set[asyncio.Task[None]] = set()

    async def send(self, recipient: str, message: EmailMessage) -> Delivery:
        """Hand the message to the server for `recipient`; say what became of it."""
        try:
            envelope = mailbox(message["From"].addresses[0].addr_spec), mailbox(recipient)
        except BadAddress as problem:
            return GiveUp(str(problem), "5.1.3")
        async with self._slots:
            return await self._send(message, *envelope)

    async def _send(self, message: EmailMessage, sender: str, recipient: str) -> Delivery:
        line: Line | None = None
        try:
            async with asyncio.timeout(self.timeout):
                line = self._take()
                if line is not None:
                    # A kept connection may have ended unseen; before the text it is safe to say all again.
                    with suppress(Lost):
                        return await line.carry(message, sender, recipient)
                    line = None
                line = await open_line(self._settings, self._tls, self.timeout, self._token)
                return await line.carry(message, sender, recipient)
        except Unusable as problem:
            return problem.outcome
        except TimeoutError:
            known = line is not None
            uncertain = line is not None and line.uncertain
            return Retry("the mail server took too long", outage=not known, uncertain=uncertain)
        finally:
            if line is not None:
                self._keep(line)

    async def close(self) -> None:
        """Say goodbye on every connection that is kept."""
        while self._kept:
            line, timer = self._kept.pop()
            timer.cancel()
            self._leave(line)
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _take(self) -> Line | None:
        while self._kept:
            line, timer = self._kept.pop()  # the one used last: the others grow old and are closed
            timer.cancel()
            if line.ready:
                return line
        return None

    def _keep(self, line: Line) -> None:
        if not line.ready:
            line.close()
            return
        timer = asyncio.get_running_loop().call_later(KEPT, self._expire, line)
        self._kept.append((line, timer))

    def _expire(self, line: Line) -> None:
        self._kept = [entry for entry in self._kept if entry[0] is not line]
        self._leave(line)

    def _leave(self, line: Line) -> None:
        leaving = asyncio.create_task(_quit(line))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _quit(line: Line) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await line.quit()
    line.close()
