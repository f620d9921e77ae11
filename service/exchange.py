"""What an application sends, on its way to the connection: the head of an answer waits for its body.

uvicorn writes the head, then the body: two calls of the system, and two wakings of the client, for an answer
that fits into one. They cost more than most of what is done to find the answer.
"""

from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_NAMES: Final = f"{ascii_lowercase}-".encode()
_VALUES: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))  # RFC 9110, 5.5
_FRAMING: Final = frozenset((b"connection", b"transfer-encoding"))
_BODILESS: Final = (204, 304)


class Exchange:
    """Sends one answer. `send` is what ASGI gives to an application; the cycle is uvicorn's own."""

    __slots__ = ("_cycle", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: Any = None

    async def send(self, message: Any) -> None:
        """Keep the head until the first of the body; write both at once where that is the whole answer."""
        if message["type"] == "http.response.start" and self._start is None:
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            head = self._head(start, message)
            if head is not None:
                self._finish(head, message.get("body", b""))
                return
            await self._cycle.send(start)
        await self._cycle.send(message)

    def _head(self, start: Any, message: Any) -> bytes | None:
        """The head of an answer that is whole; None for what uvicorn is to judge, or to frame."""
        cycle, status, headers = self._cycle, start["status"], start.get("headers", ())
        if message["type"] != "http.response.body" or message.get("more_body") or not cycle.keep_alive:
            return None
        if cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return None
        given = dict(headers)
        if cycle.scope["method"] == "HEAD" or status in _BODILESS or not given.keys().isdisjoint(_FRAMING):
            return None
        if given.get(b"content-length") != b"%d" % len(message.get("body", b"")):
            return None
        return _written(status, [*cycle.default_headers, *headers])

    def _finish(self, head: bytes, body: bytes) -> None:
        """Write, and leave the cycle as it would be had it done so."""
        cycle = self._cycle
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        cycle.transport.writelines((head, body))
        cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _written(status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """The head; None where a name or a value holds what could end its line."""
    names, values = zip(*headers, strict=True)
    if b"".join(names).translate(None, _NAMES) or b"".join(values).translate(None, _VALUES):
        return None
    lines = [b"%b: %b\r\n" % header for header in headers]
    return b"".join((STATUS_LINE[status], *lines, b"\r\n"))
