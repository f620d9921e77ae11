"""A client of HTTP/1.1 that costs little: one connection kept alive, one request at a time, raw bytes."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar, cast
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """A response; nothing of its head but the status is looked at."""

    status: int
    body: bytes


def request(method: str, path: str, token: str | None = None, body: bytes | None = None) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "accept: application/json"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + (body or b"")


class Wire(asyncio.Protocol):
    """A connection. Answers have to carry a Content-Length, as all of ours do."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._waiting: asyncio.Future[Answer] | None = None

    async def ask(self, sent: bytes) -> Answer:
        """Send a request, wait for the whole answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def connection_lost(self, problem: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(problem or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = whole(self._received)
        if answer is not None:
            self._received = b""  # nothing is asked before the answer is there, so nothing follows it
            self.take(answer)

    def take(self, answer: Answer) -> None:
        """Give the answer to who waits for it."""
        assert self._waiting is not None, "an answer that nobody asked for"
        waiting, self._waiting = self._waiting, None
        waiting.set_result(answer)


class Repeater(Wire):
    """Asks one thing after another from the moment that it is connected, without a task that must be woken."""

    def __init__(self, asked: Iterator[bytes], until: float, times: list[float]) -> None:
        super().__init__()
        self._asked = asked
        self._until = until
        self._times = times  # seconds of each request
        self._began = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._next(time.perf_counter())

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(problem or ConnectionResetError("the server hung up"))

    def take(self, answer: Answer) -> None:
        now = time.perf_counter()
        self._times.append(now - self._began)
        if answer.status not in (200, 201):
            self.done.set_exception(AssertionError(f"{answer.status}: {answer.body[:300]!r}"))
            self.close()
        elif now >= self._until:
            self.done.set_result(None)
            self.close()
        else:
            self._next(now)

    def _next(self, now: float) -> None:
        assert self._transport is not None
        self._began = now
        self._transport.write(next(self._asked))


class Drain(asyncio.Protocol):
    """Takes one long, chunked answer (RFC 9112, 7.1) and keeps nothing of it but the number of its users."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._end = b""
        self.status = 0
        self.lines = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, sent: bytes) -> None:
        """Send the request."""
        assert self._transport is not None
        self._transport.write(sent)

    def close(self) -> None:
        """Hang up."""
        self.done.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.status = self.status or int(data[9:12])
        self.lines += data.count(b'"auth_data"')
        self._end = (self._end + data[-7:])[-7:]
        if self._end == b"\r\n0\r\n\r\n" and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(problem or ConnectionResetError("the server hung up"))


AnyWire = TypeVar("AnyWire", bound=Wire | Drain)


async def connect(url: str, make: Callable[[], AnyWire]) -> AnyWire:
    """Open a connection."""
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    _, wire = await asyncio.get_running_loop().create_connection(make, place.hostname, place.port)
    return wire


def whole(received: bytes) -> Answer | None:
    """The answer, once all of it has come."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    status, start = int(received[9:12]), end + 4
    if status == 204:
        return Answer(status, b"")
    at = received.find(b"content-length: ", 0, end)
    assert at > 0, f"an answer without a Content-Length: {received[:end]!r}"
    length = int(received[at + 16 : received.find(b"\r\n", at)])
    return Answer(status, received[start:]) if len(received) >= start + length else None
