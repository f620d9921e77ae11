"""The people of another project have pages of their own: by letter, by password, by provider, never the
default project's."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from service.users import invitations, model, projects
from tests.languages.factors import code
from tests.pages.invited import GOOD, PATH, Invited, Page, look, newest, send
from tests.served import PASSWORD, Served, served

DEVELOPER = "developer@example.com"  # who signs on at the mock provider
ACCOUNT, LOGIN = "/admin/account", "/looms/admin/login"
OWN = "directus-looms-session"  # the cookie
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
        assert links(home) == ["/looms/admin/account"]
        assert [name for name in browser.cookies if "looms" in name]
        me = (await browser.get("/looms/users/me")).json()["data"]
        assert (me["email"], me["status"]) == (DEVELOPER, "active")
        account = Page(await browser.get("/looms/admin/account"))
        assert (account.heading, DEVELOPER in account.text) == ("Your account", True)
    used = Page(await look(looms, invited.token))
    assert (used.status, used.heading) == (410, "This invitation has been used")


async def test_who_is_not_let_in_is_told_so_in_the_projects_dress(looms: Served) -> None:
    await invite(looms, "grace@example.com")  # somebody else
    async with looms.client() as browser:
        url = f"{looms.url}/looms/auth/sso/weaver?mode=cookie&redirect_url=/looms/admin/welcome"
        while (answer := await browser.get(url, headers=BROWSER)).is_redirect:
            url = urljoin(url, answer.headers["location"])
        page = Page(answer)
        assert (page.status, page.heading) == (200, "Sign in to Looms of Lyon")
        assert "there is no account for you here yet" in page.text
        for cookie in ("", "x"):
            browser.cookies.set("directus-looms-session", cookie)
            sent = await browser.get("/looms/admin/welcome")
            assert sent.headers["location"] == "/looms/admin/login"


async def test_a_used_letter_leads_to_the_sign_in_of_its_own_project(looms: Served) -> None:
    invited = await invite(looms, "grace@example.com")
    assert (await send(looms, invited.token)).status_code == 303
    page = Page(await look(looms, invited.token))
    assert page.heading == "This invitation has been used"
    assert links(page) == [LOGIN]
    async with looms.client() as browser:
        signed_in = await browser.post(LOGIN, data={"email": "grace@example.com", "password": GOOD})
        assert signed_in.headers["location"] == "/looms/admin/welcome"


async def test_in_the_default_project_the_button_is_there(looms: Served) -> None:
    body = {"email": "grace@example.com", "role": looms.role}
    assert (await looms.ask("POST", "/users/invite", body)).status_code == 204
    invited = await newest(looms, "grace@example.com")
    assert links(Page(await look(looms, invited.token))) == ["/auth/login/friend?redirect=/admin/welcome"]
    await send(looms, invited.token)
    assert links(Page(await look(looms, invited.token))) == ["/admin/login"]


async def enter(looms: Served, browser: httpx2.AsyncClient, otp: str = "") -> Page:
    """Sign in with a password, and a code where one is asked for."""
    answer = await browser.post(LOGIN, data={"email": DEVELOPER, "password": GOOD})
    if otp:
        assert answer.headers["location"] == f"{LOGIN}/code"
        answer = await browser.post(f"{LOGIN}/code", data={"otp": otp})
    assert (answer.status_code, answer.headers["location"]) == (303, "/looms/admin/welcome")
    return Page(await browser.get("/looms/admin/welcome"))


async def press(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """What a button of a page leads to."""
    page = Page(await browser.get(path))
    (mark,) = {given["value"] for _, given in page.tags if given.get("name") == "mark"}
    return await browser.post(path, data={"mark": mark, **fields})


async def test_a_persons_own_pages_are_those_of_their_project(looms: Served) -> None:
    await send(looms, (await invite(looms)).token)
    async with looms.client() as browser, looms.client() as other:
        assert (await browser.get("/looms/admin/account")).headers["location"] == LOGIN
        wrong = Page(await browser.post(LOGIN, data={"email": DEVELOPER, "password": "not the password"}))
        assert (wrong.status, wrong.heading) == (422, "Sign in to Looms of Lyon")
        for one in (browser, other):
            assert (await enter(looms, one)).heading == "You are signed in"
        page = Page(await browser.get("/looms/admin/account"))
        ours = {given[name] for _, given in page.tags for name in ("href", "action") if name in given}
        assert {one for one in ours if not one.startswith(("/looms/admin", "data:"))} == set()
        changed = await press(browser, "/looms/admin/password", password=GOOD, chosen=f"{GOOD} again")
        assert changed.headers["location"] == "/looms/admin/account?done=password"
        assert (await other.get("/looms/admin/account")).headers["location"] == LOGIN
        assert (await browser.get("/looms/users/me")).status_code == 200
        for path in ("/admin/account", "/default/admin/account"):  # another project's people
            assert (await browser.get(path)).headers["location"] == path.replace("account", "login")
        (session,) = {
            given["value"]
            for _, given in Page(await browser.get("/looms/admin/sessions")).tags
            if given.get("name") == "session"
        }
        left = await press(browser, "/looms/admin/sessions", session=session)
        assert (Page(left).heading, LOGIN in left.text) == ("You are signed out", True)
        assert not browser.cookies.get("directus-looms-session")


async def test_a_second_factor_is_asked_for_on_their_own_page(looms: Served) -> None:
    await send(looms, (await invite(looms)).token)
    async with looms.client() as browser:
        await enter(looms, browser)
        picture = Page(await press(browser, "/looms/admin/tfa-setup", password=GOOD))
        secret = picture.field("secret")["value"]
        carried = {name: picture.field(name)["value"] for name in ("mark", "email", "secret")}
        done = Page(await browser.post("/looms/admin/tfa-setup", data={**carried, "otp": code(secret)}))
        assert (done.heading, len(done.codes)) == ("Two-factor authentication is on", 10)
    async with looms.client() as browser:
        assert (await enter(looms, browser, done.codes[0])).heading == "You are signed in"


async def test_after_a_sign_on_as_well(looms: Served) -> None:
    """Who signs on with a provider, has a second factor here, and comes by the button of the page."""
    await send(looms, (await invite(looms)).token)
    async with looms.client() as browser:
        await enter(looms, browser)
        (weaver,) = (one for one in await _offered(browser) if one)
        away = await press(browser, "/looms/admin/account", link=weaver, password=GOOD)
        (url,) = links(Page(away))
        back = await _follow(looms, browser, url)
        assert "It was added" in Page(back).text
        picture = Page(await press(browser, "/looms/admin/tfa-setup", password=GOOD))
        carried = {name: picture.field(name)["value"] for name in ("mark", "email", "secret")}
        done = Page(
            await browser.post("/looms/admin/tfa-setup", data={**carried, "otp": code(carried["secret"])})
        )
    async with looms.client() as browser:
        (weaver,) = links(Page(await browser.get(LOGIN)))
        asked = await _follow(looms, browser, f"{looms.url}{weaver}")
        assert (asked.url.path, Page(asked).heading) == (f"{LOGIN}/code", "One more step")
        home = await browser.post(f"{LOGIN}/code", data={"otp": done.codes[0]})
        assert Page(await _follow(looms, browser, home.headers["location"])).heading == "You are signed in"


async def _offered(browser: httpx2.AsyncClient) -> list[str]:
    page = Page(await browser.get("/looms/admin/account"))
    return [given["value"] for _, given in page.tags if given.get("name") == "link"]


async def _follow(looms: Served, browser: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """Where a browser ends that goes to an address."""
    for _ in range(8):
        answer = await browser.get(urljoin(looms.url, url), headers=BROWSER)
        if not answer.is_redirect:
            return answer
        url = urljoin(str(answer.url), answer.headers["location"])
    raise AssertionError(url)


async def test_the_session_of_another_project_opens_nothing(looms: Served) -> None:
    await send(looms, (await invite(looms)).token)
    await looms.person(DEVELOPER)
    async with looms.client() as browser:
        await browser.post("/admin/login", data={"email": DEVELOPER, "password": PASSWORD})
        assert (await browser.get(ACCOUNT)).status_code == 200
        account = f"/looms{ACCOUNT}"
        assert (await browser.get(account)).headers["location"] == LOGIN
        await enter(looms, browser)
        assert (await browser.get("/admin/account")).status_code == 200  # both at once
        default, own = (browser.cookies[name] for name in ("directus_refresh_token", OWN))
    for path, cookie in (
        (account, f"{OWN}={default}"),
        (f"/default{ACCOUNT}", f"directus-default-session={own}"),
    ):
        answer = await looms.ask("GET", path, token=None, headers={"cookie": cookie})
        assert answer.headers["location"] == path.replace("account", "login")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, 302),  # over http browsers say no more
        ({"accept": "application/json, text/plain, */*"}, 200),
        ({"accept": "*/*"}, 200),
        ({"accept": "text/html", "sec-fetch-mode": "cors"}, 200),
    ],
)
async def test_the_providers_button_leads_on_where_browsers_do_not_say_what_they_fetch_for(
    looms: Served, headers: dict[str, str], status: int
) -> None:
    await invite(looms)
    answer = await looms.ask("GET", "/looms/auth/sso/weaver?mode=cookie", token=None, headers=headers)
    assert answer.status_code == status
