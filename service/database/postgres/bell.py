"""Bells between processes on PostgreSQL: NOTIFY after commits, one at a time; LISTEN where they are heard.

NOTIFY within the transactions themselves would make their commits wait for each other. A bell that is lost
costs a poll, nothing more.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NoReturn

from service.database.door import Unavailable
from service.database.postgres.lane import Lane, connect
from service.database.postgres.problems import ERRORS

CHANNEL: Final = "idbridge"
ALIVE: Final = 30.0  # seconds between two looks whether the connection that listens still stands
AGAIN: Final = 1.0  # seconds before it is opened again
_log = logging.getLogger(__name__)


class Bell:
    """Rings over the lane's connections; listening has a connection of its own."""

    def __init__(self, url: str, lane: Lane) -> None:
        self._url = url
        self._lane = lane
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def ring(self) -> None:
        """Have every listener called soon; rings that come while one is under way are one."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ring(), name="bell")

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            try:
                connection = await self._lane.take()
            except Unavailable:
                return
            try:
                await connection.execute(f"NOTIFY {CHANNEL}")
            except (*ERRORS, TimeoutError):
                connection.terminate()
            finally:
                self._lane.give(connection)

    async def listen(self, listener: Callable[[], None]) -> NoReturn:
        """Call `listener` at every ring, and whenever one may have been missed."""
        while True:
            try:
                await self._hear(listener)
            except (*ERRORS, TimeoutError) as problem:
                _log.info("the bell is silent for a while", extra={"reason": type(problem).__name__})
            await asyncio.sleep(AGAIN)

    async def _hear(self, listener: Callable[[], None]) -> None:
        connection = await connect(self._url)
        try:

            def heard(*_: object) -> None:
                listener()

            await connection.add_listener(CHANNEL, heard)
            while not connection.is_closed():
                listener()
                await asyncio.sleep(ALIVE)
                await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    async def close(self) -> None:
        """Let the last ring be heard."""
        if self._task is not None:
            await asyncio.wait([self._task])
