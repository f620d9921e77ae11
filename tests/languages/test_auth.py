"""Signing in over REST: tokens, their end, and what is refused."""

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from service.tokens import Tokens, new_secret
from tests.served import PASSWORD, Served


async def _login(house: Served, email: str = "eve@example.com", **more: object) -> dict[str, str]:
    answer = await house.ask(
        "POST", "/auth/login", {"email": email, "password": PASSWORD, **more}, token=None
    )
    assert answer.status_code == 200, answer.text
    data: dict[str, str] = answer.json()["data"]
    return data


async def test_login_refresh_and_logout(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    data = await _login(house, "EVE@example.com")
    assert data.keys() == {"access_token", "expires", "refresh_token"}
    assert data["expires"] == 900_000
    assert len(data["refresh_token"]) == 64
    claims = json.loads(base64.urlsafe_b64decode(data["access_token"].split(".")[1] + "=="))
    assert claims["id"] == key
    assert claims["iss"] == "directus"
    assert claims["exp"] - claims["iat"] == 900
    assert {"role", "app_access", "admin_access", "session"} <= claims.keys()
    me = await house.ask("GET", "/users/me?fields=id,last_access", token=data["access_token"])
    assert me.json()["data"]["id"] == key
    assert me.json()["data"]["last_access"] is not None

    fresh = await house.ask("POST", "/auth/refresh", {"refresh_token": data["refresh_token"]}, token=None)
    assert fresh.status_code == 200
    newer = fresh.json()["data"]
    assert newer["refresh_token"] != data["refresh_token"]
    body = {"refresh_token": newer["refresh_token"], "mode": "json"}
    assert (await house.ask("POST", "/auth/logout", body, token=None)).status_code == 204
    assert (await house.ask("POST", "/auth/logout", body, token=None)).status_code == 204
    ended = await house.ask("GET", "/users/me", token=newer["access_token"])
    assert ended.status_code == 401
    again = await house.ask("POST", "/auth/refresh", {"refresh_token": newer["refresh_token"]}, token=None)
    assert again.json()["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"


async def test_rule_21_a_stolen_refresh_token_ends_the_family(house: Served) -> None:
    await house.person("eve@example.com")
    first = (await _login(house))["refresh_token"]
    second = (await house.ask("POST", "/auth/refresh", {"refresh_token": first}, token=None)).json()["data"]
    third = await house.ask("POST", "/auth/refresh", {"refresh_token": second["refresh_token"]}, token=None)
    assert third.status_code == 200
    stolen = await house.ask("POST", "/auth/refresh", {"refresh_token": first}, token=None)
    assert stolen.status_code == 401
    for access in (second["access_token"], third.json()["data"]["access_token"]):
        assert (await house.ask("GET", "/users/me", token=access)).status_code == 401


async def test_a_cookie_carries_the_refresh_token_when_asked_to(house: Served) -> None:
    await house.person("eve@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD, "mode": "cookie"}
    answer = await house.ask("POST", "/auth/login", body, token=None)
    assert answer.json()["data"].keys() == {"access_token", "expires"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("directus_refresh_token=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    kept = {"cookie": cookie.partition(";")[0]}
    foreign = {**kept, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await house.ask("POST", "/auth/refresh", token=None, headers=foreign)).status_code == 403
    fresh = await house.ask("POST", "/auth/refresh", token=None, headers=kept)
    assert fresh.status_code == 200
    assert "refresh_token" not in fresh.json()["data"]
    assert fresh.headers["set-cookie"] != cookie


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (None, 400, 'Invalid payload. "email" is required.'),
        ({"email": "eve@example.com"}, 400, 'Invalid payload. "password" is required.'),
        ({"email": "eve", "password": "x"}, 400, 'Invalid payload. "email" must be a valid email.'),
        ({"email": "e@example.com", "password": 5}, 400, 'Invalid payload. "password" must be a string.'),
        (
            {"email": "e@example.com", "password": "x", "foo": 1},
            400,
            'Invalid payload. "foo" is not allowed.',
        ),
        (
            {"email": "e@example.com", "password": "x", "mode": "x"},
            400,
            'Invalid payload. "mode" must be one of [cookie, json, session].',
        ),
        ({"email": "e@example.com", "password": "x" * 9000}, 400, 'Invalid payload. "password" is too long.'),
        ({"email": "nobody@example.com", "password": PASSWORD}, 401, "Invalid user credentials."),
        ({"email": "admin@example.com", "password": PASSWORD}, 401, "Invalid user credentials."),
    ],
)
async def test_a_login_that_fails_says_what_the_clients_know(
    house: Served, body: object, status: int, message: str
) -> None:
    answer = await house.ask("POST", "/auth/login", body, token=None)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["message"] == message


@pytest.mark.parametrize("status", ["draft", "suspended", "archived", "invited"])
async def test_who_is_not_active_gets_the_stranger_s_answer(house: Served, status: str) -> None:
    key, token = await house.person("eve@example.com")
    access = (await _login(house))["access_token"]
    await house.ask("PATCH", f"/users/{key}", {"status": status})
    for bearer in (access, token):  # the access token has not expired
        assert (await house.ask("GET", "/users/me", token=bearer)).status_code == 401
    answer = await house.ask(
        "POST", "/auth/login", {"email": "eve@example.com", "password": PASSWORD}, token=None
    )
    assert answer.json()["errors"][0]["extensions"] == {"code": "INVALID_CREDENTIALS"}


async def test_a_new_password_ends_every_other_session(house: Served) -> None:
    await house.person("eve@example.com")
    here, there = (await _login(house))["access_token"], (await _login(house))["access_token"]
    change = {"password": "another good password"}
    assert (await house.ask("PATCH", "/users/me", change, token=here)).status_code == 200
    assert (await house.ask("GET", "/users/me", token=here)).status_code == 200
    assert (await house.ask("GET", "/users/me", token=there)).status_code == 401
    common = await house.ask("PATCH", "/users/me", {"password": "password123"}, token=here)
    assert common.json()["errors"][0]["extensions"]["type"] == "common"


async def test_tokens_that_are_not_good_are_refused(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    good = (await _login(house))["access_token"]
    head, body, mark = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    stranger = Tokens([new_secret("")])
    forged = [
        f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{body}.",
        f"{head}.{part({**claims, 'admin_access': True})}.{mark}",
        stranger.sign("access", {"id": key, "session": claims["session"]}, expires_at=int(time.time()) + 60),
        jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key("k" * 32), ["HS256"]),
        house.house.tokens.sign("invite", {"jti": claims["session"]}, expires_at=int(time.time()) + 60),
    ]
    for token in forged:
        answer = await house.ask("GET", "/users/me", token=token)
        assert answer.status_code == 403, token
        assert answer.json()["errors"][0]["extensions"] == {"code": "INVALID_TOKEN"}
    old = house.house.tokens.sign(
        "access", {"id": key, "session": claims["session"]}, expires_at=int(time.time()) - 1,
        issued_at=int(time.time()) - 900,
    )  # fmt: skip
    answer = await house.ask("GET", "/users/me", token=old)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (401, {"code": "TOKEN_EXPIRED"})
    assert (await house.ask("GET", "/users/me", token="no-such-token")).status_code == 401


async def test_static_tokens_in_header_and_query(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    asked = await house.ask("GET", f"/users/me?access_token={token}", token=None)
    assert asked.json()["data"]["id"] == key
    both = await house.ask("GET", f"/users/me?access_token={token}")
    assert both.json()["data"]["id"] == house.admin  # the header wins
    null = await house.ask("GET", "/auth", token=None, headers={"authorization": "null"})
    assert null.json() == {"data": [], "disableDefault": False}
    assert (await house.ask("PATCH", f"/users/{key}", {"token": None})).status_code == 200
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 401


async def test_a_removed_user_is_out_at_the_next_request(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    access = (await _login(house))["access_token"]
    assert (await house.ask("GET", "/users/me", token=access)).status_code == 200
    await house.ask("DELETE", f"/users/{key}")
    assert (await house.ask("GET", "/users/me", token=access)).status_code == 401


async def test_a_proxy_that_nobody_named_is_told_of_once(
    house: Served, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"email": "nobody@example.com", "password": PASSWORD}
    for forwarded in (
        "127.0.0.1",
        "203.0.113.9",
        "203.0.113.8, 203.0.113.9",
    ):  # the first: as one that is named
        answer = await house.ask("POST", "/auth/login", body, headers={"x-forwarded-for": forwarded})
        assert answer.status_code == 401
    (told,) = [one for one in caplog.records if "IP_TRUST_PROXY" in one.message]
    assert vars(told)["client"] == "127.0.0.1"
