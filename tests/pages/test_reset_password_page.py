"""Choosing a new password on its page: looking uses up nothing, the button works once, refusals are told."""

import pytest
from sqlalchemy import select

from service.database import Transaction
from service.database.tables import letters
from service.letters import Ticket
from service.users import resets
from tests.pages.invited import Page, can_sign_in, everything
from tests.served import PASSWORD, Served

PATH = "/admin/reset-password"
GOOD = "a quiet walk along the river"


async def asked(house: Served, **changes: str) -> str:
    """The token of Grace's letter."""
    await house.ask("POST", "/auth/password/request", {"email": "grace@example.com"}, token=None)
    columns = [letters.c[name] for name in ("project", "id", "reference", "recipient")]
    columns += [letters.c.data, letters.c.created_at, letters.c.expires_at]

    async def look(tx: Transaction) -> Ticket:
        rows = await tx.rows(select(*columns).where(letters.c.kind == resets.LETTER))
        project, id_, user, email, data, issued_at, expires_at = max(rows, key=lambda row: str(row[1]))
        facts = {"issued_at": issued_at, "expires_at": expires_at, **changes}
        return Ticket("reset", project, id_, email, **facts, user=user, bound=data["bound"])

    return resets.mint(house.house.tokens, await house.house.database.read(look))


async def press(house: Served, token: str, password: str = GOOD, **headers: str) -> Page:
    """Press the button; the page where the browser ends."""
    ours = {"origin": "null", "sec-fetch-site": "same-origin", **headers}
    form = {"token": token, "username": "whoever@example.com", "password": password}
    async with house.client() as client:
        return Page(await client.post(PATH, data=form, headers=ours, follow_redirects=True))


async def look(house: Served, token: str) -> Page:
    return Page(await house.ask("GET", PATH, token=None, params={"token": token}))


async def test_the_button_changes_the_password_once(house: Served) -> None:
    await house.person("grace@example.com")
    token = await asked(house)
    before = await everything(house)
    for _ in range(20):
        page = await look(house, token)
        assert (page.status, page.heading) == (200, "Choose a new password")
    assert "grace@example.com" in page.text
    assert page.field("token")["value"] == token
    assert page.field("password")["autocomplete"] == "new-password"
    assert await everything(house) == before
    done = await press(house, token)
    assert (done.status, done.heading) == (200, "Your password is changed")
    assert await can_sign_in(house, "grace@example.com", GOOD)
    for page in (await press(house, token, "another fine set of words"), await look(house, token)):
        assert (page.status, page.heading) == (410, "This link is no longer valid")
        assert not page.has_form
    assert await can_sign_in(house, "grace@example.com", GOOD)


@pytest.mark.parametrize("password", ["short", "password123", "x" * 200, ""])
async def test_a_password_that_will_not_do_is_told_on_the_form(house: Served, password: str) -> None:
    await house.person("grace@example.com")
    token = await asked(house)
    page = await press(house, token, password)
    assert (page.status, page.has_form) == (422, True)
    assert page.title.startswith("Error: ")
    assert page.field("password")["aria-invalid"] == "true"
    assert await can_sign_in(house, "grace@example.com", PASSWORD)


async def test_links_that_lead_nowhere(house: Served) -> None:
    await house.person("grace@example.com")
    token = await asked(house)
    for broken in ("", "x", token[:-3]):
        for page in (await look(house, broken), await press(house, broken)):
            assert (page.status, page.heading) == (400, "This link does not work")
    late = await asked(house, issued_at="2021-02-05T15:18:13.000Z", expires_at="2021-02-06T15:18:13.000Z")
    for page in (await look(house, late), await press(house, late)):
        assert (page.status, page.heading) == (410, "This link has expired")
        assert "6 February 2021, 15:18 UTC" in page.text


async def test_rule_20_a_form_from_another_site_changes_nothing(house: Served) -> None:
    await house.person("grace@example.com")
    token = await asked(house)
    page = await press(house, token, **{"sec-fetch-site": "cross-site"})
    assert (page.status, page.heading) == (403, "Nothing was changed")
    assert await can_sign_in(house, "grace@example.com", PASSWORD)
