"""`/Me` over SCIM (RFC 7644, 3.11), and projects under addresses of their own."""

from typing import Any

import pytest

from service.users import model, projects
from tests.connecting import connect
from tests.languages.test_scim_users import PATCH, USER, Okta
from tests.served import PASSWORD, Served


async def _signed_in(house: Served, email: str = "ann@example.com", **values: Any) -> tuple[str, Okta]:
    """A person and a client with their access token."""
    key, _ = await house.person(email, **values)
    answer = await house.ask("POST", "/auth/login", {"email": email, "password": PASSWORD}, token=None)
    return key, Okta(house, answer.json()["data"]["access_token"])


async def _me(person: Okta, *operations: Any) -> Any:
    return await person.ask("PATCH", "/Me", {"schemas": [PATCH], "Operations": operations})


async def test_a_connection_is_nobody(house: Served) -> None:
    okta = Okta(house, await house.scim_token())
    for method in ("GET", "PUT", "PATCH", "POST", "DELETE"):
        answer = await okta.ask(method, "/Me", {} if method in ("PUT", "PATCH", "POST") else None)
        assert (answer.status_code, answer.json()["status"]) == (501, "501")
    for token in (None, "nonsense", "eyJ.a.b"):
        assert (await house.ask("GET", "/scim/v2/Me", token=token)).status_code == 401


async def test_people_see_themselves_at_their_permanent_address(house: Served) -> None:
    key, ann = await _signed_in(house, first_name="Ann")
    answer = await ann.ask("GET", "/Me")
    me = answer.json()
    place = f"{house.url}/scim/v2/Users/{key}"
    assert answer.status_code == 200
    assert answer.headers["location"] == me["meta"]["location"] == place
    assert (me["id"], me["userName"], me["name"], me["active"]) == (
        key,
        "ann@example.com",
        {"givenName": "Ann"},
        True,
    )
    assert "password" not in answer.text
    again = await ann.ask("GET", "/Me", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    part = (await ann.ask("GET", "/Me", params={"attributes": "userName"})).json()
    assert sorted(part) == ["id", "schemas", "userName"]
    assert (await ann.ask("GET", "/Users")).status_code == 401  # the rest is not theirs to see


async def test_people_change_what_is_harmless(house: Served) -> None:
    key, ann = await _signed_in(house)
    answer = await _me(
        ann,
        {"op": "replace", "path": "title", "value": "Queen"},
        {"op": "add", "value": {"name": {"givenName": "Anne"}, "timezone": "Europe/Paris"}},
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["title"], answer.json()["name"]["givenName"]) == ("Queen", "Anne")
    me = answer.json()
    put = await ann.ask("PUT", "/Me", {"schemas": [USER], "userName": me["userName"]})
    assert (put.status_code, "title" in put.json()) == (200, False), put.text
    row = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert (row["title"], row["first_name"], row["email"]) == (None, None, "ann@example.com")
    stale = await ann.ask(
        "PATCH", "/Me", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "title"}]},
        headers={"if-match": 'W/"99"'},
    )  # fmt: skip
    assert stale.status_code == 412
    moved = await _me(ann, {"op": "add", "path": "emails", "value": [{"value": "anne@example.com"}]})
    assert moved.status_code == 200, moved.text
    assert (moved.status_code, moved.json()["userName"]) == (200, "anne@example.com")
    new = "another good long password"
    assert (await _me(ann, {"op": "replace", "path": "password", "value": new})).status_code == 200
    common = await _me(ann, {"op": "replace", "path": "password", "value": "password123"})
    assert (common.status_code, common.json()["scimType"]) == (400, "invalidValue")
    for password, status in ((PASSWORD, 401), (new, 200)):
        body = {"email": "anne@example.com", "password": password}
        assert (await house.ask("POST", "/auth/login", body, token=None)).status_code == status


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "userName", "value": "root"},
        {"op": "replace", "path": "externalId", "value": "1"},
        {"op": "replace", "path": "displayName", "value": "Boss"},
        {"op": "add", "path": "roles", "value": [{"value": "admin"}]},
    ],
)
async def test_people_change_nothing_else(house: Served, operation: dict[str, Any]) -> None:
    key, ann = await _signed_in(house)
    before = (await house.ask("GET", f"/users/{key}?fields=*")).json()["data"] | {"last_access": None}
    answer = await _me(ann, {"op": "replace", "path": "title", "value": "Queen"}, operation)
    assert answer.status_code == 403, answer.text
    assert "administrator" in answer.json()["detail"]
    after = (await house.ask("GET", f"/users/{key}?fields=*")).json()["data"] | {"last_access": None}
    assert after == before


async def test_nobody_is_made_or_removed_here(house: Served) -> None:
    _, ann = await _signed_in(house)
    assert (await ann.ask("POST", "/Me", {})).status_code == 501
    assert (await ann.ask("DELETE", "/Me")).status_code == 403
    assert (await ann.ask("GET", "/Me")).status_code == 200


async def test_a_project_has_addresses_of_its_own(house: Served) -> None:
    database = house.house.database
    await database.write(projects.create, "thumper")
    theirs = Okta(house, await database.write(connect, model.house("thumper"), "okta"))
    ours = Okta(house, await house.scim_token())

    async def ask(client: Okta, method: str, path: str, body: object = None, **more: Any) -> Any:
        return await house.ask(method, path, body, token=client.token, **more)

    made = await ask(theirs, "POST", "/thumper/scim/v2/Users", {"schemas": [USER], "userName": "t"})
    assert made.status_code == 201, made.text
    place = made.json()["meta"]["location"]
    assert place == made.headers["location"] == f"{house.url}/thumper/scim/v2/Users/{made.json()['id']}"
    assert (await ask(theirs, "GET", place)).json() == made.json()
    elsewhere = (await ask(theirs, "GET", f"/scim/v2/Users/{made.json()['id']}")).json()
    assert elsewhere["meta"]["location"] == f"{house.url}/scim/v2/Users/{made.json()['id']}"
    listed = (await ask(theirs, "GET", "/thumper/scim/v2/Users/")).json()
    assert listed["Resources"] == [made.json()]
    for client, path in (
        (ours, "/thumper/scim/v2/Users"), (theirs, "/default/scim/v2/Users"), (theirs, "/nosuch/scim/v2/Users"),
    ):  # fmt: skip
        answer = await ask(client, "GET", path)
        assert (answer.status_code, answer.json()["status"]) == (401, "401")
    assert (await ask(ours, "GET", "/default/scim/v2/Users")).status_code == 200
    told = await ask(
        theirs, "POST", "/thumper/scim/v2/Bulk",
        {"Operations": [{"method": "DELETE", "path": f"/Users/{made.json()['id']}"}]},
    )  # fmt: skip
    assert told.json()["Operations"][0] == {"location": place, "method": "DELETE", "status": "204"}
    config = (await house.ask("GET", "/thumper/scim/v2/ServiceProviderConfig", token=None)).json()
    assert config["meta"]["location"] == f"{house.url}/thumper/scim/v2/ServiceProviderConfig"
    missing = await house.ask("GET", "/thumper/scim/v2/Nosuch", token=None)
    assert (missing.status_code, missing.headers["content-type"][:21]) == (404, "application/scim+json")
    assert (await house.ask("GET", "/a%00b/scim/v2/Me", token="x")).status_code == 404
