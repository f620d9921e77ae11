"""An HTTP connection that nobody can hold open: uvicorn's own, with a deadline for each of its phases.

uvicorn waits for a request's head, its body and the reader of an answer as long as they like. Here each
connection has one deadline that moves with its phase; the server looks at all of them once a second, which is
cheaper than timers for every request.
"""

from asyncio import Transport
from math import inf
from typing import Any, Literal

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.exchange import Exchange
from service.guarded import Guarded
from service.no_request import HEAD_BYTES, HEADERS, URL_BYTES, NoRequest, refusal

HEAD_SECONDS = 10  # for a whole head, from the connection's or the head's first byte on
BODY_SECONDS = 10  # in which a body must bring BODY_BYTES, or its end
BODY_BYTES = 10_240
IDLE_SECONDS = 5  # between an answer and the next request
REST_SECONDS = 5  # for the rest of a body whose answer was given already
LAST_SECONDS = 1  # for a request that was on its way when we were told to stop
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
SOCKETS = (b"/graphql", b"/graphql/system")  # where requests for a WebSocket are heeded


class Connection(Guarded, HttpToolsProtocol):
    """One client's connection. `look` is for the server to call once a second."""

    _phase: Literal["idle", "head", "body"] = "idle"
    _deadline = inf
    _raw_bytes = 0  # since the last piece of a body, or since a head began, of what has no end yet
    _head_bytes = 0  # of its headers that have
    _body_bytes = 0
    _status = 400
    _leaving = False  # the server stops: what is asked now is the last that is answered here

    def look(self, now: float) -> None:
        """Cut the connection if its client is too slow in writing, or in reading."""
        if now >= self._deadline and not self.transport.is_closing():
            self._expire(now)
        super().look(now)

    def _expire(self, now: float) -> None:
        if self.flow.read_paused:  # then it is us who do not read
            self._deadline = now + BODY_SECONDS
        elif self._phase == "body" and self._body_bytes >= BODY_BYTES and not self._is_answered():
            self._body_bytes = 0
            self._deadline = now + BODY_SECONDS
        elif self._phase == "idle":
            self.transport.close()
        else:
            self.transport.abort()

    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + HEAD_SECONDS

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse a head, or trailers, without end: the parser alone would keep it all."""
        self._raw_bytes += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        if self._phase != "idle" and self._raw_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._status = 431
            self.send_400_response("")

    def _parse(self, data: bytes | memoryview) -> None:
        """At each offer to speak another protocol the parser stops, and passes over the body."""
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = memoryview(data)[offer.args[0] :]
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return
            self._pass_over()

    def _pass_over(self) -> None:
        """Parse the head again as though nothing had been offered (RFC 9110, 7.8).

        What follows it is the body of this request: to take it for the next one would be smuggling.
        """
        line = (self.scope["method"].encode(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn itself
        self.parser.feed_data(b"".join((b"%b %b HTTP/%b\r\n" % line, *lines, b"\r\n")))

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of this head."""
        super().on_message_begin()
        self._phase, self._raw_bytes, self._head_bytes = "head", 0, 0
        if self.cycle is not None:
            self._deadline = self.loop.time() + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        super().on_url(url)
        if len(self.url) > URL_BYTES:
            self._status = 414
            raise NoRequest

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are dropped: nothing may change what the application was told at first."""
        if self._phase != "head":
            return
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES or len(self.headers) > HEADERS:
            self._status = 431
            raise NoRequest

    def on_headers_complete(self) -> None:
        """Begin to wait for the body, while the application starts."""
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
            if self.scope["method"] == "CONNECT":
                raise NoRequest  # what follows it would be no HTTP
            return  # `_parse` goes on
        super().on_headers_complete()
        self._phase, self._body_bytes = "body", 0
        self._deadline = self.loop.time() + BODY_SECONDS
        if self._leaving and self.cycle is not None:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the application send through an exchange of ours."""

        async def exchanged(scope: Any, receive: Any, _: Any) -> None:
            await app(scope, receive, Exchange(cycle).send)

        super()._start_asgi_task(cycle, exchanged)

    def on_body(self, body: bytes) -> None:
        """Count what arrives: a body must keep coming."""
        self._body_bytes += len(body)
        self._raw_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing but the application's answer."""
        if self.parser.should_upgrade():
            return
        self._phase, self._body_bytes = "idle", 0
        self._deadline = self.loop.time() + IDLE_SECONDS if self._is_answered() else inf
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin with who stands in line, else wait for the next request, or for what is left of this one.

        uvicorn would set a timer for every answer; the deadline serves.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._is_answered() and self._phase != "head":  # otherwise a later request has begun
            self._deadline = self.loop.time() + (REST_SECONDS if self._phase == "body" else IDLE_SECONDS)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self.unread()

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self.read_on()

    def shutdown(self) -> None:
        """The server stops. uvicorn would close at once what is idle, and cut off who asks just then."""
        self._leaving = True
        if not self._is_answered():
            super().shutdown()
        elif self._phase == "idle":
            self._deadline = min(self._deadline, self.loop.time() + LAST_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; in the middle of one that is, or of an answer, only by closing."""
        if self._phase == "body" or not self._is_answered():
            self.transport.abort()
            return
        self.transport.write(refusal(self._status))
        self.transport.close()

    def _should_upgrade(self) -> bool:
        """Only at some addresses, and never while an earlier request is being answered.

        Only a GET without a body can open a socket (RFC 6455, 4.1).
        """
        here = not self._leaving and self._is_answered() and self.url.partition(b"?")[0] in SOCKETS
        opens = self.scope["method"] == "GET" and _FRAMING.isdisjoint(name for name, _ in self.headers)
        return here and opens and super()._should_upgrade()
