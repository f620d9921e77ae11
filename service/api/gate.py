"""The ASGI layer in front of the router: request id, method and path put right, headers, access log."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import count
from secrets import token_hex
from traceback import format_exc
from typing import Any, Final

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send, WebSocketScope
from litestar.utils import normalize_path

from service.api import cross_origin, search
from service.api.calls import Call
from service.api.dispatch import Dispatch
from service.api.eight import addresses
from service.api.generations import GENERATION_10
from service.api.house import House
from service.journal import request_id
from service.users.model import LOCAL

_PROCESS: Final = token_hex(8)  # request ids tell processes apart, and cost no random bits each
_NUMBERS: Final = count(0x10000)
_OF_PROJECT: Final = re.compile(r"/([A-Za-z0-9_-]{1,64})/scim/v2(?=/|\Z)")
_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
# Personal data stays out of caches and referrers, whatever a handler forgot (ASVS 5.0 V14.3.2, V3.4.5).
_ALWAYS: Final = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_NAMES: Final = frozenset(name for name, _ in _ALWAYS)


class Gate:
    """Wraps the router; everything that is so for every request happens here, once."""

    router: ASGIApp
    dispatch: Dispatch  # past the router, or through it
    house: House
    lifespan: Callable[[], AbstractAsyncContextManager[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that a client sends, from the first byte to the log line."""
        kind: str = scope["type"]
        if kind == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            await self._socket(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        """The house is open between the two messages that the server sends (ASGI's lifespan protocol)."""
        await receive()
        step = "startup"
        try:
            async with self.lifespan():
                await send({"type": "lifespan.startup.complete"})
                step = "shutdown"
                await receive()
        except BaseException:
            await send({"type": f"lifespan.{step}.failed", "message": format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    def leave(self) -> None:
        """The service is about to end: whoever waits for news is answered with what there is."""
        self.house.feed_bells.close()

    async def _request(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        asked = scope["path"]
        call = self._call(scope, receive)
        state: Any = scope.setdefault("state", {})
        state["call"] = call
        await addresses.arrive(call)
        method, path = str(scope["method"]), scope["path"]
        head = method == "HEAD"
        if head:  # the router refuses HEAD; it is a GET whose body stays here (RFC 9110, 9.3.2)
            scope["method"] = HttpMethod.GET
        elif method == search.METHOD and search.knows(path):  # the router knows no SEARCH either
            state["search"] = True
            scope["method"], scope["path"] = HttpMethod.POST, search.PREFIX + path
        crossing = cross_origin.allowed(call) if self.house.terms.cors_origins else []
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if head:  # the server frames an answer by the method: one to HEAD has a length, and no bytes
                    scope["method"] = HttpMethod.HEAD
                message["headers"] = [*_headers(message["headers"], call.id), *crossing]
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            elif call.entry is not None and message["type"] == "http.response.body":
                call.entry.take(message["body"])
            await send(message)

        token = request_id.set(call.id)
        try:
            if cross_origin.asks(call, crossing):
                await cross_origin.PREFLIGHT(scope, receive, answer)
            else:
                await self.dispatch.answer(call, answer)
        finally:
            request_id.reset(token)
            del state["call"]  # it holds the scope: such a circle would be left to the garbage collector
            scope["path"] = asked if call.prefix else path
            if call.entry is not None:
                self.house.sync.answered(call.entry, status)
            self.house.access_log(call, method, status)

    async def _socket(self, scope: WebSocketScope, receive: Receive, send: Send) -> None:
        """One socket, with a line in the log at its end: the code that we closed it with, or 101."""
        call = self._call(scope, receive)
        if scope["path"] == "/graphql":  # Directus's address of them
            scope["path"] = "/graphql/system"
        state: Any = scope.setdefault("state", {})
        state["call"] = call
        status = 101

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.close":
                status = message["code"]
            await send(message)

        token = request_id.set(call.id)
        try:
            await self.router(scope, receive, answer)
        finally:
            request_id.reset(token)
            del state["call"]
            self.house.access_log(call, "GET", status)

    def _call(self, scope: HTTPScope | WebSocketScope, receive: Receive) -> Call:
        path = scope["path"]
        # Early clients end their paths with a slash. All of us read an address as the router does, for which
        # several slashes are one: `//-/8/users` would else lead past whoever looks at its beginning.
        if (len(path) > 1 and path.endswith("/")) or "//" in path:
            scope["path"] = normalize_path(path)
        project, prefix = LOCAL, ""
        of_project = _OF_PROJECT.match(scope["path"]) if "/scim/v2" in path else None
        if of_project is not None:  # a project that is not there has no tokens: its addresses tell nothing
            project, prefix = of_project[1], f"/{of_project[1]}"
            scope["path"] = scope["path"][len(prefix) :]
        client = scope.get("client")
        ip = client[0] if client else None
        call = Call(self.house, GENERATION_10, project, scope, receive, identity="", ip=ip)
        call.prefix, call.id = prefix, _identity(call)
        return call


def _identity(call: Call) -> str:
    """What names a request in the log: what its client says, or a number of ours."""
    for given in call.lines(b"x-request-id"):
        if _GIVEN_ID.match(given):
            return given
    return f"{_PROCESS}{next(_NUMBERS):x}"


def _headers(given: Any, identity: str) -> list[tuple[bytes, bytes]]:
    headers = list(given)
    present = {name for name, _ in headers}
    if present.isdisjoint(_NAMES):
        headers.extend(_ALWAYS)
    else:
        headers.extend(header for header in _ALWAYS if header[0] not in present)
    headers.append((b"x-request-id", identity.encode()))
    return headers
