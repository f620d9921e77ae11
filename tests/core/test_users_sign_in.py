"""Signing in with a password: one answer for everybody who may not."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from service.database import Database
from service.database.tables import sessions, users
from service.users import records
from service.users import sessions as opening
from service.users.model import Origin
from service.users.passwords import Hasher
from service.users.problems import TooMany, WrongCredentials
from service.users.sessions import Opened
from service.users.sign_in import with_password
from tests.core.people import HOUSE, a_user, all_rows, history_of, set_row, user

PASSWORD = "wooden-otter-climbs"


@pytest.fixture(scope="module")
def hasher() -> Iterator[Hasher]:
    hasher = Hasher()
    yield hasher
    hasher.close()


async def sign_in(database: Database, hasher: Hasher, email: str, password: str = PASSWORD) -> Opened:
    return await with_password(database, hasher, "default", email, password, Origin("192.0.2.1"), 60)


async def test_who_knows_the_password_gets_a_session(database: Database, hasher: Hasher) -> None:
    id_ = await a_user(database, email="Zoë@Example.com", password_hash=await hasher.hash(PASSWORD))
    session = await sign_in(database, hasher, "ZOË@example.COM")
    assert session.user == id_
    assert await database.read(opening.recognise, "default", session.session) is not None
    assert [action for action, _, _ in await history_of(database, id_)] == ["create", "login"]
    assert (await user(database, id_))["version"] == 1


async def test_rule_28_everybody_else_gets_one_answer(database: Database, hasher: Hasher) -> None:
    kept = await hasher.hash(PASSWORD)
    await a_user(database, email="a@example.com", password_hash=kept)
    await a_user(database, email="none@example.com")
    for status in ("draft", "invited", "suspended", "archived"):
        await a_user(database, email=f"{status}@example.com", status=status, password_hash=kept)
    await a_user(database, email="okta@example.com", provider="okta", password_hash=kept)
    emails = ["none", "draft", "invited", "suspended", "archived", "okta", "nobody"]
    attempts = [(f"{name}@example.com", PASSWORD) for name in emails]
    attempts += [("a@example.com", PASSWORD + "x"), ("a@example.com", ""), ("", PASSWORD)]
    attempts += [("\0", PASSWORD), ("x" * 100_000, PASSWORD), ("a@example.com", "\ud800")]
    for email, password in attempts:
        with pytest.raises(WrongCredentials) as refused:
            await sign_in(database, hasher, email, password)
        assert refused.value.cause == ""


async def test_rule_29_a_stolen_hash_is_dear_to_try_guesses_on(hasher: Hasher) -> None:
    """OWASP's first choice of argon2id, and a salt of its own for each."""
    kept = [await hasher.hash(PASSWORD) for _ in range(2)]
    for one in kept:
        assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept[0] != kept[1]
    assert not await hasher.verify(kept[0], PASSWORD.upper())
    assert await hasher.verify(await hasher.hash("x" * 128), "x" * 128)


async def test_rule_29_a_hash_with_yesterdays_parameters_is_renewed(
    database: Database, hasher: Hasher
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    id_ = await a_user(database, email="a@example.com", password_hash=weak)
    first = await sign_in(database, hasher, "a@example.com")
    kept = (await user(database, id_))["password_hash"]
    assert not hasher.is_outdated(kept)
    await sign_in(database, hasher, "a@example.com")
    assert (await user(database, id_))["password_hash"] == kept
    assert await database.read(opening.recognise, "default", first.session) is not None
    assert [action for action, _, _ in await history_of(database, id_)] == ["create", "login", "login"]


async def test_a_password_changed_during_the_sign_in_is_wrong(database: Database, hasher: Hasher) -> None:
    id_ = await a_user(database, email="a@example.com", password_hash=await hasher.hash(PASSWORD))

    class Slow(Hasher):
        async def verify(self, kept: str | None, password: str) -> bool:
            good = await super().verify(kept, password)
            await database.write(set_row, users, id_, password_hash="$another$")
            return good

    slow = Slow()
    with pytest.raises(WrongCredentials):
        await sign_in(database, slow, "a@example.com")
    slow.close()
    assert await database.read(all_rows, sessions) == []


async def test_more_guesses_than_the_machine_can_take_are_told_to_wait(database: Database) -> None:
    small = Hasher(threads=1, waiting=1)
    told = await asyncio.gather(
        *(sign_in(database, small, f"{n}@example.com") for n in range(8)), return_exceptions=True
    )
    small.close()
    assert {type(answer) for answer in told} == {WrongCredentials, TooMany}


async def test_rule_27_failed_guesses_never_lock_anybody_out(database: Database, hasher: Hasher) -> None:
    """A stranger's failures do not suspend."""
    id_ = await a_user(database, email="a@example.com", password_hash=await hasher.hash(PASSWORD))
    for _ in range(30):
        with pytest.raises((WrongCredentials, TooMany)):
            stranger = Origin("198.51.100.7")
            await with_password(database, hasher, "default", "a@example.com", "wrong", stranger, 60)
    assert (await user(database, id_))["status"] == "active"
    assert await sign_in(database, hasher, "a@example.com")


async def test_moving_a_user_to_a_provider_ends_their_password(database: Database, hasher: Hasher) -> None:
    id_ = await a_user(database, email="a@example.com", password_hash=await hasher.hash(PASSWORD))
    await database.write(records.change, HOUSE, {id_: {"provider": "okta", "external_identifier": "1"}})
    with pytest.raises(WrongCredentials):
        await sign_in(database, hasher, "a@example.com")
    assert len(await database.read(all_rows, users)) == 1
