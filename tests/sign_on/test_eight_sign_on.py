"""The 8 generation's sign-on, with a real OpenID provider: off by its own address, home with what it takes."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from service.tokens import Tokens, new_secret
from tests.languages.eights import another
from tests.languages.factors import code
from tests.peers.oidc import OpenIDProvider
from tests.served import Served, served
from tests.sign_on.browser import Browser

APP = "https://app.example.com/signed-on?tab=1"
START = "/thumper/auth/sso/op"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, idp: OpenIDProvider) -> AsyncIterator[Served]:
    """A house with a provider of the project `thumper`, and one of the project `default`."""

    def variables(url: str) -> dict[str, str]:
        found = {"AUTH_PROVIDERS": "op,home", "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8"}
        for name, at in (("op", f"{url}{START}/callback"), ("home", f"{url}/default/auth/sso/home/callback")):
            client = idp.register(at)
            found |= {
                f"AUTH_{name.upper()}_DRIVER": "openid",
                f"AUTH_{name.upper()}_CLIENT_ID": client.client_id,
                f"AUTH_{name.upper()}_CLIENT_SECRET": client.client_secret or "",
                f"AUTH_{name.upper()}_ISSUER_URL": idp.issuer,
                f"AUTH_{name.upper()}_ALLOW_PUBLIC_REGISTRATION": "true",
                f"AUTH_{name.upper()}_REDIRECT_ALLOW_LIST": "https://app.example.com/signed-on",
            }
        return found | {"AUTH_OP_PROJECT": "thumper"}

    async with served(database_url, tmp_path / "data", variables) as house:
        house.token = await another(house, "thumper")
        idp.describe("Erin", email="erin@example.com", email_verified=True, given_name="Erin")
        yield house


async def _home(house: Served, browser: Browser, *, login: str = "Erin", mode: str = "jwt") -> dict[str, str]:
    """What the address holds that a browser is sent to in the end."""
    start = str(httpx2.URL(f"{house.url}{START}", params={"mode": mode, "redirect_url": APP}))
    browser.http.headers["referer"] = "https://app.example.com/"
    landed = await browser.sign_on(start, login=login, stop_at="https://app.example.com/")
    assert landed.startswith("https://app.example.com/signed-on?")
    return {name: value for name, (value,) in parse_qs(urlsplit(landed).query).items()}


async def _redeem(house: Served, token: str, project: str = "thumper") -> httpx2.Response:
    body = {"request_token": token}
    return await house.ask("POST", f"/{project}/auth/sso/access_token", body, token=None)


async def test_each_project_lists_its_own_providers(house: Served) -> None:
    for project, names in (("thumper", ["op"]), ("default", ["home"])):
        answer = await house.ask("GET", f"/{project}/auth/sso", token=None)
        assert answer.json() == {"data": names, "public": True}
        other = "home" if project == "thumper" else "op"
        refused = await house.ask("GET", f"/{project}/auth/sso/{other}", token=None)
        assert refused.status_code == 404
        path = f"/{project}/auth/sso/{other}"
        assert refused.json() == {"error": {"code": 1, "message": f"Route {path} not found"}}
    listed = (await house.ask("GET", "/auth", token=None)).json()["data"]
    assert [one["name"] for one in listed] == ["home"]


async def test_a_program_is_told_where_to_send_the_browser(house: Served, idp: OpenIDProvider) -> None:
    answer = await house.ask("GET", START, token=None)
    told = answer.json()
    assert (answer.status_code, told["public"]) == (200, True)
    assert told["data"].keys() == {"authorization_url", "state"}
    url = urlsplit(told["data"]["authorization_url"])
    assert f"{url.scheme}://{url.netloc}" == idp.issuer
    assert len(told["data"]["state"]) > 20
    assert "HttpOnly" in answer.headers["set-cookie"]
    for headers in ({"sec-fetch-mode": "navigate"}, {"referer": f"{house.url}/"}):
        sent = await house.ask("GET", START, token=None, headers=headers)
        assert sent.status_code == 302
    stranger = await house.ask("GET", START, token=None, headers={"referer": "https://evil.example/"})
    assert stranger.status_code == 200
    wrong = await house.ask("GET", f"{START}?mode=session", token=None)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, 4)
    for hostile in ("https://evil.example/", "//evil.example", "https://app.example.com/other"):
        refused = await house.ask("GET", START, token=None, params={"redirect_url": hostile})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, 4)


async def test_a_request_token_is_good_once_and_where_it_was_made(house: Served) -> None:
    async with Browser() as browser:
        home = await _home(house, browser)
        assert home.keys() == {"tab", "request_token"}
        assert home["tab"] == "1"
        (returned,) = [url for url in browser.seen if f"{START}/callback" in url]
        assert returned.startswith(f"{house.url}{START}/callback?")
        assert (await _redeem(house, home["request_token"], "default")).json()["error"]["code"] == 109
        answer = await _redeem(house, home["request_token"])
        assert (answer.status_code, answer.json()["public"]) == (200, True), answer.text
        me = await house.ask("GET", "/thumper/users/me", token=answer.json()["data"]["token"])
        assert (me.json()["data"]["email"], me.json()["data"]["external_id"]) == ("erin@example.com", "Erin")
        again = await _redeem(house, home["request_token"])
        assert again.json() == {"error": {"code": 109, "message": "Invalid request token"}}
        assert again.status_code == 401
        assert (await house.ask("GET", "/thumper/users/me", token=home["request_token"])).status_code == 401
    for bad in ("e30.e30.e30", answer.json()["data"]["token"], "x" * 5000):
        assert (await _redeem(house, bad)).json()["error"]["code"] == 109
    assert (await house.ask("POST", "/thumper/auth/sso/access_token", token=None)).json()["error"] == {
        "code": 13,
        "message": '"request_token" is required',
    }


async def test_a_request_token_is_good_for_a_minute(house: Served) -> None:
    tokens: Tokens = house.house.tokens
    late = tokens.sign("request", {"jti": new_secret("")}, expires_at=1_000_000)
    answer = await _redeem(house, late)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 110)


async def test_a_cookie_of_the_project_holds_the_session(house: Served) -> None:
    async with Browser() as browser:
        assert await _home(house, browser, mode="cookie") == {"tab": "1"}
        me = await browser.http.get(f"{house.url}/thumper/users/me")
        assert me.json()["data"]["email"] == "erin@example.com"
        assert (await browser.http.get(f"{house.url}/default/users/me")).status_code == 401
        assert browser.http.cookies.get("directus-thumper-session")
        assert browser.http.cookies.get("directus_refresh_token") is None


async def test_without_a_page_to_go_to_the_token_is_the_answer(house: Served) -> None:
    async with Browser() as browser:
        browser.http.headers["sec-fetch-mode"] = "navigate"
        told = (await browser.visit(f"{house.url}{START}", login="Erin")).json()
    assert told["public"] is True
    me = await house.ask("GET", "/thumper/users/me", token=told["data"]["token"])
    assert me.json()["data"]["first_name"] == "Erin"
    sessions = (await house.ask("GET", "/thumper/auth/sessions", token=told["data"]["token"])).json()["data"]
    assert [one["current"] for one in sessions] == [True]


async def test_refusals_lead_home_with_the_documented_codes(house: Served, idp: OpenIDProvider) -> None:
    idp.describe("Una", email="una@example.com", email_verified=False)
    async with Browser() as browser:
        assert await _home(house, browser, login="Una") == {"tab": "1", "error": "1", "code": "100"}
    answer = await house.ask("GET", f"{START}/callback?code=x&state=y", token=None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 100)


async def test_who_has_a_second_factor_here_signs_in_with_their_password(house: Served) -> None:
    async with Browser() as browser:
        token = (await _redeem(house, (await _home(house, browser))["request_token"])).json()["data"]["token"]
        made = await house.ask("GET", "/thumper/utils/2fa_secret", token=token)
        secret = made.json()["data"]["2fa_secret"]
        body = {"2fa_secret": secret, "otp": code(secret)}
        await house.ask("POST", "/thumper/users/me/activate_2fa", body, token=token)
    async with Browser() as browser:
        assert (await _home(house, browser))["code"] == "115"


async def test_another_browser_cannot_finish_what_one_began(house: Served) -> None:
    callback = f"{house.url}{START}/callback"
    async with Browser() as browser, Browser() as stranger:
        browser.http.headers["sec-fetch-mode"] = "navigate"
        url = await browser.sign_on(f"{house.url}{START}", login="Erin", stop_at=callback)
        refused = await stranger.http.get(url)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, 100)
        assert (await browser.http.get(url)).status_code == 200


async def test_an_address_hears_of_sign_outs_at_the_provider(house: Served) -> None:
    heard = await house.ask("POST", f"{START}/backchannel-logout", token=None, data={"logout_token": "x"})
    assert (heard.status_code, heard.json()["error"]) == (400, "invalid_request")
    other = await house.ask(
        "POST", "/thumper/auth/sso/home/backchannel-logout", token=None, data={"logout_token": "x"}
    )
    assert other.status_code == 404
