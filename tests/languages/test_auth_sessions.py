"""Mode `session`: one HttpOnly cookie is the whole credential, and only our own pages may change with it."""

import pytest

from tests.served import PASSWORD, Served, refusal

LOGIN = {"email": "eve@example.com", "password": PASSWORD, "mode": "session"}


async def _cookie(house: Served) -> str:
    answer = await house.ask("POST", "/auth/login", LOGIN, token=None)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"data": {"expires": 86_400_000}}
    set_cookie: str = answer.headers["set-cookie"]
    assert set_cookie.startswith("directus_session_token=eyJ")
    assert {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=86400"} <= set(set_cookie.split("; "))
    return set_cookie.partition(";")[0]


async def test_the_cookie_alone_says_who_is_calling(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    kept = {"cookie": await _cookie(house)}
    me = await house.ask("GET", "/users/me?fields=id", token=None, headers=kept)
    assert me.json() == {"data": {"id": key}}
    header_wins = await house.ask("GET", "/users/me?fields=id", headers=kept)
    assert header_wins.json() == {"data": {"id": house.admin}}
    changed = await house.ask("PATCH", "/users/me?fields=title", {"title": "x"}, token=None, headers=kept)
    assert changed.json() == {"data": {"title": "x"}}


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_rule_20_another_site_s_page_changes_nothing(house: Served, foreign: dict[str, str]) -> None:
    key, _ = await house.person("eve@example.com", title="kept")
    headers = {"cookie": await _cookie(house), **foreign}
    asked = [
        ("PATCH", "/users/me", {"title": "stolen"}),
        ("POST", "/users/me/tfa/generate", {"password": PASSWORD}),
        ("POST", "/auth/refresh", {"mode": "session"}),
        ("POST", "/auth/logout", {"mode": "session"}),
    ]
    for method, path, body in asked:
        answer = await house.ask(method, path, body, token=None, headers=headers)
        assert answer.status_code == 403, (path, answer.text)
    kept = await house.ask("GET", f"/users/{key}?fields=title")
    assert kept.json() == {"data": {"title": "kept"}}


async def test_a_session_is_refreshed_and_ended_by_its_cookie(house: Served) -> None:
    await house.person("eve@example.com")
    kept = {"cookie": await _cookie(house)}
    fresh = await house.ask("POST", "/auth/refresh", {"mode": "session"}, token=None, headers=kept)
    assert fresh.json() == {"data": {"expires": 86_400_000}}
    newer = {"cookie": fresh.headers["set-cookie"].partition(";")[0]}
    assert (await house.ask("GET", "/users/me", token=None, headers=newer)).status_code == 200
    gone = await house.ask("POST", "/auth/logout", {"mode": "session"}, token=None, headers=newer)
    assert gone.status_code == 204
    taken = [one for one in gone.headers.get_list("set-cookie") if one.startswith("directus_session_token=;")]
    assert "Max-Age=0" in taken[0]
    for cookie in (kept, newer):  # the session has ended, whichever cookie names it
        assert (await house.ask("GET", "/users/me", token=None, headers=cookie)).status_code == 401
        again = await house.ask("POST", "/auth/refresh", token=None, headers=cookie)
        assert again.json()["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"
        assert (await house.ask("POST", "/auth/logout", token=None, headers=cookie)).status_code == 204


async def test_rule_22_a_suspended_person_s_cookie_is_good_no_more(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    kept = {"cookie": await _cookie(house)}
    assert (await house.ask("GET", "/users/me", token=None, headers=kept)).status_code == 200
    await house.ask("PATCH", f"/users/{key}", {"status": "suspended"})
    assert (await house.ask("GET", "/users/me", token=None, headers=kept)).status_code == 401


async def test_a_cookie_that_is_no_access_token_is_refused(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    for value in ("x", token, "a.b.c", "eyJ.eyJ."):  # a static token is none: it never ends by itself
        kept = {"cookie": f"directus_session_token={value}"}
        answer = await house.ask("GET", "/users/me", token=None, headers=kept)
        assert refusal(answer) == (403, "INVALID_TOKEN")
    # It does not keep anybody from signing in again.
    answer = await house.ask("POST", "/auth/login", LOGIN, token=None, headers=kept)
    assert answer.status_code == 200


async def test_rule_18_each_sign_in_makes_a_session_of_its_own(house: Served) -> None:
    await house.person("eve@example.com")
    first = await _cookie(house)
    answer = await house.ask("POST", "/auth/login", LOGIN, token=None, headers={"cookie": first})
    second = answer.headers["set-cookie"].partition(";")[0]
    out = {"cookie": second}
    assert (await house.ask("POST", "/auth/logout", token=None, headers=out)).status_code == 204
    assert (await house.ask("GET", "/users/me", token=None, headers={"cookie": first})).status_code == 200


async def test_a_scim_address_takes_no_cookie(house: Served) -> None:
    await house.person("eve@example.com", role=house.role)
    kept = {"cookie": await _cookie(house)}
    assert (await house.ask("GET", "/scim/v2/Users", token=None, headers=kept)).status_code == 401
