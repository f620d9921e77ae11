"""Choosing a way to sign in, and where it ends: on a page that says so, or why not."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.pages.invited import Page, invite, look
from tests.served import PASSWORD, Served, served


def _buttons(page: Page) -> list[str]:
    return [given["href"] for tag, given in page.tags if tag == "a" and "/auth/" in given["href"]]


async def _page(house: Served, path: str) -> Page:
    return Page(await house.ask("GET", path, token=None))


async def _follow(client: httpx2.AsyncClient, address: str) -> httpx2.Response:
    """Go to an address, and on until there is a page."""
    for _ in range(10):
        answer = await client.get(address)
        if not answer.is_redirect:
            return answer
        address = answer.headers["location"]
    raise AssertionError(address)


async def test_there_is_a_button_for_each_provider(small_house: Served) -> None:
    page = await _page(small_house, "/admin/login")
    assert (page.status, page.heading) == (200, "Sign in to Analytical Engines")
    assert _buttons(page) == [
        f"/auth/login/{name}?redirect=/admin/welcome" for name in ("friend", "stranger")
    ]
    assert "Sign in with A Friend" in page.text
    assert 'Sign in with "><script>alert(1)</script>' in page.text
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert [given["name"] for tag, given in page.tags if tag == "input"] == ["email", "password"]


async def test_without_providers_there_is_the_password_alone(house: Served) -> None:
    page = await _page(house, "/admin/login")
    assert _buttons(page) == []
    assert "or with a password" not in page.text
    assert [given["name"] for tag, given in page.tags if tag == "input"] == ["email", "password"]


async def test_a_password_signs_in_and_a_wrong_one_keeps_the_address(house: Served) -> None:
    await house.person("ada@example.com")
    async with house.client() as client:
        wrong = Page(await client.post("/admin/login", data={"email": "ada@example.com", "password": "no"}))
        assert (wrong.status, wrong.title.startswith("Error: ")) == (422, True)
        assert "The address or the password is not right." in wrong.text
        assert "ada@example.com" in [given.get("value") for _, given in wrong.tags]
        answer = await client.post("/admin/login", data={"email": "ada@example.com", "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/welcome")
        assert Page(await client.get("/admin/welcome")).heading == "You are signed in"


async def test_a_form_of_another_site_signs_nobody_in(house: Served) -> None:
    """Login CSRF: somebody else's account, in which the person then writes their own things."""
    await house.person("ada@example.com")
    data = {"email": "ada@example.com", "password": PASSWORD}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        async with house.client() as client:
            answer = await client.post("/admin/login", data=data, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_a_sign_on_ends_on_the_page_that_says_so(small_house: Served) -> None:
    async with small_house.client() as client:
        button = _buttons(Page(await client.get("/admin/login")))[0]
        page = Page(await _follow(client, button))
        assert (page.status, page.heading) == (200, "You are signed in")
        assert Page(await client.get("/admin/welcome")).heading == "You are signed in"


async def test_a_sign_on_that_fails_comes_back_to_the_buttons_and_says_so(small_house: Served) -> None:
    async with small_house.client() as client:
        button = _buttons(Page(await client.get("/admin/login")))[1]  # nobody may register there
        answer = await _follow(client, button)
    page = Page(answer)
    assert str(answer.url) == f"{small_house.url}/admin/login?reason=INVALID_CREDENTIALS&cause=unknown"
    assert page.title.startswith("Error: ")
    assert "You signed on, but there is no account for you here yet." in page.text
    assert len(_buttons(page)) == 2


async def test_who_is_not_signed_in_is_led_to_the_buttons(small_house: Served) -> None:
    for cookie in ("", "x", "a" * 64, "é" * 64):
        headers = [(b"cookie", f"directus_refresh_token={cookie}".encode())]
        async with small_house.client() as client:
            answer = await client.get("/admin/welcome", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")


async def test_who_was_suspended_is_no_longer_signed_in(small_house: Served) -> None:
    async with small_house.client() as client:
        await _follow(client, _buttons(Page(await client.get("/admin/login")))[0])
        found = await small_house.ask("GET", "/users?filter[provider][_eq]=friend&fields=id")
        (user,) = found.json()["data"]
        answer = await small_house.ask("PATCH", f"/users/{user['id']}", {"status": "suspended"})
        assert answer.status_code == 200
        assert (await client.get("/admin/welcome")).headers["location"] == "/admin/login"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("INVALID_CREDENTIALS", "there is no account for you here yet"),
        ("INVALID_PROVIDER", "Your account signs in another way."),
        ("SERVICE_UNAVAILABLE", "does not answer right now"),
        ("TOKEN_EXPIRED", "It has been too long"),
        ("WHO_KNOWS", "You could not be signed in."),
        ("<b>call+evil.example</b>", "You could not be signed in."),
    ],
)
async def test_a_reason_is_told_in_words_and_never_repeated(
    small_house: Served, code: str, told: str
) -> None:
    answer = await small_house.ask("GET", f"/admin/login?reason={code}", token=None)
    page = Page(answer)
    assert told in page.text
    assert [given for _, given in page.tags if given.get("role") == "alert"]
    assert code not in answer.text
    assert "evil" not in answer.text


async def test_the_host_itself_leads_to_a_page_that_says_what_this_is(small_house: Served) -> None:
    answer = await small_house.ask("GET", "/", token=None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    page = await _page(small_house, "/admin")
    assert page.heading == "Analytical Engines"
    for path in ("/admin/login", "/server/specs/oas", "/server/health"):
        assert path in [given.get("href") for _, given in page.tags]
        assert (await small_house.ask("GET", path, token=None)).status_code == 200


async def test_any_other_page_is_told_not_to_be_there(small_house: Served) -> None:
    for path in ("/admin/nowhere", "/admin/a/b/c", "/admin/accept-invite/x"):
        page = await _page(small_house, path)
        assert (page.status, page.heading) == (404, "There is no such page")


async def test_below_a_path_of_its_host_every_address_keeps_that_path(
    sqlite_url: str, tmp_path: Path
) -> None:
    ways = {"AUTH_PROVIDERS": "friend", "AUTH_FRIEND_DRIVER": "mock"}
    variables = {"PUBLIC_URL": "http://127.0.0.1:9/people", **ways}
    async with served(sqlite_url, tmp_path / "data", lambda _: variables) as house:
        assert (await house.ask("GET", "/", token=None)).headers["location"] == "/people/admin"
        page = await _page(house, "/admin/login")
        assert _buttons(page) == ["/people/auth/login/friend?redirect=/people/admin/welcome"]
        departed = await house.ask("GET", _buttons(page)[0].removeprefix("/people"), token=None)
        assert departed.status_code == 302
        assert urlsplit(departed.headers["location"]).path == "/people/auth/login/friend/callback"
        invited = await invite(house)
        form = Page(await look(house, invited.token))
        assert ("form", {"method": "post", "action": "/people/admin/accept-invite"}) in form.tags
