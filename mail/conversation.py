"""What is said and heard on an open SMTP connection: a reply to each command, in their order (RFC 2920)."""

import asyncio
from collections import deque
from re import compile as pattern
from typing import NamedTuple

from mail.replies import MALFORMED

_LINE = pattern(rb"\d{3}(?:[ -]|$)")
LONGEST = 32_768  # octets of one reply; a greeting with every extension has two thousand


class Reply(NamedTuple):
    """What the server answered to one command; the code is MALFORMED where that was no SMTP."""

    code: int
    text: str


class Conversation(asyncio.Protocol):
    """Takes an open connection over from whoever opened it.

    aiosmtplib reads one reply for each write and sets a timer for each; here commands may go together, and
    whoever asks says how long he waits.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._due = 0  # replies that the server owes us
        self._heard: deque[Reply] = deque()
        self._unread = bytearray()
        self._lines: list[bytes] = []  # of a reply that is not at its end
        self._length = 0  # octets of it
        self._code = b""
        self._waiting: asyncio.Future[None] | None = None
        self._is_over = False
        self._spoke_unasked = False
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether it can go on: nothing is owed, and nothing was said out of turn."""
        return not (self._due or self._is_over or self._spoke_unasked or self._transport.is_closing())

    def say(self, words: bytes, replies: int = 1) -> None:
        """Send commands that so many replies are due to. Raises ConnectionError."""
        if self._is_over or self._transport.is_closing():
            raise ConnectionResetError
        self._due += replies
        self._transport.write(words)

    async def hear(self) -> Reply:
        """The next reply. Raises ConnectionError when the server went away without it."""
        while not self._heard:
            if self._is_over:
                raise ConnectionResetError
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._heard.popleft()

    def close(self) -> None:
        """End it at once, whatever is still on its way."""
        self._is_over = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Cut what comes into replies."""
        self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            if not self._is_over:
                self._read(bytes(line).rstrip())
        if len(self._unread) > LONGEST:
            self._reply(MALFORMED)
        self._wake()

    def eof_received(self) -> bool:
        """A server that says nothing more has gone: false closes our half too."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for a reply gets none."""
        self._end()

    def _read(self, line: bytes) -> None:
        code, more = line[:3], line[3:4] == b"-"
        self._length += len(line) + 2
        # RFC 5321 section 4.2.1: each line of a reply has its code.
        if not _LINE.match(line) or self._length > LONGEST or (self._lines and code != self._code):
            self._lines.append(line)
            self._reply(MALFORMED)
            return
        self._code = code
        self._lines.append(line[4:].strip())
        if not more:
            self._reply(int(code))

    def _reply(self, code: int) -> None:
        text = b"\n".join(self._lines)[:LONGEST].decode("utf-8", "replace")
        self._lines, self._length = [], 0
        if self._due:
            self._due -= 1
            self._heard.append(Reply(code, text))
        else:
            self._spoke_unasked = True
        if code == MALFORMED:
            self._is_over = True  # nobody knows what belongs to what from here on

    def _end(self) -> None:
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
