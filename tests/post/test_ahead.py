"""Letters claimed ahead and settled together: many when they go fast, none kept from others, each fate exact."""

import asyncio
from email.message import EmailMessage

import pytest

from mail import schedule
from mail.contract import Delivery, Fate, GiveUp, Pause, Retry, Sent, Untried
from mail.hand import MOST, QUICK, Hand
from mail.outbox import LeaseLost
from mail.worker import Worker
from service.database import Database, Transaction, new_key
from tests.post.letters import OUTBOX, compose, letter, owed, row
from tests.post.servers import until

START = "2026-02-05T15:00:00.000Z"


class Carrier:
    """Takes letters when it is told to; `outcome` is what becomes of each."""

    connections = 1
    timeout = 30.0

    def __init__(self, outcome: Delivery | None = None) -> None:
        self.outcome = outcome or Sent("taken")
        self.taken: list[str] = []
        self.open = asyncio.Event()

    async def send(self, recipient: str, message: EmailMessage) -> Delivery:
        await self.open.wait()
        self.taken.append(recipient)
        return self.outcome

    async def close(self) -> None:
        """Nothing is held open."""


async def _post(database: Database, number: int, at: str = START) -> list[str]:
    async def post(tx: Transaction) -> list[str]:
        return [await OUTBOX.post(tx, owed(at, recipient=f"p{n}@example.org")) for n in range(number)]

    return await database.write(post)


async def _states(database: Database, keys: list[str]) -> list[str]:
    return [(await row(database, key))["status"] for key in keys]


async def test_the_hand_grows_while_letters_go_fast_and_shrinks_when_they_do_not() -> None:
    hand = Hand(2)
    assert hand.room == 4
    for _ in range(10):
        hand.fill([], more=True)
    assert hand.room == MOST
    hand.fill([], more=False)
    assert hand.room == MOST // 2
    await asyncio.sleep(QUICK)
    hand.fill([letter()], more=True)
    assert (hand.room, len(hand)) == (MOST // 4, 1)
    assert [one.id for one in hand.empty()] == [letter().id]
    assert (hand.room, len(hand)) == (4, 0)


async def test_many_fates_are_written_down_at_once_and_as_exactly_as_one(database: Database) -> None:
    keys = await _post(database, 100)
    held = await database.write(OUTBOX.claim, "me", 100, 60, START)
    fates = [Fate(one, Sent(f"250 {number}")) for number, one in enumerate(held)]
    fates[3] = Fate(held[3], GiveUp("no", "5.1.1"))
    fates[4] = Fate(held[4], Untried())
    assert await database.write(OUTBOX.settle_all, "me", fates, now=START) is None
    found = {one.id: await row(database, one.id) for one in held}
    assert found.keys() == set(keys)
    for number, one in enumerate(held):
        told = found[one.id]
        if number == 3:
            assert (told["status"], told["last_code"], told["attempts"]) == ("dead", "5.1.1", 1)
        elif number == 4:
            assert (told["status"], told["attempts"], told["last_reason"]) == ("queued", 0, None)
        else:
            assert (told["status"], told["accepted_reply"]) == ("sent", f"250 {number}")
            assert (told["next_at"], told["lease_owner"], told["sent_at"]) == (None, None, START)


async def test_where_one_lease_is_lost_nothing_is_written_together(database: Database) -> None:
    await _post(database, 3)
    held = await database.write(OUTBOX.claim, "me", 3, 60, START)
    later = schedule.later(START, 61)
    (stolen,) = await database.write(OUTBOX.claim, "you", 1, 60, later)
    fates = [Fate(one, Sent("ok")) for one in held]
    with pytest.raises(LeaseLost):
        await database.write(OUTBOX.settle_all, "me", fates, now=later)
    assert await _states(database, [one.id for one in held]) == ["sending"] * 3
    for one in held:
        assert await database.write(OUTBOX.settle, one, "me", Sent("ok"), now=later) is (one.id != stolen.id)


@pytest.mark.parametrize("outcome", [Pause("wrong password"), Retry("away", outage=True)])
async def test_what_is_claimed_ahead_goes_back_when_the_server_is_gone(
    database: Database, outcome: Pause | Retry
) -> None:
    carrier, keys = Carrier(), await _post(database, 60, schedule.now())
    carrier.open.set()
    worker = Worker(database, OUTBOX, compose, carrier, new_key(), poll=60)
    running = asyncio.create_task(worker.run())
    await until(lambda: len(carrier.taken) > 20)
    carrier.open.clear()
    carrier.outcome = outcome
    carrier.open.set()
    await until(lambda: not worker._hand and not worker._flying)
    states = await _states(database, keys)
    assert set(states) == {"sent", "queued"}
    assert [(await row(database, key))["attempts"] for key in keys] == [state == "sent" for state in states]
    worker.stop()
    await running


async def test_a_letter_that_was_held_for_too_long_goes_back_and_loses_no_attempt(database: Database) -> None:
    (key,) = await _post(database, 1, schedule.now())
    carrier = Carrier()
    carrier.open.set()
    times = iter([schedule.now(), schedule.later(schedule.now(), 31)])

    def clock() -> str:
        return next(times, schedule.now())

    worker = Worker(database, OUTBOX, compose, carrier, new_key(), clock=clock, poll=60)
    running = asyncio.create_task(worker.run())
    await until(lambda: len(carrier.taken) == 1)
    worker.stop()
    await running
    found = await row(database, key)
    assert (carrier.taken, found["status"], found["attempts"]) == (["p0@example.org"], "sent", 1)
    assert next(times, None) is None  # it was claimed, found too old, and claimed once more
