"""Carries letters: claim, compose, send, settle; several at once, until told to stop.

A claim is committed before the server hears of the letter, and each letter is settled as soon as its own fate
is known. Whatever dies in between, the lease runs out and the letter goes again under the same Message-ID.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

from mail import schedule
from mail.addresses import BadAddress
from mail.contract import (
    Cancelled,
    Composer,
    Database,
    GiveUp,
    Letter,
    Obsolete,
    Outcome,
    Retry,
    Sender,
    Untried,
)
from mail.hand import Hand
from mail.journal import place, tell
from mail.outbox import Outbox
from mail.patience import Patience
from mail.settling import Settling

POLL = 1.0  # seconds; letters posted by this process are heard of at once
GRACE = 20.0  # seconds that letters in flight have after stop(); whoever stops us waits for 30
TROUBLE = 5.0  # seconds before the next look at a database that cannot be asked
DESK = 20.0  # seconds for writing a letter, and as many for settling it
HELD = 30.0  # seconds that a letter may be held before it is begun

_log = logging.getLogger(__name__)


class Worker:
    """One of any number of carriers; `owner` names it and must be nobody else's, not even its successor's."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        compose: Composer,
        sender: Sender,
        owner: str,
        *,
        clock: Callable[[], str] = schedule.now,
        poll: float = POLL,
        lease: float | None = None,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._compose = compose
        self._sender = sender
        self._owner = owner
        self._clock = clock
        self._poll = poll
        self._settling = Settling(database, outbox, owner, clock)
        self._hand = Hand(sender.connections)
        # Twice as many letters as connections are at work: one is written while the other travels. So each
        # waits for one letter before it at most, and must be done before its lease is.
        self._desks = 2 * sender.connections
        self._lease = lease or HELD + 2 * sender.timeout + 2 * DESK
        self._held = HELD if lease is None else lease / 2
        self._at_work = 0
        self._flying: set[asyncio.Task[None]] = set()  # at work, or sent and not yet settled
        self._awake = asyncio.Event()
        self._stopping = False
        self._more = False
        self._last = ""  # the project that had its turn last
        self._patience = Patience()

    def wake(self) -> None:
        """Look for letters now. Call it in the loop, after the commit that posted one."""
        self._awake.set()

    def stop(self) -> None:
        """Claim nothing more; run() ends when what is in flight has settled, GRACE seconds later at most."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Carry letters until stop(). The sender stays open: whoever made it closes it."""
        try:
            while not self._stopping:
                self._awake.clear()
                pause = await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._awake.wait()
            self._put_back()
            if self._flying:
                await asyncio.wait(self._flying, timeout=GRACE)
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)
            await self._settling.close()

    async def _round(self) -> float:
        """Claim what there is room for; give the seconds to wait before the next look."""
        if (rest := self._patience.rest) > 0:
            return rest
        held = self._at_work + len(self._hand)
        if held > self._hand.room / 2 or (self._flying and not self._patience.trusted):
            self._more = True  # there may be: look as soon as one has landed
            return self._poll
        # One letter finds out how the server is; the others, and the account there, need not suffer with it.
        limit = self._hand.room - held if self._patience.trusted else 1
        try:
            letters = await self._database.write(
                self._outbox.claim, self._owner, limit, self._lease, self._clock(), after=self._last
            )
        except Exception:
            _log.exception("letters cannot be claimed")
            return max(self._poll, TROUBLE)
        self._last = letters[-1].project if letters else self._last
        self._more = len(letters) == limit
        self._hand.fill(letters, more=self._more)
        if self._patience.rest > 0:  # since the claim began
            self._put_back()
        self._begin()
        return 0 if self._more else self._poll

    def _begin(self) -> None:
        """Put letters to work as long as there is a desk for them.

        One that was sent keeps its desk until that is written down: it may come twice if we die before.
        """
        while self._hand and len(self._flying) < self._desks and not self._stopping:
            self._at_work += 1
            self._fly(self._carry(self._hand.next()))

    def _put_back(self) -> None:
        """Let others have what is in the hand."""
        for letter in self._hand.empty():
            self._fly(self._settling.settle(letter, Untried()))

    def _fly(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="letter")
        self._flying.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._go_on()

    def _go_on(self) -> None:
        self._begin()
        if self._more:
            self._awake.set()

    async def _carry(self, letter: Letter) -> None:
        is_late = schedule.later(self._clock(), self._lease - self._held) > letter.lease_until
        try:
            outcome = Untried() if is_late else await self._attempt(letter)
        finally:
            self._at_work -= 1
            self._go_on()
        await self._settling.settle(letter, outcome)
        tell(letter, outcome)

    async def _attempt(self, letter: Letter) -> Outcome:
        if schedule.deadline(letter) <= self._clock():
            return GiveUp("its time was over before it could be sent")
        written = await self._written(letter)
        if not isinstance(written, EmailMessage):
            return written
        if self._clock() >= letter.lease_until:  # we were asleep: another has it by now
            return Untried()
        try:
            outcome = await self._sender.send(letter.recipient, written)
        except Exception as problem:
            return Retry(f"sending it broke off: {place(problem)}", alert=True, uncertain=True)
        if self._patience.learn(outcome):
            self._put_back()
        return outcome

    async def _written(self, letter: Letter) -> EmailMessage | Outcome:
        try:
            async with asyncio.timeout(DESK):
                return await self._compose(letter)
        except Obsolete as reason:
            return Cancelled(str(reason))
        except BadAddress as problem:
            return GiveUp(str(problem), "5.1.3")
        except Exception as problem:
            return Retry(f"it could not be written: {place(problem)}", alert=True)
