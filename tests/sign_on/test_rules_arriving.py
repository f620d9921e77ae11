"""The rules of the way there and back, against the whole house: each begins with the attack, and it is refused."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest

from service.database.tables import identities
from tests.core.people import all_rows
from tests.served import Served, refusal, served
from tests.sign_on.browser import Page
from tests.sign_on.stand_in import SECRET, StandIn, Vendor, running

PROFILE = "https://hub.example/me"
ADA = {"id": 7, "email": "ada@example.com", "email_verified": True, "given_name": "Ada"}


@pytest.fixture
def hub() -> Iterator[StandIn]:
    """A GitHub-shaped server that describes whoever comes as Ada."""
    with running(Vendor(places={PROFILE: dict(ADA)})) as server:
        yield server


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, hub: StandIn) -> AsyncIterator[Served]:
    variables = {"AUTH_PROVIDERS": "hub,away", "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8"}
    for name in ("HUB", "AWAY"):
        base = f"{hub.url}/hub.example"
        variables |= {
            f"AUTH_{name}_DRIVER": "oauth2", f"AUTH_{name}_CLIENT_ID": "me", f"AUTH_{name}_CLIENT_SECRET": SECRET,
            f"AUTH_{name}_AUTHORIZE_URL": f"{base}/authorize", f"AUTH_{name}_ACCESS_URL": f"{base}/token",
            f"AUTH_{name}_PROFILE_URL": f"{base}/me", f"AUTH_{name}_ALLOW_PUBLIC_REGISTRATION": "true",
            f"AUTH_{name}_REDIRECT_ALLOW_LIST": "https://app.example.com/in",
        }  # fmt: skip
    variables["AUTH_AWAY_MODE"] = "session"
    async with served(sqlite_url, tmp_path / "data", lambda _: variables) as house:
        yield house


async def come_back(client: httpx2.AsyncClient, start: str) -> str:
    """Departs, signs on at the hub, and gives the address of the callback."""
    away = await client.get(start)
    assert away.status_code == 302, away.text
    return (await client.get(away.headers["location"])).headers["location"]


async def signed_on(client: httpx2.AsyncClient, start: str = "/auth/login/hub") -> httpx2.Response:
    return await client.get(await come_back(client, start))


async def protect(house: Served, client: httpx2.AsyncClient) -> str:
    """Ada sets up a second factor, for which her fresh sign-on stands in for a password; gives its secret."""
    access = (await signed_on(client)).json()["data"]["access_token"]
    made = await house.ask("POST", "/users/me/tfa/generate", {}, token=access)
    assert made.status_code == 200, made.text
    secret = str(made.json()["data"]["secret"])
    enable = {"secret": secret, "otp": pyotp.TOTP(secret).now()}
    assert (await house.ask("POST", "/users/me/tfa/enable", enable, token=access)).status_code == 204
    return secret


def later_code(secret: str) -> str:
    import time

    return pyotp.TOTP(secret).at(int(time.time()) + 30)  # the step after the one that was just used


async def test_rule_26_json_is_refused_until_the_code_comes_from_the_same_browser(house: Served) -> None:
    async with house.client() as client, house.client() as stranger:
        secret = await protect(house, client)
        refused = await signed_on(client)
        assert refusal(refused) == (401, "INVALID_OTP")
        assert "access_token" not in refused.text
        body = {"otp": later_code(secret)}
        assert (await stranger.post("/auth/login/hub/otp", json=body)).status_code == 401
        assert (await client.post("/auth/login/hub/otp", json={"otp": "000000"})).status_code == 401
        crossed = await client.post(
            "/auth/login/hub/otp", json=body, headers={"sec-fetch-site": "cross-site"}
        )
        assert crossed.status_code == 403
        good = await client.post("/auth/login/hub/otp", json=body)
        assert good.status_code == 200
        assert good.json()["data"]["access_token"]
        assert (await client.post("/auth/login/hub/otp", json=body)).status_code == 401  # once


async def test_rule_26_a_browser_is_asked_on_a_page_without_script(house: Served) -> None:
    async with house.client() as client:
        secret = await protect(house, client)
        asked = await signed_on(client, "/auth/login/hub?redirect=https://app.example.com/in")
        assert asked.headers["location"] == f"{house.url}/admin/login/code"
        assert "directus_refresh_token" not in asked.headers.get_list("set-cookie").__str__()
        page = await client.get("/admin/login/code")
        assert "<script" not in page.text
        assert "ada@example.com" in page.text
        assert "form-action 'self' https://app.example.com" in page.headers["content-security-policy"]
        wrong = await client.post("/admin/login/code", data={"otp": "123456"})
        assert (wrong.status_code, "is not right" in wrong.text) == (422, True)
        good = await client.post("/admin/login/code", data={"otp": later_code(secret)})
        assert (good.status_code, good.headers["location"]) == (303, "https://app.example.com/in")
        assert good.headers["set-cookie"].startswith("directus_refresh_token=")
        late = await client.get("/admin/login/code")
        assert late.headers["location"] == "/admin/login?reason=TOKEN_EXPIRED"


async def test_rule_26_the_documented_code_at_the_departure_counts(house: Served) -> None:
    async with house.client() as client:
        secret = await protect(house, client)
        assert (await signed_on(client, "/auth/login/hub?otp=000000")).status_code == 401
        good = await signed_on(client, f"/auth/login/hub?otp={later_code(secret)}")
        assert good.status_code == 200


async def test_rule_26_a_role_that_asks_for_a_factor_asks_who_signs_on_too(house: Served) -> None:
    async with house.client() as client:
        access = (await signed_on(client)).json()["data"]["access_token"]
        me = (await house.ask("GET", "/users/me", token=access)).json()["data"]["id"]
        role = await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True, "app_access": True})
        await house.ask("PATCH", f"/users/{me}", {"role": role.json()["data"]["id"]})
        access = (await signed_on(client)).json()["data"]["access_token"]
        assert (await house.ask("GET", "/users/me", token=access)).status_code == 403
        made = await house.ask("POST", "/users/me/tfa/generate", {}, token=access)
        assert made.status_code == 200


async def test_rule_1_a_code_without_its_verifier_opens_nothing(house: Served, hub: StandIn) -> None:
    async with house.client() as client, house.client() as thief:
        stolen = httpx2.URL(await come_back(client, "/auth/login/hub")).params
        own = httpx2.URL(await come_back(thief, "/auth/login/hub")).params
        injected = {"code": stolen["code"], "state": own["state"]}
        answer = await thief.get("/auth/login/hub/callback", params=injected)
    assert answer.status_code == 401
    assert all(asked["code_challenge_method"] == "S256" for asked in hub.asked)


async def test_rule_2_a_callback_of_another_browser_signs_nobody_in(house: Served) -> None:
    async with house.client() as attacker, house.client() as victim:
        url = await come_back(attacker, "/auth/login/hub")
        assert (await victim.get(url)).status_code == 401
        await come_back(victim, "/auth/login/hub")  # even one that is on its way itself
        assert (await victim.get(url)).status_code == 401


async def test_rule_3_an_answer_for_one_provider_is_none_for_another(house: Served, hub: StandIn) -> None:
    async with house.client() as client:
        url = await come_back(client, "/auth/login/hub")
        assert (await client.get(url.replace("/hub/callback", "/away/callback"))).status_code == 401
    assert len({asked["redirect_uri"] for asked in hub.asked}) == 1


async def test_rule_16_a_sign_on_ends_nowhere_else(house: Served) -> None:
    for hostile in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "https://app.example.com@evil.example/",
        "http://[",  # no address at all
        "https://\u2100.example/",
    ):
        for name in ("hub", "away"):
            answer = await house.ask("GET", f"/auth/login/{name}", token=None, params={"redirect": hostile})
            assert answer.status_code == 400


async def test_rule_18_and_19_a_session_is_new_and_its_cookie_is_kept_close(house: Served) -> None:
    async with house.client() as client:
        client.cookies.set("directus_refresh_token", "a" * 64)
        answer = await signed_on(client, "/auth/login/hub?redirect=https://app.example.com/in")
        baked = next(one for one in answer.headers.get_list("set-cookie") if "refresh_token" in one)
        assert f"directus_refresh_token={'a' * 64}" not in baked
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in baked.split(";")}
        assert "Domain" not in baked
        answer = await signed_on(client, "/auth/login/away?redirect=https://app.example.com/in")
        assert answer.status_code == 302
        assert not [one for one in answer.headers.get_list("set-cookie") if "session_token" in one]


async def test_mode_session_ends_with_the_one_cookie(house: Served, hub: StandIn) -> None:
    hub.vendor.places[PROFILE]["email"] = "bob@example.com"  # type: ignore[index]  # it is a dict in this test
    async with house.client() as client:
        answer = await signed_on(client, "/auth/login/away?redirect=/admin/welcome")
        assert (
            next(one.partition("=")[0] for one in answer.headers.get_list("set-cookie"))
            == "directus_session_token"
        )
        assert "You are signed in" in (await client.get("/admin/welcome")).text


async def test_rule_22_a_revoked_grant_ends_the_session_at_our_refresh(house: Served, hub: StandIn) -> None:
    async with house.client() as client:
        tokens = (await signed_on(client)).json()["data"]
    (row,) = await house.house.database.read(all_rows, identities)
    assert row["tokens"]
    assert not [token for token in hub.grants if token in row["tokens"]]
    hub.grants.clear()  # the administrator over there takes it back
    body = {"refresh_token": tokens["refresh_token"]}
    refused = await house.ask("POST", "/auth/refresh", body, token=None)
    assert refusal(refused) == (403, "INVALID_TOKEN")
    assert (await house.ask("GET", "/users/me", token=tokens["access_token"])).status_code == 401
    told = (await house.ask("GET", "/activity?filter[action][_eq]=refused")).json()["data"]
    assert "revoked" in str(told)


async def test_a_grant_that_stands_is_renewed_with_our_session(house: Served, hub: StandIn) -> None:
    async with house.client() as client:
        tokens = (await signed_on(client)).json()["data"]
    before = set(hub.grants)
    fresh = await house.ask("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}, token=None)
    assert fresh.status_code == 200
    assert hub.renewals == 1
    assert not before & hub.grants


async def test_rule_33_no_address_ever_holds_what_was_posted(house: Served) -> None:
    """form_post: the browser brings code and name by POST, and fetches its session by GET."""
    async with house.client() as client, house.client() as stranger:
        given = httpx2.URL(await come_back(client, "/auth/login/hub")).params
        posted = await client.post(
            "/auth/login/hub/callback",
            data={**given, "user": '{"name":{"firstName":"Ada"}}'},
            headers={"origin": "https://appleid.apple.com", "sec-fetch-site": "cross-site"},
        )
        assert posted.status_code == 303
        url = posted.headers["location"]
        assert given["code"] not in url
        assert "Ada" not in url
        assert (await stranger.get(url)).status_code == 401  # another browser; and now it is used up
        assert (await client.get(url)).status_code == 401
        given = httpx2.URL(await come_back(client, "/auth/login/hub")).params
        posted = await client.post("/auth/login/hub/callback", data=dict(given))
        assert (await client.get(posted.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    "body", [b"\xff", b"a=1&a=2", b"&".join(b"a%d=1" % n for n in range(99)), b"x" * 70_000]
)
async def test_a_form_that_is_none_changes_nothing(house: Served, body: bytes) -> None:
    async with house.client() as client:
        answer = await client.post("/auth/login/hub/callback", content=body)
    assert answer.status_code in {303, 400, 401, 413}
    assert "Traceback" not in answer.text


async def test_rule_38_no_answer_of_a_sign_on_is_kept_or_told_on(house: Served) -> None:
    async with house.client() as client:
        for answer in (await client.get("/auth/login/hub"), await signed_on(client)):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"


async def test_rule_40_no_other_grant_is_offered(house: Served) -> None:
    body = {"grant_type": "password", "username": "ada@example.com", "password": "x"}
    for path in ("/auth/login/hub", "/auth/token"):
        assert (await house.ask("POST", path, body, token=None)).status_code in {404, 405}
    for grant in ("password", "authorization_code", "refresh_token"):  # connections have a grant of their own
        answer = await house.ask(
            "POST", "/oauth/token", token=None, data={**body, "grant_type": grant, "client_id": "x"}
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_the_person_is_told_a_cause_and_the_administrator_the_story(
    house: Served, hub: StandIn
) -> None:
    profile: Any = hub.vendor.places[PROFILE]
    profile["email_verified"] = False
    async with house.client() as client:
        answer = await signed_on(client, "/auth/login/hub?redirect=/admin/welcome")
        page = await client.get(answer.headers["location"], follow_redirects=True)
    assert "does not say that your e-mail address is verified" in re.sub(r"\s+", " ", page.text)
    assert Page(page.text).action is not None
    told = (await house.ask("GET", "/activity?filter[action][_eq]=refused")).json()["data"]
    assert "REQUIRE_VERIFIED_EMAIL" in told[0]["comment"]
