"""Whom a letter of another project brings finds their own project's way in, never the default one's."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from service.users import invitations, model, projects
from tests.pages.invited import PATH, Invited, Page, look, newest, send
from tests.served import Served, served

DEVELOPER = "developer@example.com"  # who signs on at the mock provider
BROWSER = {"sec-fetch-mode": "navigate"}  # as every browser says of what a person follows


@pytest.fixture
async def looms(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A house with a project beside the default one, each with a provider of its own."""
    ways = {
        "AUTH_PROVIDERS": "friend,weaver",
        "AUTH_FRIEND_DRIVER": "mock",
        "AUTH_WEAVER_DRIVER": "mock",
        "AUTH_WEAVER_PROJECT": "looms",
        "AUTH_WEAVER_LABEL": "The Weavers",
    }
    async with served(database_url, tmp_path / "data", lambda _: ways) as house:
        yield house


async def invite(house: Served, email: str = DEVELOPER) -> Invited:
    """Somebody is invited to the other project."""
    database = house.house.database
    role = await database.write(projects.create, "looms", "Looms of Lyon")
    await database.write(invitations.invite, model.house("looms"), [email], role, invitations.Terms(3600))
    return await newest(house, email)


def links(page: Page) -> list[str]:
    """Where the page's buttons lead."""
    return [given["href"] for tag, given in page.tags if tag == "a" and "button" in given.get("class", "")]


async def test_the_providers_button_opens_the_account_in_its_own_project(looms: Served) -> None:
    invited = await invite(looms)
    page = Page(await look(looms, invited.token))
    assert "Sign in with The Weavers" in page.text
    (weaver,) = links(page)
    async with looms.client() as browser:
        url = urljoin(f"{looms.url}{PATH}", weaver)
        for _ in range(6):
            answer = await browser.get(url, headers=BROWSER)
            if not answer.is_redirect:
                break
            url = urljoin(url, answer.headers["location"])
        home = Page(answer)
        assert (home.status, home.heading) == (200, "You are signed in")
        assert "Looms of Lyon" in home.title
        assert links(home) == []  # the account page is the default project's
        assert [name for name in browser.cookies if "looms" in name]
        me = (await browser.get("/looms/users/me")).json()["data"]
        assert (me["email"], me["status"]) == (DEVELOPER, "active")
    used = Page(await look(looms, invited.token))
    assert (used.status, used.heading) == (410, "This invitation has been used")


async def test_who_is_not_let_in_is_told_so_in_the_projects_dress(looms: Served) -> None:
    await invite(looms, "grace@example.com")  # somebody else
    async with looms.client() as browser:
        url = f"{looms.url}/looms/auth/sso/weaver?mode=cookie&redirect_url=/looms/admin/welcome"
        while (answer := await browser.get(url, headers=BROWSER)).is_redirect:
            url = urljoin(url, answer.headers["location"])
        page = Page(answer)
        assert (page.status, page.heading) == (403, "You are not signed in")
        assert "Looms of Lyon" in page.title
        assert Page(await browser.get("/looms/admin/welcome")).heading == page.heading
        browser.cookies.set("directus-looms-session", "x")
        assert Page(await browser.get("/looms/admin/welcome")).heading == page.heading


async def test_a_used_letter_leads_to_the_sign_in_of_its_own_project(looms: Served) -> None:
    invited = await invite(looms, "grace@example.com")
    assert (await send(looms, invited.token)).status_code == 303
    page = Page(await look(looms, invited.token))
    assert page.heading == "This invitation has been used"
    assert links(page) == []
    assert "open the application that you were invited to" in page.text


async def test_in_the_default_project_the_button_is_there(looms: Served) -> None:
    body = {"email": "grace@example.com", "role": looms.role}
    assert (await looms.ask("POST", "/users/invite", body)).status_code == 204
    invited = await newest(looms, "grace@example.com")
    assert links(Page(await look(looms, invited.token))) == ["/auth/login/friend?redirect=/admin/welcome"]
    await send(looms, invited.token)
    assert links(Page(await look(looms, invited.token))) == ["/admin/login"]
