"""The invitation's page offers the providers' buttons, and the way behind them accepts the invitation."""

from urllib.parse import urljoin

from tests.pages.invited import PATH, Page, invite, look, send, status_of
from tests.served import Served

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
