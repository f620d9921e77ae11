"""A browser on its way to a provider comes back once, in time, and to the provider that it left for."""

import asyncio

import pytest

from service.database import Database
from service.database.tables import departures
from service.sealing import SealBroken, Sealer
from service.tokens import fingerprint, new_secret
from service.users.departures import Departed, remember, seal, take, unseal
from tests.core.people import a_project, all_rows

MEMORY = {"state": "s", "nonce": "n", "verifier": "v"}


async def left(database: Database, *, provider: str = "okta", lifetime: float = 60) -> tuple[str, Sealer]:
    cookie, sealer = fingerprint(new_secret("")), Sealer(["one"])
    departed = Departed(provider, seal(sealer, "default", cookie, MEMORY), "/admin")
    await database.write(remember, "default", cookie, departed, lifetime)
    return cookie, sealer


async def test_who_left_comes_back_with_what_was_to_be_remembered(database: Database) -> None:
    cookie, sealer = await left(database)
    back = await database.write(take, "default", cookie, "okta")
    assert back is not None and (back.provider, back.redirect) == ("okta", "/admin")
    assert unseal(sealer, "default", cookie, back.memory) == MEMORY
    with pytest.raises(SealBroken):
        unseal(sealer, "default", "another cookie", back.memory)


async def test_nothing_secret_lies_in_the_table(database: Database) -> None:
    await left(database)
    (row,) = await database.read(all_rows, departures)
    assert "verifier" not in str(row)


async def test_rule_2_a_departure_counts_once(database: Database) -> None:
    """Taken out before it is used, also by two callbacks at once."""
    cookie, _ = await left(database)
    told = await asyncio.gather(*(database.write(take, "default", cookie, "okta") for _ in range(5)))
    assert sum(answer is not None for answer in told) == 1


async def test_a_strangers_cookie_brings_nothing_back(database: Database) -> None:
    cookie, _ = await left(database)
    await database.write(a_project, "other")
    assert await database.write(take, "default", fingerprint("x"), "okta") is None
    assert await database.write(take, "other", cookie, "okta") is None
    assert await database.write(take, "default", cookie, "okta") is not None


async def test_rule_3_coming_back_through_another_provider_is_the_end_of_it(database: Database) -> None:
    """Mix-up."""
    cookie, _ = await left(database)
    assert await database.write(take, "default", cookie, "entra") is None
    assert await database.write(take, "default", cookie, "okta") is None


async def test_coming_back_too_late_is_in_vain_and_old_ones_are_swept_away(database: Database) -> None:
    cookie, _ = await left(database, lifetime=-1)
    assert await database.write(take, "default", cookie, "okta") is None
    for _ in range(3):
        await left(database, lifetime=-1)
    await left(database)
    assert len(await database.read(all_rows, departures)) == 1
