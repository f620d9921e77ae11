"""A WebSocket that nobody can hold open: uvicorn's own, cut off when its client does not read."""

import logging
from asyncio.transports import BaseTransport
from typing import Final

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from service.guarded import Guarded

# What uvicorn says of sockets are their addresses, with queries, and tracebacks for what clients do wrong.
_SILENT: Final = logging.getLogger("uvicorn.websocket")
_SILENT.setLevel(logging.CRITICAL + 1)


class Socket(Guarded, WebSocketsSansIOProtocol):
    """One client's socket. `look` is for the server to call once a second."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin; the head of the request was read already."""
        self.logger = _SILENT
        self.conn.logger = _SILENT
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take what comes; a handshake that is none is refused, where uvicorn would wait for a better one."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    async def receive(self) -> ASGIReceiveEvent:
        """The next message. uvicorn reads on now, which waits until the client reads as well."""
        message = await super().receive()
        if not self.writable.is_set():
            self.transport.pause_reading()
        return message

    def pause_writing(self) -> None:
        """Begin to wait for the client to read; until it does, nothing of it is read, for it is answered."""
        super().pause_writing()
        self.unread()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self.read_on()
        if not self.read_paused:
            self.transport.resume_reading()
