"""Connections to PostgreSQL: a lean list, last in first out, of ones that speak our types."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from typing import TypeAlias

import asyncpg

from service.database.door import Unavailable

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SIZE = 6
_CONNECT_SECONDS = 5.0
_STATEMENT_SECONDS = 30
_WAIT_SECONDS = 10.0  # for a connection that is free
_PAUSES = (0.05, 0.2)  # seconds between attempts to connect
_DOWN_SECONDS = 0.25  # after the last of them, how long nobody tries

# No server, no answer, or a server that says no: it is starting, full, or does not know us.
CANNOT_CONNECT = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

_SETTINGS = {
    "application_name": "idbridge",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "jit": "off",  # our statements are short: compiling one costs more than running it
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",  # a read that writes is refused before it gets here
    "statement_timeout": f"{_STATEMENT_SECONDS}s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": f"{_STATEMENT_SECONDS}s",
}


def _moment(text: str) -> str:
    """`2021-02-05 15:18:13.12+00` as `2021-02-05T15:18:13.120Z`."""
    return f"{text[:10]}T{text[11:19]}.{text[20:-3]:0<3.3}Z"


async def connect(url: str) -> Connection:
    """A connection that speaks our types; raises what asyncpg raises."""
    return await _speaking(
        await asyncpg.connect(
            url,
            timeout=_CONNECT_SECONDS,
            command_timeout=_STATEMENT_SECONDS + 5,  # for a server that no longer answers at all
            statement_cache_size=1024,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=1 << 16,
            server_settings=_SETTINGS,
        )
    )


async def connect_to_migrate(url: str) -> Connection:
    """The same without limits of time, as an index may take long to build; Unavailable if nobody answers."""
    try:
        settings = {"timezone": "UTC", "datestyle": "ISO, YMD"}
        return await _speaking(await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings=settings))
    except CANNOT_CONNECT as reason:
        raise Unavailable(f"postgresql: {_why(reason)}") from reason


def _why(reason: Exception) -> str:
    """What keeps us from connecting, for whoever runs us; no exception of these kinds repeats a password."""
    if isinstance(reason, asyncpg.PostgresError):
        return str(reason)
    if isinstance(reason, ConnectionError) and reason.errno:  # whose own text repeats the address
        return f"cannot be reached: {os.strerror(reason.errno)}"
    if isinstance(reason, TimeoutError):
        return "cannot be reached: no answer"
    if isinstance(reason, OSError):
        return f"cannot be reached: {reason.strerror or reason}"
    return f"cannot be reached: {str(reason).partition(chr(10))[0]}"  # below it are details and hints


async def _speaking(connection: Connection) -> Connection:
    """Have keys and moments pass as `str`, alone and in arrays; the connection is cut when that fails."""
    try:
        await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
        await connection.set_type_codec("timestamptz", schema="pg_catalog", encoder=str, decoder=_moment)
    except BaseException:
        connection.terminate()
        raise
    return connection


class Lane:
    """Hands out connections: the one given back last is warm and goes out first."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._out = 0  # places taken, of _SIZE
        self._down, self._down_until = "", 0.0  # why nobody could connect, and until when nobody tries
        self._closed = False
        self._all_back = asyncio.Event()

    async def take(self) -> Connection:
        """A connection for the caller alone, who gives it back; Unavailable when there is none to be had."""
        if self._closed:
            raise Unavailable("postgresql: closed")
        if self._out < _SIZE:
            self._out += 1
            warm = self._warm()
        else:
            warm = await self._turn()
        try:
            return warm or await self._fresh()
        except BaseException:
            self._pass_on(None)
            raise

    def give(self, connection: Connection) -> None:
        """Take `connection` back; one that is not clean is thrown away."""
        usable: Connection | None = None
        if not connection.is_closed():  # a closed one cannot even be asked what it was doing
            if self._closed or connection.is_in_transaction():
                connection.terminate()
            else:
                usable = connection
        self._pass_on(usable)

    async def close(self) -> None:
        """Wait for what is out, then close all; who waits for a connection is told."""
        self._closed = True
        for waiting in self._waiting:
            _refuse(waiting, "closed")
        if self._out:
            await self._all_back.wait()
        idle, self._idle = self._idle, []
        for connection in idle:
            try:
                await connection.close(timeout=_CONNECT_SECONDS)
            except CANNOT_CONNECT:
                connection.terminate()

    async def _turn(self) -> Connection | None:
        """A place that somebody leaves, with their connection if it is good."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(waiting)
        timer = loop.call_later(_WAIT_SECONDS, _refuse, waiting, "no connection became free")
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._pass_on(waiting.result())  # it came just when the caller went away
            raise
        finally:
            timer.cancel()

    def _pass_on(self, usable: Connection | None) -> None:
        """Hand a place to who waits longest: not by way of the list, where a newcomer might be faster."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(usable)
                return
        if usable is not None:
            self._idle.append(usable)
        self._out -= 1
        if self._closed and not self._out:
            self._all_back.set()

    def _warm(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _fresh(self) -> Connection:
        """A new connection. A server that restarts is waited for, briefly; then nobody tries for a moment."""
        if self._closed:
            raise Unavailable("postgresql: closed")
        if time.monotonic() < self._down_until:
            raise Unavailable(self._down)
        for pause in (*_PAUSES, None):
            try:
                return await connect(self._url)
            except CANNOT_CONNECT as reason:
                if pause is None:
                    self._down_until = time.monotonic() + _DOWN_SECONDS
                    self._down = f"postgresql: {_why(reason)}"
                    raise Unavailable(self._down) from reason
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt either returned or raised")


def _refuse(waiting: asyncio.Future[Connection | None], why: str) -> None:
    if not waiting.done():
        waiting.set_exception(Unavailable(f"postgresql: {why}"))
