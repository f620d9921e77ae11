"""The outbox as a table: what is claimed, by whom, for how long, and what is written down in the end."""

import asyncio
from typing import Any

import asyncpg
import pytest

from mail import letter_rows, schedule
from mail.contract import Cancelled, GiveUp, Letter, Outcome, Owed, Pause, Retry, Sent
from mail.outbox import POSTED
from service.database import Database, NotUnique, Transaction, new_key
from service.database.shapes import shape
from service.database.tables import letters
from tests.post.letters import OUTBOX, SHOWN, owed, row

START = "2026-02-05T15:18:13.000Z"


def _owed(**changes: object) -> Owed:
    return owed(**({"created_at": START} | changes))  # type: ignore[arg-type]  # the names are Owed's own


def _at(seconds: float) -> str:
    return schedule.later(START, seconds)


async def _one(database: Database, letter: Owed, at: float = 0) -> Letter:
    await database.write(OUTBOX.post, letter)
    (held,) = await database.write(OUTBOX.claim, "me", 5, 60, _at(at))
    return held


async def test_a_letter_is_owed_with_the_commit_that_owes_it(database: Database) -> None:
    heard: list[frozenset[tuple[str, str]]] = []
    database.on_commit(heard.append)

    async def fails(tx: Transaction) -> None:
        await OUTBOX.post(tx, _owed())
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fails)
    assert await database.read(OUTBOX.due, START) == (0, None)
    letter = _owed()
    assert await database.write(OUTBOX.post, letter) == letter.id
    assert heard == [frozenset({(POSTED, letter.id)})]
    assert await database.read(OUTBOX.due, START) == (1, START)
    assert await database.read(OUTBOX.due, _at(-1)) == (0, None)


async def test_a_claimed_letter_is_whole_and_nobody_elses(database: Database) -> None:
    letter = _owed()
    await database.write(OUTBOX.post, letter)
    (held,) = await database.write(OUTBOX.claim, "me", 5, 60, _at(1))
    assert held == Letter(
        project="default",
        id=letter.id,
        kind="invitation",
        reference=letter.reference,
        recipient="anna@example.org",
        data={"name": "Anna"},
        message_id=f"<{letter.id}@acme.example>",
        attempts=1,
        created_at=START,
        expires_at=letter.expires_at,
        lease_until=_at(61),
    )
    assert await database.write(OUTBOX.claim, "you", 5, 60, _at(60.999)) == []
    (again,) = await database.write(OUTBOX.claim, "you", 5, 60, _at(61))
    assert (again.id, again.message_id, again.attempts) == (held.id, held.message_id, 2)
    # Whoever let the lease run out may no longer say what became of the letter.
    assert not await database.write(OUTBOX.settle, held, "me", Sent("late"), now=_at(62))
    assert (await row(database, letter.id))["status"] == "sending"
    assert await database.write(OUTBOX.settle, again, "you", Sent("ok"), now=_at(63))


async def test_many_workers_never_hold_the_same_letter(database: Database) -> None:
    keys = {new_key() for _ in range(200)}

    async def post(tx: Transaction) -> None:
        for key in sorted(keys):
            await OUTBOX.post(tx, _owed(id=key))

    await database.write(post)
    held: list[str] = []
    sizes: set[int] = set()

    async def work(owner: str) -> None:
        while found := await database.write(OUTBOX.claim, owner, 7, 60, _at(1)):
            held.extend(one.id for one in found)
            sizes.add(len(found))

    await asyncio.gather(*(work(str(n)) for n in range(8)))
    assert len(held) == 200
    assert set(held) == keys
    assert max(sizes) == 7  # a limit that the database does not exceed


async def test_the_oldest_letters_go_first(database: Database) -> None:
    for seconds in (3, 1, 2):
        await database.write(OUTBOX.post, _owed(created_at=_at(seconds)))
    found = [(await database.write(OUTBOX.claim, "me", 1, 60, _at(9)))[0].created_at for _ in range(3)]
    assert found == [_at(1), _at(2), _at(3)]


FATES: list[tuple[Outcome, dict[str, object]]] = [
    (Sent("2.0.0 ok"), {"status": "sent", "accepted_reply": "2.0.0 ok", "sent_at": _at(10)}),
    (Cancelled("used"), {"status": "cancelled", "last_reason": "used"}),
    (GiveUp("no mailbox", "5.1.1"), {"status": "dead", "last_code": "5.1.1", "last_reason": "no mailbox"}),
    (
        Retry("later", "4.3.0", "busy"),
        {
            "status": "queued",
            "next_at": _at(40),
            "last_code": "4.3.0",
            "last_reason": "later (the server said: busy)",
        },
    ),
    (Retry("grey", after=300), {"status": "queued", "next_at": _at(310), "last_reason": "grey"}),
    (
        Retry("away", outage=True),
        {"status": "queued", "next_at": _at(10), "attempts": 0, "last_reason": "away"},
    ),
    (Pause("password"), {"status": "queued", "next_at": _at(10), "attempts": 0, "last_reason": "password"}),
]


async def test_what_became_of_it_is_written_down(database: Database) -> None:
    for outcome, expected in FATES:
        held = await _one(database, _owed())
        assert await database.write(OUTBOX.settle, held, "me", outcome, now=_at(10))
        assert await row(database, held.id) == dict.fromkeys(SHOWN) | {"attempts": 1} | expected
        if expected["status"] == "queued":  # out of the way of the next
            await database.write(OUTBOX.cancel, "default", "invitation", held.reference, "done")
    assert await database.write(OUTBOX.claim, "me", 5, 60, _at(1000)) == []


async def test_attempts_grow_rarer_until_the_time_is_over(database: Database) -> None:
    letter = _owed(expires_at=_at(40 * 3600))
    held = await _one(database, letter)
    at, waits = 0.0, []
    while True:
        await database.write(OUTBOX.settle, held, "me", Retry("no"), now=_at(at))
        found = await row(database, letter.id)
        if found["status"] == "dead":
            break
        next_at = next(wait for wait in range(30, 30_000, 30) if _at(at + wait) == found["next_at"])
        waits.append(next_at)
        at += next_at
        (held,) = await database.write(OUTBOX.claim, "me", 5, 60, _at(at))
    assert waits == [30, 120, 600, 1800, 7200, *[21600] * 6]
    assert found["attempts"] == 12


def test_no_letter_is_tried_for_longer_than_three_days() -> None:
    held = Letter("default", "1", "x", "1", "a@b", {}, "<1@b>", 9, START, _at(7 * 86_400), START)
    assert schedule.deadline(held) == _at(72 * 3600)
    assert schedule.verdict(held, Retry("no"), _at(66 * 3600), 1.0)["status"] == "dead"
    assert schedule.verdict(held, Retry("no"), _at(66 * 3600 - 1), 1.0)["status"] == "queued"
    assert schedule.verdict(held, Pause("no"), _at(72 * 3600), 1.0)["status"] == "dead"


async def test_cancelling_reaches_letters_that_wait_and_no_others(database: Database) -> None:
    about = new_key()
    held = await _one(database, _owed(reference=about))
    waiting, other = _owed(reference=about), _owed()
    elsewhere = _owed(reference=about, project="elsewhere")
    for letter in (waiting, other, elsewhere):
        await database.write(OUTBOX.post, letter)
    assert await database.write(OUTBOX.cancel, "default", "invitation", about, "invited again") == 1
    states = [(await row(database, key))["status"] for key in (held.id, waiting.id, other.id, elsewhere.id)]
    assert states == ["sending", "cancelled", "queued", "queued"]
    assert (await row(database, waiting.id))["last_reason"] == "invited again"


async def test_one_key_is_one_letter(database: Database) -> None:
    letter = _owed()
    await database.write(OUTBOX.post, letter)
    with pytest.raises(NotUnique):
        await database.write(OUTBOX.post, letter)


async def test_due_letters_are_found_by_their_small_index(database: Database, database_url: str) -> None:
    async def fill(tx: Transaction) -> None:
        rows = [_done(n) for n in range(2000)]
        await tx.run_many(letters.insert(), rows)

    await database.write(fill)
    await database.write(OUTBOX.post, _owed())
    claim = shape(letter_rows.statements(letters).claim, tuple(_CLAIMED), database.kind)  # the very statement
    values = claim.arguments(_CLAIMED)
    if database.kind == "sqlite":

        async def explain(tx: Any) -> list[Any]:
            return list(tx._connection.execute("EXPLAIN QUERY PLAN " + claim.sql, values))

        plan = str(await database.write(explain))
    else:
        connection = await asyncpg.connect(database_url)
        await connection.execute("ANALYZE letters")
        text = claim.sql
        for number, value in sorted(enumerate(values, 1), reverse=True):
            literal = str(value) if isinstance(value, int) else f"'{value}'"
            text = text.replace(f"${number}", literal)
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + text))
        await connection.close()
    assert "letters_project_next_at_index" in plan, plan


_CLAIMED = {
    "of_project": "default",
    "at": _at(1),
    "most": 5,
    "until": _at(2),
    "owner": "me",
    "domain": "acme.example",
}


def _done(number: int) -> dict[str, object]:
    key = new_key()
    return {
        "project": "default",
        "id": key,
        "kind": "invitation",
        "reference": key,
        "recipient": f"{number}@example.org",
        "data": {},
        "message_id": f"<{key}@acme.example>",
        "status": "sent",
        "attempts": 1,
        "created_at": START,
        "expires_at": START,
        "sent_at": START,
    }
