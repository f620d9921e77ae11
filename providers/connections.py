"""Connections that are kept open between calls, each lent to one call at a time."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import httpcore2

IDLE: Final = 4.0  # seconds that a connection is kept without a call


class Connections:
    """Opened by `connect`, which speaks one scheme, for an origin that has none idle.

    httpcore2's own pool looks at every socket that it has, twice for each call; this one at one of them.
    """

    def __init__(
        self,
        connect: Callable[[httpcore2.Origin], httpcore2.AsyncConnectionInterface],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._clock = connect, clock
        self._idle: dict[tuple[bytes, int], list[tuple[httpcore2.AsyncConnectionInterface, float]]] = {}
        self._swept = clock()

    @asynccontextmanager
    async def lend(self, origin: httpcore2.Origin) -> AsyncIterator[httpcore2.AsyncConnectionInterface]:
        """A connection to an origin for one call; it is kept if the answer was read to its end."""
        key = (origin.host, origin.port)
        connection = await self._take(key) or self._connect(origin)
        try:
            yield connection
        finally:
            if connection.is_idle() and not connection.is_closed():
                self._idle.setdefault(key, []).append((connection, self._clock()))
            else:
                await connection.aclose()

    async def _take(self, key: tuple[bytes, int]) -> httpcore2.AsyncConnectionInterface | None:
        await self._sweep()
        idle = self._idle.get(key, [])
        while idle:  # the one used last first: the others may run out
            connection, _ = idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _sweep(self) -> None:
        """Close what nobody has used for IDLE seconds."""
        at = self._clock()
        if at - self._swept < IDLE:
            return
        self._swept = at
        held, self._idle = self._idle, {}
        for key, idle in held.items():
            for connection, since in idle:
                if at - since < IDLE:
                    self._idle.setdefault(key, []).append((connection, since))
                else:
                    await connection.aclose()

    async def shut(self) -> None:
        """Close all that are idle."""
        idle, self._idle = self._idle, {}
        for held in idle.values():
            for connection, _ in held:
                await connection.aclose()
