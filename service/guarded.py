"""A connection whose client may be slow in reading, but not for ever; the server looks once a second."""

from asyncio import AbstractEventLoop, Transport
from math import inf

READ_SECONDS = 30  # for a client that does not take what we send


class Guarded:
    """A connection that the server looks at once a second, lest its client be too slow in reading."""

    loop: AbstractEventLoop
    transport: Transport
    _reader_deadline = inf  # while the client does not read
    _close_deadline = inf  # since we closed, with something still unsent

    def look(self, now: float) -> None:
        """Cut the connection if its client is too slow; `now` is the loop's time."""
        if self.transport.is_closing():
            self._close_deadline = min(self._close_deadline, now + READ_SECONDS)
        if now >= min(self._reader_deadline, self._close_deadline):
            self.transport.abort()

    def unread(self) -> None:
        """The client does not read: it has some time to begin again."""
        self._reader_deadline = self.loop.time() + READ_SECONDS

    def read_on(self) -> None:
        """The client reads."""
        self._reader_deadline = inf
