"""Projects of the 8 generation: made, listed, and each with users, roles and numbers of its own."""

import pytest

from tests.languages.eights import WORDS, another, ben
from tests.served import Served

MARK = "only-in-thumper"


@pytest.fixture
async def other(house: Served) -> str:
    """The token of the administrator of another project, whose every text holds the mark."""
    token = await another(house, "thumper")
    made = await house.ask("POST", "/thumper/roles", {"name": MARK, "description": MARK}, token=token)
    body = ben(first_name=MARK, email=f"{MARK}@example.com", role=made.json()["data"]["id"], company=MARK)
    assert (await house.ask("POST", "/thumper/users", body, token=token)).status_code == 200
    return token


async def test_a_users_numbers_and_keys_lead_nowhere_in_another_project(house: Served, other: str) -> None:
    (person,) = (
        await house.ask("GET", "/thumper/users", params={"filter[first_name]": MARK}, token=other)
    ).json()["data"]
    for path in (f"/default/users/{person['id']}", f"/default/users/{person['id']}/revisions"):
        answer = await house.ask("GET", path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 203)
    given = await house.ask("PATCH", "/default/users/me", {"role": person["role"]})
    assert (given.status_code, given.json()["error"]["code"]) == (422, 4)


async def test_a_project_is_served_from_its_making_on(house: Served) -> None:
    unknown = await house.ask("GET", "/thumper/users")
    assert unknown.json()["errors"][0]["extensions"]["code"] == "ROUTE_NOT_FOUND"
    token = await another(house, "thumper")
    (admin,) = (await house.ask("GET", "/thumper/users", token=token)).json()["data"]
    assert admin["first_name"] == "Other"
    assert (await house.ask("GET", "/thumper/users")).status_code == 401
    assert (await house.ask("GET", "/thumper/server/ping", token=None)).text == "pong"


async def test_a_person_without_rules_sees_themselves_alone(house: Served) -> None:
    _, token = await house.person("eve@example.com", first_name="Eve")
    seen = (await house.ask("GET", "/default/users", token=token)).json()["data"]
    assert [one["first_name"] for one in seen] == ["Eve"]
    assert tuple(seen[0]) == WORDS
    assert (await house.ask("GET", "/default/users/1", token=token)).status_code == 404
    assert (await house.ask("PATCH", "/default/users/1", {"title": "x"}, token=token)).status_code == 404
    mine = await house.ask("PATCH", "/default/users/me", {"title": "Chief", "locale": "de-DE"}, token=token)
    assert (mine.json()["data"]["title"], mine.json()["data"]["locale"]) == ("Chief", "de-DE")
    assert (await house.ask("PATCH", "/default/users/me", {"role": 1}, token=token)).status_code == 403


async def test_administrators_list_and_make_projects(house: Served) -> None:
    body = {"name": "thumper", "title": "Thumper", "timezone": "Europe/Paris"}
    made = await house.ask("POST", "/projects", body)
    assert (made.status_code, made.json()) == (200, {"data": body})
    listed = (await house.ask("GET", "/projects")).json()["data"]
    assert [one["name"] for one in listed] == ["default", "thumper"]
    assert (await house.ask("POST", "/projects", body)).json()["errors"][0]["extensions"]["code"] == (
        "RECORD_NOT_UNIQUE"
    )
    for name in ("users", "-", ".hidden", "a/b", "A", "x" * 64):
        assert (await house.ask("POST", "/projects", {"name": name})).status_code == 400
    _, token = await house.person("eve@example.com")
    for who in (token, None):
        assert (await house.ask("GET", "/projects", token=who)).status_code == 403
        assert (await house.ask("POST", "/projects", {"name": "other"}, token=who)).status_code == 403
    assert (await house.ask("GET", "/thumper/users", token=None)).json()["error"]["code"] == 300
