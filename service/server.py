"""Runs an ASGI application: uvicorn on uvloop, with connections that end, and an end that is clean."""

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from litestar.types import ASGIApp

from service.connection import Connection
from service.guarded import Guarded

LOG = logging.getLogger(__name__)
TICK = 1.0  # seconds between two looks at the connections
DRAIN_SECONDS = 25  # for answers under way when the server is told to stop
DRAIN_LOOK = 0.25  # seconds between two looks at who still has one to come
BACKLOG = 2048
SOCKET_BYTES = 65_536  # of one message to us
SOCKET_PING = 20.0  # seconds between two, and for the answer to one
GARBAGE = 10_000  # objects more than were let go of, until circles among them are looked for


class Server(uvicorn.Server):
    """uvicorn's server; it also looks at its connections, says where it listens, and exits cleanly.

    `leave` is called when it begins to stop, while the application still answers.
    """

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._leave = leave
        self._told = asyncio.Event()  # that it is to stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then say where it can be reached."""
        await super().startup(sockets)
        for one in sockets or ():
            LOG.info("listening", extra={"url": address(one)})

    async def main_loop(self) -> None:
        """Once in a second, until told to stop: uvicorn would look ten times whether it has been."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._told.wait()

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections, and let uvicorn set its clock."""
        self._look()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, as the signal says; a second SIGINT does not wait for answers."""
        LOG.info("ending", extra={"signal": signal.Signals(sig).name})
        super().handle_exit(sig, frame)
        self._told.set()

    def stop(self) -> None:
        """Stop; to be called in the loop."""
        self.should_exit = True
        self._told.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Have those who wait for news answered, then wait for all answers; nobody can hold that up."""
        self._leave()
        looking = asyncio.create_task(self._look_on())
        try:
            await super().shutdown(sockets)
        finally:
            looking.cancel()
        LOG.info("ended")

    async def _look_on(self) -> NoReturn:
        while True:
            await asyncio.sleep(DRAIN_LOOK)
            self._look()

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, Guarded):
                connection.look(now)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; uvicorn would raise them again at the end, which hides a clean exit."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


def _socket(**given: Any) -> asyncio.Protocol:
    """A WebSocket; its library is imported with the first of them."""
    from service.websocket import Socket

    return Socket(**given)


def make_server(
    app: ASGIApp, trusted_proxies: Sequence[str] = (), leave: Callable[[], None] = lambda: None
) -> Server:
    """Give a server for the application.

    `trusted_proxies` are networks whose X-Forwarded-For and X-Forwarded-Proto count; all others' are ignored.
    """
    return Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws=_socket,  # type: ignore[arg-type]  # uvicorn only calls it, as it would call a class
            ws_max_size=SOCKET_BYTES,
            ws_ping_interval=SOCKET_PING,
            ws_ping_timeout=SOCKET_PING,
            ws_per_message_deflate=False,  # what is cheap to send would be dear to unpack
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            backlog=BACKLOG,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        ),
        leave,
    )


def listen(host: str, port: int) -> socket.socket:
    """Open the socket; port 0 takes a free one. Raises OSError, before anything else has started."""
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(place)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def address(opened: socket.socket) -> str:
    """Give the URL of a socket that listens."""
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: ASGIApp,
    opened: socket.socket,
    trusted_proxies: Sequence[str] = (),
    leave: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; at most DRAIN_SECONDS more for answers under way."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # every connection is an open file
    gc.collect()
    gc.freeze()  # what was imported stays: it need not be looked through again and again
    gc.set_threshold(GARBAGE)  # requests leave no circles behind, so looking for them may wait
    make_server(app, trusted_proxies, leave).run([opened])
