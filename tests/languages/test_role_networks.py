"""A role may be used from its networks alone: in force at once, in every language, whatever the credential."""

import pytest

from tests.languages.eights import USERS, ben, editors
from tests.languages.graph import QUERY_PATH
from tests.served import PASSWORD, Served

ELSEWHERE, HERE = ["192.0.2.0/24", "2001:db8::/32"], ["192.0.2.7", "127.0.0.1/8"]


async def test_who_calls_from_elsewhere_is_told_so(house: Served) -> None:
    role = await editors(house)
    await house.ask("POST", USERS, ben(password=PASSWORD, token="a-token-of-ben"))
    login = {"email": "demo@example.com", "password": PASSWORD}
    session = (await house.ask("POST", "/auth/login", login, token=None)).json()["data"]["access_token"]

    async def seen(token: str) -> list[tuple[int, object]]:
        eight = await house.ask("GET", f"{USERS}/me", token=token)
        ten = await house.ask("GET", "/users/me", token=token)
        graph = await house.ask("POST", QUERY_PATH, {"query": "{ users_me { id } }"}, token=token)
        errors = [answer.json().get("errors", [{}])[0] for answer in (ten, graph)]
        codes = [error.get("extensions", {}).get("code") for error in errors]
        code8 = eight.json().get("error", {}).get("code")
        return [(eight.status_code, code8), (ten.status_code, codes[0]), (graph.status_code, codes[1])]

    good, refused = [(200, None)] * 3, [(401, 19), (401, "INVALID_IP"), (401, "INVALID_IP")]
    for networks, expected in ((ELSEWHERE, refused), (HERE, good), (ELSEWHERE, refused), ([], good)):
        changed = await house.ask("PATCH", f"/default/roles/{role}", {"ip_whitelist": networks})
        assert changed.json()["data"]["ip_whitelist"] == networks
        for token in (session, "a-token-of-ben"):
            assert await seen(token) == expected
    assert (await house.ask("GET", f"{USERS}/me")).status_code == 200


async def test_nobody_locks_themselves_out(house: Served) -> None:
    answer = await house.ask("PATCH", f"/roles/{house.role}", {"ip_access": ELSEWHERE})
    assert answer.status_code == 422
    assert "127.0.0.1" in answer.json()["errors"][0]["message"]
    assert (await house.ask("PATCH", f"/roles/{house.role}", {"ip_access": HERE})).status_code == 200
    assert (await house.ask("GET", f"/roles/{house.role}")).json()["data"]["ip_access"] == HERE


@pytest.mark.parametrize("networks", [["x"], ["10.0.0.0/33"], [""], ["1"] * 1001, [5]])
async def test_what_is_no_network_is_refused(house: Served, networks: list[object]) -> None:
    made = await house.ask("POST", "/roles", {"name": "x", "ip_access": networks})
    assert made.status_code == 400
    assert (await house.ask("GET", "/roles")).json()["data"][1:] == []
