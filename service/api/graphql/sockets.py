"""A socket of graphql-transport-ws: whose it is, its subscriptions, and how it ends.

Nobody is recognised by a cookie here, so it does not matter which site has opened a socket: only who holds
a token and sends it in `connection_init` is somebody.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from litestar.types import Receive, Send

from service.api import answers
from service.api.calls import Call
from service.api.generations import GRAPHQL
from service.api.graphql import messages, telling
from service.api.graphql.answering import Request
from service.api.graphql.messages import Closing, Complete, Init, Ping, Pong, Subscribe
from service.api.graphql.telling import Behind, Subscription
from service.api.watch import Happened
from service.database import Unavailable
from service.dialects.graphql.bounds import BadDocument
from service.users.problems import Problem

INIT: Final = 10.0  # seconds within which a client says whose the socket is
LOOK: Final = 10.0  # seconds between two looks at the token where nothing happens; the database is asked
MOST: Final = 20  # subscriptions of one socket


class Gone(Exception):
    """The client has left."""


async def serve(call: Call, receive: Receive, send: Send, offered: Sequence[str]) -> None:
    """One socket from its handshake to its end."""
    try:
        await _serve(call, receive, send, offered)
    except Closing as end:
        await _close(send, end.code, end.reason)
    except (Gone, OSError):  # the client is not there: nobody is left to be told
        pass
    except Unavailable:
        await _close(send, messages.LATER, "The database cannot be reached now")
    except Exception as problem:
        answers.foreseen(problem)  # which logs it
        await _close(send, messages.BROKEN, "Internal server error")


async def _close(send: Send, code: int, reason: str) -> None:
    with suppress(OSError):  # as above
        await send({"type": "websocket.close", "code": code, "reason": reason})


async def _serve(call: Call, receive: Receive, send: Send, offered: Sequence[str]) -> None:
    await receive()  # the handshake
    spoken = messages.PROTOCOL if messages.PROTOCOL in offered else None
    await send({"type": "websocket.accept", "subprotocol": spoken, "headers": []})
    if spoken is None:
        raise Closing(messages.UNACCEPTABLE, "Subprotocol not acceptable")
    socket = Socket(call, receive, send)
    async with AsyncExitStack() as stack:
        with call.house.watch.strangers.place(call.ip or "") as free:
            if not free:
                raise Closing(messages.LATER, "Too many sockets")
            await _begin(socket)
        if not stack.enter_context(call.house.watch.people.place(socket.user)):
            raise Closing(messages.LATER, "Too many sockets")
        await stack.enter_async_context(call.house.watch.hearing(socket))
        await socket.run()


async def _begin(socket: "Socket") -> None:
    try:
        async with asyncio.timeout(INIT):
            await socket.begin()
    except TimeoutError:
        raise Closing(messages.SLOW_START, "Connection initialisation timeout") from None


class Socket:
    """One that speaks the protocol."""

    def __init__(self, call: Call, receive: Receive, send: Send) -> None:
        self.user = ""
        self._call = call
        self._receive, self._send = receive, send
        self._subscriptions: dict[str, Subscription] = {}
        self._bell = asyncio.Event()
        self._behind = False

    def take(self, happened: Happened) -> None:
        """Note what has happened in the caller's project. Who is behind by too much is told nothing more."""
        own = happened.get(self._call.project)
        if own is None or self._behind:
            return
        try:
            for subscription in self._subscriptions.values():
                subscription.take(own)
        except Behind:
            self._behind = True
            for subscription in self._subscriptions.values():
                subscription.clear()
        if self._behind or any(one.waits for one in self._subscriptions.values()):
            self._bell.set()

    def doubt(self) -> None:
        """Note that the caller is to be recognised again."""
        self._bell.set()

    async def begin(self) -> None:
        """Wait until the client has said whose the socket is. Raises Closing."""
        while not isinstance(message := await self._message(), Init):
            if isinstance(message, Subscribe):
                raise Closing(messages.UNAUTHORIZED, "Unauthorized")
        token = (message.payload or {}).get("access_token")
        if not isinstance(token, str) or not token.isascii():
            raise Closing(messages.FORBIDDEN, "An access_token is needed in connection_init")
        scope: Any = self._call.scope
        agent = [header for header in scope["headers"] if header[0] == b"user-agent"]
        scope["headers"] = [*agent, (b"authorization", f"Bearer {token}".encode())]
        scope["query_string"] = b""
        await self._recognised(self._call)

    async def run(self) -> None:
        """Answer the client and tell it things, until one of both ends it. Raises Closing, Gone."""
        await self._text(messages.ACKNOWLEDGED)
        tasks = {asyncio.create_task(work) for work in (self._read(), self._tell())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _message(self) -> messages.Message:
        """The next message; pings are answered on the way."""
        while True:
            got: Any = await self._receive()
            if got["type"] == "websocket.disconnect":
                raise Gone
            message = messages.read(got.get("text"))
            if isinstance(message, Ping):
                await self._text(messages.PONG)
            elif not isinstance(message, Pong):
                return message

    async def _text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text, "bytes": None})

    async def _read(self) -> None:
        while True:
            message = await self._message()
            if isinstance(message, Init):
                raise Closing(messages.STARTED_TWICE, "Too many initialisation requests")
            if isinstance(message, Complete):
                self._subscriptions.pop(message.id, None)
            elif isinstance(message, Subscribe):
                await self._subscribe(message)

    async def _subscribe(self, message: Subscribe) -> None:
        if message.id in self._subscriptions:
            raise Closing(messages.TWICE, "Subscriber for this id already exists")
        given = message.payload
        asked = Request(given.query, given.variables or {}, given.operation_name)
        call = await self._fresh()
        if len(self._subscriptions) >= MOST:
            told = {"message": f"A socket holds at most {MOST} subscriptions; complete others first."}
            await self._text(messages.failed(message.id, [told]))
            return
        try:
            self._subscriptions[message.id] = Subscription(asked, await telling.plan(call, asked))
        except (BadDocument, Problem) as problem:
            await self._text(messages.failed(message.id, telling.errors(problem)))

    async def _tell(self) -> None:
        while True:
            with suppress(TimeoutError):  # whether the token is still good is asked all the same
                async with asyncio.timeout(LOOK):
                    await self._bell.wait()
            self._bell.clear()
            if self._behind:
                raise Closing(messages.LATER, "Too much has happened")
            await self._fresh()
            for id_, subscription in list(self._subscriptions.items()):
                await self._follow(id_, subscription)

    async def _follow(self, id_: str, subscription: Subscription) -> None:
        """Tell what waits. The client may complete the subscription meanwhile."""
        while subscription.waits and self._subscriptions.get(id_) is subscription:
            call = await self._fresh()
            try:
                results = await subscription.next(call)
            except (BadDocument, Problem) as problem:
                if self._subscriptions.pop(id_, None) is not None:
                    await self._text(messages.failed(id_, telling.errors(problem)))
                return
            for result in results:
                if self._subscriptions.get(id_) is subscription:
                    await self._text(messages.following(id_, result))

    async def _fresh(self) -> Call:
        """A request of the caller's, who is recognised anew. Raises Closing."""
        old = self._call
        call = Call(old.house, GRAPHQL, old.project, old.scope, old.receive, identity=old.id, ip=old.ip)
        await self._recognised(call)
        return call

    async def _recognised(self, call: Call) -> None:
        try:
            _, user = await call.person()
        except Problem:
            raise Closing(messages.FORBIDDEN, "Forbidden") from None
        if self.user not in ("", user):
            raise Closing(messages.FORBIDDEN, "Forbidden")
        self.user = user
