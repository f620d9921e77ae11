"""The invitation's page offers the providers' buttons, and the way behind them accepts the invitation."""

from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.pages.invited import GOOD, PATH, Page, invite, look, send, status_of
from tests.served import Served, served

DEVELOPER = "developer@example.com"  # who signs on at the mock provider


def _ways(page: Page) -> list[str]:
    return [given["href"] for tag, given in page.tags if tag == "a" and "/auth/login/" in given["href"]]


async def test_an_invitation_is_accepted_by_the_button_of_a_provider(small_house: Served) -> None:
    invited = await invite(small_house, DEVELOPER)
    page = Page(await look(small_house, invited.token))
    assert page.field("password")["type"] == "password"
    friend, _ = _ways(page)
    async with small_house.client() as browser:
        url = urljoin(f"{small_house.url}{PATH}", friend)
        for _ in range(6):
            answer = await browser.get(url)
            if not answer.is_redirect:
                break
            url = urljoin(url, answer.headers["location"])
    assert (answer.status_code, Page(answer).heading) == (200, "You are signed in")
    assert await status_of(small_house, invited.user) == "active"
    user = (await small_house.ask("GET", f"/users/{invited.user}")).json()["data"]
    assert (user["provider"], user["external_identifier"]) == ("friend", DEVELOPER)
    after = Page(await look(small_house, invited.token))
    assert (after.status, after.heading) == (410, "This invitation has been used")
    assert (await send(small_house, invited.token)).status_code == 410


async def test_without_providers_the_page_asks_for_a_password_alone(house: Served) -> None:
    page = Page(await look(house, (await invite(house)).token))
    assert _ways(page) == []
    assert "All it still needs is a password" in page.text
    assert "or with a password" not in page.text


@pytest.mark.parametrize("providers", ["friend", ""])
async def test_where_passwords_are_forbidden_none_is_asked_for_or_taken(
    sqlite_url: str, tmp_path: Path, providers: str
) -> None:
    ways = {"AUTH_PROVIDERS": providers, "AUTH_FRIEND_DRIVER": "mock"} if providers else {}
    variables = {"AUTH_DISABLE_DEFAULT": "true", **ways}
    async with served(sqlite_url, tmp_path / "data", lambda _: variables) as house:
        invited = await invite(house)
        page = Page(await look(house, invited.token))
        assert page.status == 200
        assert page.title.startswith("Open your account")
        assert not [tag for tag, _ in page.tags if tag == "form"]
        assert len(_ways(page)) == len(ways) // 2
        assert ("No way to sign in is set up here" in page.text) is not bool(providers)
        assert Page(await send(house, invited.token)).heading == page.heading
        body = {"token": invited.token, "password": GOOD}
        taken = await house.ask("POST", "/users/invite/accept", body, token=None)
        assert taken.status_code == 404, taken.text
        assert await status_of(house, invited.user) == "invited"
