"""Projects are apart: nothing of one is seen, changed or reached in another, on any path of any generation."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from service import config
from service.api.eight.generation import PREFIX
from service.app import build
from service.tokens import new_secret
from service.users import connections
from service.users.model import house as ourselves
from tests.languages.eights import WORDS, another, ben
from tests.served import Served

MARK = "only-in-thumper"
_ALL = ("users?status=*&limit=-1", "roles?limit=-1", "activity?limit=-1", "revisions?limit=-1")


async def _state(house: Served, token: str) -> list[Any]:
    """All that the other project's administrator sees."""
    answers = [await house.ask("GET", f"/thumper/{what}", token=token) for what in _ALL]
    assert all(answer.status_code == 200 for answer in answers)
    assert MARK in answers[0].text
    return [_still(answer.json()) for answer in answers]


def _still(value: Any) -> Any:
    """Without what reading itself moves on: when somebody was last here."""
    if isinstance(value, dict):
        return {name: _still(one) for name, one in value.items() if name != "last_access_on"}
    return [_still(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
async def other(house: Served) -> str:
    """The token of the administrator of another project, whose every text holds the mark."""
    token = await another(house, "thumper")
    made = await house.ask("POST", "/thumper/roles", {"name": MARK, "description": MARK}, token=token)
    body = ben(first_name=MARK, email=f"{MARK}@example.com", role=made.json()["data"]["id"], company=MARK)
    assert (await house.ask("POST", "/thumper/users", body, token=token)).status_code == 200
    invited = {"email": f"invited-{MARK}@example.com"}
    assert (await house.ask("POST", "/thumper/users/invite", invited, token=token)).status_code == 200
    await house.house.database.write(connections.create, ourselves("thumper"), MARK)
    return token


def _routes(data: Path) -> Iterator[tuple[str, str]]:
    """Every operation: of the 8 generation under the project `default`, of all others as they stand."""
    gate = build(config.load({"DATA_DIR": str(data), "SECRET": new_secret("")}), worker=False)
    assert isinstance(gate.router, Litestar)
    for route in gate.router.routes:
        if isinstance(route, HTTPRoute):
            path = route.path.replace(PREFIX, "/default", 1) if route.path.startswith(PREFIX) else route.path
            yield from ((method, path) for method in sorted(route.methods - {"OPTIONS"}))


async def test_no_route_of_a_project_shows_or_changes_anything_of_another(
    house: Served, other: str, tmp_path: Path
) -> None:
    before = await _state(house, other)
    (person,) = [one for one in before[0]["data"] if one["first_name"] == MARK]
    hidden = [str(person["id"]), str(before[1]["data"][-1]["id"])]
    there = await house.ask("GET", "/thumper/revisions?fields=id&limit=1&sort=-id", token=other)
    hidden.append(str(there.json()["data"][0]["id"]))
    bodies = [{"status": "suspended"}, {"keys": hidden, "data": {"title": "x"}}]
    asked = 0
    async with house.client(house.token) as client:
        for method, path in _routes(tmp_path):
            for key in hidden if "{" in path else hidden[:1]:
                body = None if method == "GET" else json.dumps(bodies[asked % 2])
                address = re.sub(r"\{[^}]*\}", key, path)
                answer = await client.request(
                    method, address, content=body, headers={"content-type": "application/json"}
                )
                asked += 1
                assert MARK not in answer.text, (method, address)
                assert answer.status_code < 500 or answer.status_code in (501, 503), (
                    method,
                    address,
                    answer.text,
                )
    assert asked > 150
    assert await _state(house, other) == before


async def test_no_question_of_a_project_finds_anything_of_another(house: Served, other: str) -> None:
    query = json.dumps({"query": "{ users(limit: -1) { first_name email role { name } } }"})
    async with house.client(house.token) as client:
        answers = [
            await client.get("/users", params={"search": MARK, "fields": "*.*"}),
            await client.get("/users", params={"aggregate[max]": "first_name"}),
            await client.get("/roles", params={"fields": "*.*", "limit": "-1"}),
            await client.get("/default/users", params={"q": MARK, "status": "*"}),
            await client.get("/default/roles", params={"fields": "*,users.*"}),
            await client.get("/default/activity", params={"limit": "-1"}),
            await client.get("/activity", params={"limit": "-1", "fields": "*.*.*"}),
            await client.get("/revisions", params={"limit": "-1"}),
            await client.get("/connections"),
            await client.get("/letters"),
            await client.post("/graphql/system", content=query, headers={"content-type": "application/json"}),
        ]
    for answer in answers:
        assert answer.status_code in (200, 400), answer.text
        assert MARK not in answer.text


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
    assert (await house.ask("PATCH", "/default/users/me", {"role": 1}, token=token)).status_code == 404


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
