"""Guessing is slowed down in windows that the database keeps; the owner is never locked out by strangers."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from service.database import Database, Transaction, now
from service.database.tables import attempts
from service.users import throttle
from service.users.clock import later
from service.users.model import Origin
from service.users.passwords import Hasher
from service.users.problems import TooMany, WrongCredentials
from service.users.sign_in import with_password
from service.users.throttle import LIMITS, Attempt, guarded
from tests.core.people import a_user, all_rows

PASSWORD = "wooden-otter-climbs"
PAIR = LIMITS["password"]["pair"]
ACCOUNT = LIMITS["password"]["account"]


@pytest.fixture(scope="module")
def hasher() -> Iterator[Hasher]:
    hasher = Hasher()
    yield hasher
    hasher.close()


async def fail(database: Database, email: str = "a@example.com", ip: str = "192.0.2.1") -> None:
    async with guarded(database, Attempt("default", email, ip)):
        raise WrongCredentials


async def failures(
    database: Database, times: int, email: str = "a@example.com", ip: str = "192.0.2.1"
) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            await fail(database, email, ip)


async def test_rule_27_so_many_failures_and_then_a_time_to_wait(database: Database) -> None:
    await failures(database, PAIR.most)
    with pytest.raises(TooMany) as refused:
        await fail(database)
    assert 0 < refused.value.retry_after <= PAIR.seconds
    assert refused.value.limit == PAIR.most
    with pytest.raises(TooMany):  # the same person, otherwise written
        await fail(database, "A@EXAMPLE.com")
    await failures(database, 1, "b@example.com")
    await failures(database, 1, ip="192.0.2.2")


async def test_a_window_runs_out_by_itself(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await failures(database, PAIR.most)
    with pytest.raises(TooMany):
        await fail(database)
    monkeypatch.setattr(throttle, "now", lambda: later(now(), PAIR.seconds + 1))
    await failures(database, PAIR.most)
    with pytest.raises(TooMany):
        await fail(database)


async def test_guesses_made_at_once_are_counted_too(database: Database) -> None:
    gate = asyncio.Event()

    async def guess() -> None:
        async with guarded(database, Attempt("default", "a@example.com", "192.0.2.1")):
            await gate.wait()
            raise WrongCredentials

    tasks = [asyncio.create_task(guess()) for _ in range(PAIR.most + 15)]
    waiting = set(tasks)
    while len(waiting) > PAIR.most:
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    gate.set()
    told = [type(answer) for answer in await asyncio.gather(*tasks, return_exceptions=True)]
    assert (told.count(WrongCredentials), told.count(TooMany)) == (PAIR.most, 15)


async def test_what_was_no_guess_is_not_counted(database: Database) -> None:
    for _ in range(PAIR.most + 1):
        with pytest.raises(LookupError):
            async with guarded(database, Attempt("default", "a@example.com", "192.0.2.1")):
                raise LookupError
    for _ in range(PAIR.most + 1):
        async with guarded(database, Attempt("default", "a@example.com", "192.0.2.1")):
            pass
    assert {row["count"] for row in await database.read(all_rows, attempts)} <= {0}


async def test_a_stranger_who_has_used_up_their_window_fills_no_other(database: Database) -> None:
    await failures(database, PAIR.most)
    for _ in range(ACCOUNT.most + 1):
        with pytest.raises(TooMany):
            await fail(database)
    await failures(database, 1, ip="192.0.2.9")


async def test_a_refusal_that_nobody_is_told_of_fills_no_window_either(database: Database) -> None:
    most = LIMITS["reset"]["pair"].most

    async def ask(tx: Transaction) -> None:
        with suppress(TooMany):
            await throttle.take(tx, Attempt("default", "a@example.com", "192.0.2.1"), "reset")

    for _ in range(most + 10):
        await database.write(ask)
    assert [row["count"] for row in await database.read(all_rows, attempts)] == [most] * 3


async def test_rule_27_strangers_from_everywhere_do_not_keep_the_owner_out(
    database: Database, hasher: Hasher
) -> None:
    await a_user(database, email="a@example.com", password_hash=await hasher.hash(PASSWORD))
    home = Origin("2001:db8:1:2::3")
    await with_password(database, hasher, "default", "a@example.com", PASSWORD, home, 60)
    for n in range(ACCOUNT.most):
        await failures(database, 1, ip=f"198.51.100.{n}")
    with pytest.raises(TooMany):  # one more stranger, even with the right password
        await with_password(database, hasher, "default", "a@example.com", PASSWORD, Origin("203.0.113.1"), 60)
    neighbour = Origin("2001:db8:1:2:ffff::1")  # the same network as before
    assert await with_password(database, hasher, "default", "A@example.com", PASSWORD, neighbour, 60)


async def test_rule_28_who_is_not_here_is_throttled_alike(database: Database, hasher: Hasher) -> None:
    await a_user(database, email="a@example.com", password_hash=await hasher.hash(PASSWORD))
    told: dict[str, list[type[Exception]]] = {"a@example.com": [], "nobody@example.com": []}
    for email, answers in told.items():
        for _ in range(PAIR.most + 2):
            try:
                await with_password(database, hasher, "default", email, "wrong", Origin("192.0.2.1"), 60)
            except (WrongCredentials, TooMany) as problem:
                answers.append(type(problem))
    assert told["a@example.com"] == told["nobody@example.com"]
    assert told["a@example.com"][-2:] == [TooMany, TooMany]


async def test_what_is_kept_names_nobody_and_is_cleared_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await failures(database, 3)
    rows = await database.read(all_rows, attempts)
    assert len(rows) == 3
    assert "example" not in str(rows)
    assert "192.0" not in str(rows)
    assert await database.write(throttle.prune) == 0
    monkeypatch.setattr(throttle, "now", lambda: later(now(), ACCOUNT.seconds + 1))
    assert await database.write(throttle.prune) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_addresses_of_one_attacker(one: str, other: str) -> None:
    assert throttle.network(one) == throttle.network(other)
    assert throttle.network("192.0.2.1") != throttle.network("192.0.2.2")
    assert throttle.network(None) is None
