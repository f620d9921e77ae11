"""What the 8 generation tells somebody who knows of an item and may not do to it what they ask for."""

import pytest

from tests.languages.eights import ben, editors
from tests.served import Served

USERS = '"directus_users" collection was denied'


@pytest.fixture
async def eve(house: Served) -> str:
    """The token of somebody whose role has no rules yet; users 3 is Ben, and they have the number 2."""
    number = await editors(house)
    _, token = await house.person("eve@example.com")
    assert (await house.ask("PATCH", "/default/users/2", {"role": number})).status_code == 200
    assert (await house.ask("POST", "/default/users", ben())).json()["data"]["id"] == 3
    return token


async def _allow(house: Served, action: str, *fields: str, **more: object) -> None:
    (role,) = (await house.ask("GET", "/roles?filter[name][_eq]=Editor&fields=id")).json()["data"]
    rule = {"role": role["id"], "collection": "directus_users", "action": action, "fields": fields, **more}
    answer = await house.ask("POST", "/permissions", rule)
    assert answer.status_code == 200, answer.text


async def _refused(
    house: Served, token: str, method: str, path: str, body: object = None
) -> tuple[int, int, str]:
    answer = await house.ask(method, f"/default{path}", body, token=token)
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


async def test_what_may_not_be_read_is_not_there(house: Served, eve: str) -> None:
    wrong = {"email": "no address", "status": "x"}  # what is wrong with it tells no more
    for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("PATCH", wrong), ("DELETE", None)):
        assert await _refused(house, eve, method, "/users/3", body) == (404, 203, "Item not found")
    await _allow(house, "read", "id", "email", permissions={"status": {"_eq": "draft"}})
    for method, body in (("GET", None), ("PATCH", {"email": "x@example.com"}), ("DELETE", None)):
        assert (await _refused(house, eve, method, "/users/3", body))[:2] == (404, 203)


async def test_what_may_be_read_and_not_changed_or_removed(house: Served, eve: str) -> None:
    await _allow(house, "read", "*")
    changed = await _refused(house, eve, "PATCH", "/users/3", {"title": "x"})
    assert changed == (403, 302, f"Updating item from {USERS}")
    removed = await _refused(house, eve, "DELETE", "/users/3")
    assert removed == (403, 303, f"Deleting item from {USERS}")
    await _allow(house, "delete", "*")
    assert (await _refused(house, eve, "DELETE", "/users/1"))[:2] == (403, 303)  # no rule leads there
    assert (await house.ask("DELETE", "/default/users/3", token=eve)).status_code == 204


async def test_a_field_that_may_not_be_read(house: Served, eve: str) -> None:
    assert (await house.ask("GET", "/default/users", token=None)).json()["error"]["code"] == 300
    await _allow(house, "read", "id", "first_name", role=None)
    told = await house.ask("GET", "/default/users/3?fields=id,first_name", token=None)
    assert told.json()["data"] == {"id": 3, "first_name": "Ben"}
    for path in ("?fields=id,email", "?filter[email]=demo@example.com", "?sort=email", "/3?fields=email"):
        refused = await house.ask("GET", f"/default/users{path}", token=None)
        assert refused.status_code == 403, refused.text
        sentence = f'Reading "email" field in {USERS}'
        assert refused.json()["error"] == {"code": 304, "message": sentence}
    assert (await house.ask("GET", "/users?fields=email", token=None)).json()["errors"][0]["extensions"] == {
        "code": "FORBIDDEN"
    }


async def test_a_field_that_may_not_be_written(house: Served, eve: str) -> None:
    own = await _refused(house, eve, "PATCH", "/users/me", {"role": 1, "title": "x"})
    assert own == (403, 305, f'Write access to "role" field in {USERS}')
    await _allow(house, "read", "*")
    await _allow(house, "update", "title", "role")
    locale = await _refused(house, eve, "PATCH", "/users/3", {"locale": "de-DE", "title": "x"})
    assert locale == (403, 305, f'Write access to "locale" field in {USERS}')
    risen = await _refused(house, eve, "PATCH", "/users/3", {"role": 1})
    assert risen == (403, 305, f'Write access to "role" field in {USERS}')
    assert (await _refused(house, eve, "PATCH", "/users/1", {"title": "x"}))[:2] == (403, 302)
    told = await house.ask("GET", "/default/users/3?fields=title,role.name")
    assert told.json()["data"] == {"title": None, "role": {"name": "Editor"}}
    assert (await house.ask("PATCH", "/default/users/3", {"title": "x"}, token=eve)).status_code == 200


async def test_a_stranger_learns_no_key_where_nothing_is_served(house: Served) -> None:
    for number in (1, 99):
        for path in (f"/default/users/{number}/shoes", f"/default/roles/{number}/shoes/"):
            answer = await house.ask("GET", path, token=None)
            told = f"Route {path.rstrip('/')} not found"
            assert (answer.status_code, answer.json()["error"]) == (404, {"code": 1, "message": told})
