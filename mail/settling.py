"""Writes down what became of letters: at once, or together with those that end while others are written."""

import asyncio
import logging
import random
from collections.abc import Callable

from mail import schedule
from mail.contract import Database, Fate, Letter, Outcome
from mail.journal import about
from mail.outbox import LeaseLost, Outbox

LONGEST_WAIT = 5.0  # seconds between two tries while the database cannot be asked

_log = logging.getLogger(__name__)
_chance = random.SystemRandom()


class Settling:
    """The first fate is committed at once; what is told meanwhile shares the next commit."""

    def __init__(self, database: Database, outbox: Outbox, owner: str, clock: Callable[[], str]) -> None:
        self._database = database
        self._outbox = outbox
        self._owner = owner
        self._clock = clock
        self._waiting: list[tuple[Fate, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def settle(self, letter: Letter, outcome: Outcome) -> None:
        """Return when it is written down, or the lease has run out."""
        fate = Fate(letter, outcome, _chance.uniform(1 - schedule.JITTER, 1 + schedule.JITTER))
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((fate, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name="settling letters")
        if not await written:
            await self._alone(fate)

    async def close(self) -> None:
        """Let what is being written down be written; a database that does not answer is not waited for."""
        if self._task is not None and not self._task.done():
            _, late = await asyncio.wait([self._task], timeout=LONGEST_WAIT)
            for task in late:
                task.cancel()

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            is_written = await self._together([fate for fate, _ in together])
            for _, written in together:
                if not written.done():  # whoever waited for it was cut off
                    written.set_result(is_written)

    async def _together(self, fates: list[Fate]) -> bool:
        """False: nothing was written, and each alone may learn what stands in its way."""
        try:
            await self._database.write(self._outbox.settle_all, self._owner, fates, now=self._clock())
        except LeaseLost:
            return False
        except Exception:
            _log.exception("letters cannot be settled together", extra={"letters": len(fates)})
            return False
        return True

    async def _alone(self, fate: Fate) -> None:
        wait = 0.1
        while True:
            now = self._clock()
            try:
                held = await self._database.write(
                    self._outbox.settle, fate.letter, self._owner, fate.outcome, now=now, jitter=fate.jitter
                )
            except Exception:
                _log.exception("a letter cannot be settled", extra=about(fate.letter))
                if now >= fate.letter.lease_until:
                    return
            else:
                if not held:
                    _log.warning("a letter was settled after its lease had run out", extra=about(fate.letter))
                return
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
