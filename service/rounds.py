"""Work that lies in the database: looked for again and again, and done by tasks beside each other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, NoReturn, TypeVar

from service.database import Database, Transaction, Unavailable

W = TypeVar("W")
POLL: Final = 1.0  # seconds between two looks; what this process commits is heard of at once
TROUBLE: Final = 5.0  # seconds before the next look at a database that cannot be asked
_AT_ONCE: Final = 8
_log: Final = logging.getLogger(__name__)


class Rounds(Generic[W]):
    """One per kind of work and process. `look` finds what is to be done; of what has the same `key` one piece
    is done at a time. A commit that announces `wake` begins the next round at once."""

    def __init__(
        self,
        database: Database,
        *,
        wake: str,
        look: Callable[[Transaction], Coroutine[Any, Any, Sequence[W]]],
        key: Callable[[W], str],
        work: Callable[[W], Awaitable[None]],
        name: str,
    ) -> None:
        self._database = database
        self._wake, self._look, self._key, self._work, self._name = wake, look, key, work, name
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._awake = asyncio.Event()
        database.on_commit(self._hear)

    async def run(self) -> NoReturn:
        """Go on until cancelled; what is under way then is cut off, and left to its lease."""
        try:
            while True:
                self._awake.clear()
                pause = POLL
                try:
                    await self._round()
                except Unavailable:
                    pause = TROUBLE
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._awake.wait()
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, announced: frozenset[tuple[str, str]]) -> None:
        if any(what == self._wake for what, _ in announced):
            self._awake.set()

    async def _round(self) -> None:
        """Begin with everything that nobody of us is at."""
        for piece in await self._database.read(self._look):
            key = self._key(piece)
            if key not in self._under_way:
                self._under_way[key] = asyncio.create_task(self._do(key, piece), name=self._name)

    async def _do(self, key: str, piece: W) -> None:
        try:
            async with self._places:
                await self._work(piece)
        except Unavailable:
            _log.warning("work waits for the database", extra={"work": self._name})
        except Exception:  # the leases run out, and the others' ways stay open
            _log.exception("work failed", extra={"work": self._name})
        finally:
            del self._under_way[key]
