"""The page for a forgotten password: a letter to whom the address belongs, and the same words for everybody."""

import time
from pathlib import Path

import pytest

from service.api.passwords import PACE
from service.database.tables import letters
from service.users import model, projects, records
from tests.core.people import all_rows
from tests.pages.invited import Page
from tests.served import Served, served

PATH = "/admin/forgotten-password"
LOGIN = "/admin/login"


async def ask(house: Served, email: str, path: str = PATH, **headers: str) -> Page:
    async with house.client() as client:
        return Page(await client.post(path, data={"email": email}, headers=headers))


async def owed(house: Served) -> list[tuple[str, str, str]]:
    found = await house.house.database.read(all_rows, letters)
    return [(letter["project"], letter["kind"], letter["recipient"]) for letter in found]


@pytest.mark.parametrize(("project", "within"), [("default", ""), ("looms", "/looms")])
async def test_a_letter_goes_to_whom_the_address_belongs_in_their_project(
    house: Served, project: str, within: str
) -> None:
    await house.house.database.write(projects.create, "looms", "Looms of Lyon")
    for one, hashed in (("default", "a"), ("looms", "b")):
        person = {"email": "grace@example.com", "password_hash": hashed, "status": "active"}
        await house.house.database.write(records.create, model.house(one), [person])
    login = Page(await house.ask("GET", f"{within}{LOGIN}", token=None))
    assert f"{within}{PATH}" in [given.get("href") for _, given in login.tags]
    form = Page(await house.ask("GET", f"{within}{PATH}", token=None))
    assert (form.status, form.heading) == (200, "Have you forgotten your password?")
    assert form.field("email")["autocomplete"] == "username"
    said = []
    for email in ("grace@example.com", "nobody@example.com"):
        began = time.monotonic()
        page = await ask(house, email, f"{within}{PATH}")
        assert time.monotonic() - began >= PACE
        assert (page.status, page.heading) == (200, "Look into your mailbox")
        said.append(page.text.replace(email, ""))
    assert said[0] == said[1]
    assert await owed(house) == [(project, "password_reset", "grace@example.com")]


@pytest.mark.parametrize("email", ["", "grace", "a@b@c", "grace\0@example.com", "g" * 400 + "@example.com"])
async def test_what_is_no_address_is_told_at_the_field(house: Served, email: str) -> None:
    page = await ask(house, email)
    assert (page.status, page.title.partition(":")[0]) == (422, "Error")
    assert page.field("email")["aria-invalid"] == "true"
    assert await owed(house) == []


async def test_no_other_site_sends_letters(house: Served) -> None:
    await house.person("grace@example.com")
    page = await ask(house, "grace@example.com", **{"sec-fetch-site": "cross-site"})
    assert (page.status, page.heading) == (403, "Nothing was changed")
    assert await owed(house) == []


async def test_where_there_are_no_passwords_there_is_no_such_page(sqlite_url: str, tmp_path: Path) -> None:
    more = {"AUTH_DISABLE_DEFAULT": "true", "AUTH_PROVIDERS": "friend", "AUTH_FRIEND_DRIVER": "mock"}
    async with served(sqlite_url, tmp_path / "data", lambda _: more) as house:
        await house.person("grace@example.com")
        for page in (
            Page(await house.ask("GET", PATH, token=None)),
            await ask(house, "grace@example.com"),
        ):
            assert (page.status, page.heading) == (404, "There is no such page")
        assert "forgotten" not in (await house.ask("GET", LOGIN, token=None)).text
        assert await owed(house) == []
