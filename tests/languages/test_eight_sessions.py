"""The 8 generation's list of where somebody is signed in, and the ends of it."""

from tests.languages.eights import USERS, another, ben, editors
from tests.served import Served

SESSIONS, LOGOUT = "/default/auth/sessions", "/default/auth/logout"


async def _signed_in(house: Served) -> str:
    body = {"email": "demo@example.com", "password": "d1r3ctu5"}
    answer = await house.ask("POST", "/default/auth/authenticate", body, token=None)
    token: str = answer.json()["data"]["token"]
    return token


async def _alive(house: Served, *tokens: str) -> list[bool]:
    return [(await house.ask("GET", f"{USERS}/me", token=token)).status_code == 200 for token in tokens]


async def test_a_person_sees_and_ends_their_own(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    first, second = await _signed_in(house), await _signed_in(house)
    listed = (await house.ask("GET", SESSIONS, token=first)).json()["data"]
    assert sorted(one["current"] for one in listed) == [False, True]
    assert {one["user"] for one in listed} == {2}
    assert listed[0].keys() == {
        "id", "user", "ip_address", "user_agent", "created_on", "last_used_on", "token_expired_at", "current",
    }  # fmt: skip
    assert listed[0]["ip_address"] == "127.0.0.1"
    (other,) = [one["id"] for one in listed if not one["current"]]
    ended = await house.ask("POST", f"{LOGOUT}/2/{other}", token=first)
    assert (ended.status_code, ended.json()) == (200, {"public": True})
    assert await _alive(house, first, second) == [True, False]
    assert (await house.ask("POST", f"{LOGOUT}/2/{other}", token=first)).json()["error"]["code"] == 203
    third = await _signed_in(house)
    assert (await house.ask("POST", f"{LOGOUT}/me", token=third)).status_code == 200
    assert await _alive(house, first, third) == [False, False]
    assert (await house.ask("GET", SESSIONS, token=None)).json()["error"]["code"] == 3


async def test_only_administrators_end_those_of_others(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    token = await _signed_in(house)
    _, eve = await house.person("eve@example.com")
    foreign = await another(house, "thumper")
    for stranger in (eve, None):
        refused = await house.ask("POST", f"{LOGOUT}/2", token=stranger)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, 203)
    assert (await house.ask("POST", "/thumper/auth/logout/2", token=foreign)).status_code == 404
    assert (await house.ask("POST", f"{LOGOUT}/99")).status_code == 404
    assert await _alive(house, token) == [True]
    assert (await house.ask("POST", f"{LOGOUT}/2")).status_code == 200
    assert await _alive(house, token) == [False]
