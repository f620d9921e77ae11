"""A registration's link that ran out: the page offers a new letter, and tells a stranger nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from service.database import Transaction, now
from service.database.tables import letters, registrations
from service.users import registrations as core
from service.users.clock import later
from tests.languages.test_auth_registration import login, register, tokens
from tests.pages.invited import Page, all_rows
from tests.served import Served, served

AGAIN = "/admin/verify/again"


@pytest.fixture
async def open_house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A house where people may register themselves."""
    async with served(database_url, tmp_path / "data", lambda _: {"PUBLIC_REGISTRATION": "true"}) as house:
        yield house


async def _age(house: Served, seconds: float) -> str:
    """Move the one registration and its letter into the past; the token that its letter had."""

    async def change(tx: Transaction) -> None:
        at = now()
        ended = later(at, -seconds)
        begun = later(ended, -core.LIFETIME)
        await tx.run(update(registrations).values(expires_at=ended))
        await tx.run(update(letters).values(created_at=begun, expires_at=ended))

    await house.house.database.write(change)
    (token,) = await tokens(house)
    return token


async def _press(house: Served, path: str, token: str) -> Page:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return Page(await house.ask("POST", path, token=None, headers=form, content=f"token={token}"))


async def test_an_expired_link_brings_a_new_letter_that_opens_the_account(open_house: Served) -> None:
    assert (await register(open_house)).status_code == 204
    old = await _age(open_house, 3600)
    looked = Page(await open_house.ask("GET", "/admin/verify", token=None, params={"token": old}))
    assert (looked.status, looked.heading) == (410, "This link has expired")
    assert looked.field("token")["value"] == old
    assert (await _press(open_house, "/admin/verify", old)).status == 410
    for _ in range(2):  # the second time there is nothing to renew
        asked = await _press(open_house, AGAIN, old)
        assert (asked.status, asked.heading) == (200, "Look into your mailbox")
    _, new = await tokens(open_house)
    assert (await _press(open_house, "/admin/verify", new)).status == 303
    assert await login(open_house) == 200


async def test_nothing_is_owed_for_what_is_open_gone_or_forged(open_house: Served) -> None:
    await register(open_house)
    (open_,) = await tokens(open_house)
    assert (await _press(open_house, AGAIN, open_)).heading == "Look into your mailbox"
    assert (await _press(open_house, AGAIN, "x")).status == 400
    old = await _age(open_house, 3600)
    await open_house.person("grace@example.com")
    assert (await _press(open_house, AGAIN, old)).heading == "Look into your mailbox"
    assert len(await open_house.house.database.read(all_rows, letters)) == 1


async def test_a_registration_can_be_renewed_for_a_week_and_is_then_forgotten(open_house: Served) -> None:
    await register(open_house)
    database = open_house.house.database
    await _age(open_house, core.KEPT - 60)
    assert await database.write(core.prune) == 0
    old = await _age(open_house, core.KEPT + 60)
    assert await database.write(core.prune) == 1
    looked = Page(await open_house.ask("GET", "/admin/verify", token=None, params={"token": old}))
    assert (looked.status, looked.heading) == (410, "This link is no longer valid")
