"""Who may send how much: projects take turns, and what would be too many waits until the hour is over."""

import pytest

from mail import schedule
from mail.allowance import HOUR, Allowance
from mail.contract import Retry, Sent
from mail.outbox import Outbox
from service.database import Database, new_key
from service.database.tables import letter_windows, letters
from tests.post.letters import OUTBOX, owed, row

START = "2026-02-05T15:00:00.000Z"


def at(seconds: float) -> str:
    return schedule.later(START, seconds)


async def _post(database: Database, number: int, project: str = "default", **more: object) -> list[str]:
    async def post(tx):  # type: ignore[no-untyped-def]  # a unit
        return [await OUTBOX.post(tx, owed(START, project=project, **more)) for _ in range(number)]

    return await database.write(post)


async def test_a_project_that_owes_much_does_not_hold_up_the_others(database: Database) -> None:
    await _post(database, 300, "crowd")
    await _post(database, 2, "lone")
    await _post(database, 2, "other")
    held = await database.write(OUTBOX.claim, "me", 6, 60, at(1))
    assert sorted(letter.project for letter in held) == ["crowd"] * 2 + ["lone"] * 2 + ["other"] * 2
    held = await database.write(OUTBOX.claim, "me", 8, 60, at(1), after="other")
    assert [letter.project for letter in held] == ["crowd"] * 8


async def test_with_little_room_the_projects_take_turns(database: Database) -> None:
    for project in ("a", "b", "c"):
        await _post(database, 3, project)
    after, turns = "", []
    for _ in range(6):
        (held,) = await database.write(OUTBOX.claim, "me", 1, 60, at(1), after=after)
        after = held.project
        turns.append(after)
    assert turns == ["a", "b", "c", "a", "b", "c"]


@pytest.mark.parametrize("whose", ["recipient", "project"])
async def test_too_many_letters_wait_until_the_hour_is_over(database: Database, whose: str) -> None:
    limits = {"per_recipient": 3, "per_project": None} if whose == "recipient" else {"per_project": 3}
    outbox = Outbox(letters, "acme.example", Allowance(letter_windows, **limits))
    keys = await _post(database, 5)
    held = await database.write(outbox.claim, "me", 9, 60, at(1))
    assert len(held) == 3
    for letter in held:
        assert await database.write(outbox.settle, letter, "me", Sent("ok"), now=at(2))
    (waiting, _) = [found for key in keys if (found := await row(database, key))["status"] == "queued"]
    assert waiting["next_at"] == at(1 + HOUR)
    assert waiting["attempts"] == 0
    assert "more than 3 letters" in waiting["last_reason"]
    assert await database.write(outbox.claim, "me", 9, 60, at(HOUR)) == []
    assert len(await database.write(outbox.claim, "me", 9, 60, at(1 + HOUR))) == 2


async def test_letters_that_must_wait_do_not_hold_up_those_behind_them(database: Database) -> None:
    outbox = Outbox(letters, "acme.example", Allowance(letter_windows, per_recipient=3))
    await _post(database, 20, recipient="crowd@example.org")
    (key,) = await _post(database, 1, recipient="lone@example.org")
    held = await database.write(outbox.claim, "me", 6, 60, at(1))
    assert len(held) == 4
    assert key in {letter.id for letter in held}
    assert await database.write(outbox.claim, "me", 6, 60, at(1)) == []


async def test_what_was_not_sent_does_not_count(database: Database) -> None:
    outbox = Outbox(letters, "acme.example", Allowance(letter_windows, per_recipient=1))
    await _post(database, 1, reference=new_key())
    for second in range(5):
        (held,) = await database.write(outbox.claim, "me", 9, 60, at(second))
        away = Retry("away", outage=True)
        assert await database.write(outbox.settle, held, "me", away, now=at(second))
    assert (await row(database, held.id))["status"] == "queued"
