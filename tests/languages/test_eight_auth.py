"""Signing in as the 8 generation does: one token that renews itself, or a cookie that holds it."""

import base64
import json

import httpx2

from service.tokens import new_secret
from tests.languages.eights import USERS, another, ben, editors
from tests.served import Served

LOGIN = {"email": "demo@example.com", "password": "d1r3ctu5"}


async def _login(house: Served, project: str = "default", **more: object) -> httpx2.Response:
    return await house.ask("POST", f"/{project}/auth/authenticate", {**LOGIN, **more}, token=None)


async def test_the_documented_life_of_a_token(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    answer = await _login(house)
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert body["public"] is True
    user = body["data"]["user"]
    assert user == {
        "id": "2", "status": "active", "role": "3", "first_name": "Ben", "last_name": "Haynes",
        "email": "demo@example.com", "timezone": "America/New_York", "locale": None, "locale_options": None,
        "avatar": None, "company": None, "title": None, "external_id": user["external_id"], "theme": "auto",
        "2fa_secret": None, "password_reset_token": None,
    }  # fmt: skip
    token = body["data"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["id"], claims["type"], claims["project"]) == (2, "auth", "default")
    assert claims["exp"] > claims["iat"]
    assert (await house.ask("GET", f"{USERS}/me", token=token)).json()["data"]["id"] == 2

    fresh = await house.ask("POST", "/default/auth/refresh", {"token": token}, token=None)
    newer = fresh.json()["data"]["token"]
    assert fresh.json() == {"data": {"token": newer}, "public": True}
    check = await house.ask("GET", "/default/auth/check", token=newer)
    assert check.json() == {"data": {"authenticated": True}, "public": True}
    ended = await house.ask("POST", "/default/auth/logout", {}, token=newer)
    assert (ended.status_code, ended.json()) == (200, {"public": True})
    for dead in (token, newer):
        refused = await house.ask("GET", f"{USERS}/me", token=dead)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, 101)
    gone = await house.ask("POST", "/default/auth/refresh", {"token": newer}, token=None)
    assert gone.json() == {"error": {"code": 101, "message": "Invalid token"}}
    assert (await house.ask("GET", "/default/auth/check", token=newer)).json()["data"] == {
        "authenticated": False
    }


async def test_a_cookie_holds_the_session(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    answer = await _login(house, mode="cookie")
    assert answer.json()["data"].keys() == {"user"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("directus-default-session=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    kept = {"cookie": cookie.partition(";")[0]}
    me = await house.ask("GET", f"{USERS}/me", token=None, headers=kept)
    assert me.json()["data"]["id"] == 2
    foreign = {**kept, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    changed = await house.ask("PATCH", f"{USERS}/me", {"title": "x"}, token=None, headers=foreign)
    assert changed.status_code == 404
    await house.ask("POST", "/default/auth/logout", token=None, headers=kept)
    assert (await house.ask("GET", f"{USERS}/me", token=None, headers=kept)).status_code == 401


async def test_refusals(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    for more, status, code in (
        ({"password": "wrong"}, 404, 100),
        ({"email": "nobody@example.com"}, 404, 100),
        ({"email": "nobody"}, 422, 114),
        ({"password": None}, 422, 114),
    ):
        answer = await _login(house, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    await house.ask("PATCH", f"{USERS}/2", {"status": "suspended"})
    assert (await _login(house)).status_code == 404
    missing = await house.ask("POST", "/default/auth/refresh", {}, token=None)
    assert (missing.status_code, missing.json()["error"]["code"]) == (422, 4)


async def test_who_lacks_the_factor_that_the_role_asks_for_can_only_set_it_up(house: Served) -> None:
    role = await editors(house)
    await house.ask("POST", USERS, ben())
    await house.ask("PATCH", f"/default/roles/{role}", {"enforce_2fa": True})
    body = (await _login(house)).json()
    assert body["error"] == {"code": 113, "message": "2FA enforced but not activated for user"}
    token = body["data"]["token"]
    refused = await house.ask("GET", f"{USERS}/me", token=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, 113)
    assert (await house.ask("GET", "/default/utils/2fa_secret", token=token)).status_code == 200


async def test_a_forgotten_password(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    for email in ("demo@example.com", "nobody@example.com"):
        answer = await house.ask("POST", "/default/auth/password/request", {"email": email}, token=None)
        assert (answer.status_code, answer.json()) == (200, {"public": True})
    assert (await house.ask("GET", f"{USERS}/2")).json()["data"]["password_reset_token"] == "**********"
    assert (await house.ask("GET", f"{USERS}/1")).json()["data"]["password_reset_token"] is None
    late = house.house.tokens.sign("reset", {"jti": new_secret("")}, expires_at=1_000_000)
    for token, code in (("e30.e30.e30", 104), (late, 105)):
        body = {"token": token, "password": "a river of quiet stones"}
        answer = await house.ask("POST", "/default/auth/password/reset", body, token=None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    empty = await house.ask("POST", "/default/auth/password/request", token=None)
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, 13)
    broken = {"content": "{", "headers": {"content-type": "application/json"}}
    answer = await house.ask("POST", USERS, **broken)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 13)


async def test_tokens_are_good_in_their_own_project_alone(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    other = await another(house, "thumper")
    token = (await _login(house)).json()["data"]["token"]
    assert (await house.ask("GET", "/thumper/users/me", token=token)).status_code == 401
    assert (await house.ask("POST", "/thumper/auth/refresh", {"token": token}, token=None)).status_code == 401
    assert (await house.ask("GET", f"{USERS}/me", token=other)).status_code == 401
    assert (await _login(house, "thumper")).status_code == 404
