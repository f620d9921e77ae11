"""Projects are apart: nothing of one is seen, changed or reached in another, on any path in any language."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from service import config
from service.api.eight.generation import PREFIX
from service.app import build
from service.tokens import new_secret
from tests.languages import foreign
from tests.languages.foreign import MARK, Credentials, Rows
from tests.languages.graph import gql
from tests.served import Served

HOME = "only-in-default"
# Which rows a part of a path is about; the rest is about users.
ROOMS = {
    "roles": "roles", "files": "files", "assets": "files", "permissions": "permissions",
    "connections": "connections", "letters": "letters", "activity": "activity", "comment": "activity",
    "revisions": "revisions", "revert": "revisions", "invite": "invitations", "sessions": "sessions",
    "identities": "identities", "Groups": "groups", "tokens": "connection_tokens",
}  # fmt: skip
JSON = {"content-type": "application/json"}


@pytest.fixture
async def other(house: Served) -> Credentials:
    """What opens another project, in which there is something of everything."""
    await house.person(f"{HOME}@example.com", first_name=HOME)
    return await foreign.project(house)


def _routes(data: Path) -> Iterator[tuple[str, str]]:
    """Every operation: of the 8 generation under the project `default`, of all others as they stand."""
    gate = build(config.load({"DATA_DIR": str(data), "SECRET": new_secret("")}), worker=False)
    assert isinstance(gate.router, Litestar)
    for route in gate.router.routes:
        if isinstance(route, HTTPRoute):
            path = route.path.replace(PREFIX, "/default", 1) if route.path.startswith(PREFIX) else route.path
            yield from ((method, path) for method in sorted(route.methods - {"OPTIONS"}))


def _addresses(path: str, rows: Rows) -> set[str]:
    """The path with the keys, and the numbers, of what it could be about in the other project."""
    return {_filled(path, rows, name) for name in ("id", "number")}


def _filled(path: str, rows: Rows, name: str) -> str:
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part.startswith("{"):
            before = re.sub(r"[0-9a-f]{8}-.*|[0-9]+", "", parts[place - 1])
            row = rows[ROOMS.get(before, "users")][-1]
            parts[place] = str(row.get(name, row.get("id", next(iter(row.values())))))
    return "/".join(parts)


async def test_no_route_shows_or_changes_anything_of_another_project(
    house: Served, other: Credentials, tmp_path: Path
) -> None:
    before = await foreign.tables(house)
    assert all(before[name] for name in ("users", *ROOMS.values()))
    hidden = [str(row["id"]) for row in before["users"]]
    bodies = [{"status": "suspended"}, {"keys": hidden, "data": {"title": "x"}}, hidden]
    scim, asked = await house.scim_token("okta"), 0
    async with house.client() as client:
        for method, path in _routes(tmp_path):
            tokens = [house.token, scim] if "/scim/" in path else [house.token]
            for address in _addresses(path, before):
                for token in tokens:
                    body = None if method == "GET" else json.dumps(bodies[asked % 3])
                    headers = {**JSON, "authorization": f"Bearer {token}"}
                    answer = await client.request(method, address, content=body, headers=headers)
                    asked += 1
                    assert MARK not in answer.text, (method, address)
                    assert answer.status_code < 500 or answer.status_code in (501, 503), (method, address)
    assert asked > 250
    assert await foreign.tables(house) == before


async def test_what_opens_one_project_opens_no_other(
    house: Served, other: Credentials, tmp_path: Path
) -> None:
    rows = await foreign.tables(house)
    cookie = {"cookie": f"directus-default-session={other.session}; directus_session_token={other.session}"}
    carried = [{"authorization": f"Bearer {token}"} for token in (other.admin, other.session, other.scim)]
    async with house.client() as client:
        for headers in (*carried, cookie):
            for path in ("/users", "/default/users", "/users/me", "/scim/v2/Me", "/default/auth/sessions"):
                answer = await client.get(path, headers=headers)
                assert answer.status_code in (401, 403, 404, 501), (path, answer.text)
        for path in [path for method, path in _routes(tmp_path) if method == "GET"]:
            answer = await client.get(_filled(path, rows, "id"), headers=carried[0])
            assert HOME not in answer.text, path
            assert MARK not in answer.text, path
        mine = await client.get("/scim/v2/Users", headers=carried[2])
        assert (MARK in mine.text, HOME in mine.text) == (True, False)
        assert (await client.get("/default/scim/v2/Users", headers=carried[2])).status_code == 401


async def test_no_question_finds_anything_of_another_project(house: Served, other: Credentials) -> None:
    scim = {"authorization": f"Bearer {await house.scim_token('okta', adopt=True)}"}
    name = f"scim-{MARK}@example.com"
    async with house.client(house.token) as client:
        answers = [
            await client.get("/users", params={"search": MARK, "fields": "*.*"}),
            await client.get("/users", params={"aggregate[max]": "first_name"}),
            await client.get("/users", params={"filter[role][name][_eq]": MARK}),
            await client.get("/roles", params={"fields": "*.*", "limit": "-1"}),
            await client.get("/default/users", params={"q": MARK, "status": "*"}),
            await client.get("/default/users", params={"filter[role.name]": MARK, "status": "*"}),
            await client.get("/default/roles", params={"fields": "*,users.*"}),
            await client.get("/default/activity", params={"limit": "-1"}),
            await client.get("/activity", params={"limit": "-1", "fields": "*.*.*"}),
            await client.get("/revisions", params={"limit": "-1"}),
            await client.get("/files", params={"limit": "-1", "fields": "*.*"}),
            await client.get("/permissions", params={"limit": "-1", "fields": "*.*"}),
            await client.get("/connections"),
            await client.get("/letters"),
            await client.get("/users/me/sessions"),
            await client.get("/scim/v2/Users", headers=scim, params={"filter": f'userName eq "{name}"'}),
            await client.get("/scim/v2/Groups", headers=scim, params={"filter": f'displayName eq "{MARK}"'}),
        ]
    for answer in answers:
        assert answer.status_code in (200, 400), answer.text
        told = answer.text.replace(str(answer.url.query), "")
        assert MARK not in told or "errors" in told, answer.url


async def test_graphql_reaches_nothing_of_another_project(house: Served, other: Credentials) -> None:
    before = await foreign.tables(house)
    for room, fields in (("users", "first_name"), ("roles", "name"), ("files", "title")):
        key = before[room][-1]["id"]
        listed = await gql(house, f"{{ {room}(limit: -1) {{ id {fields} }} }}")
        found = await gql(house, f'{{ {room}_by_id(id: "{key}") {{ {fields} }} }}')
        gone = await gql(house, f'mutation {{ delete_{room}_item(id: "{key}") {{ id }} }}')
        assert MARK not in json.dumps([listed, found, gone])
        assert "errors" in gone
    key = before["users"][-1]["id"]
    text = f'mutation {{ update_users_item(id: "{key}", data: {{title: "x"}}) {{ id }} }}'
    assert "errors" in await gql(house, text)
    assert await foreign.tables(house) == before
