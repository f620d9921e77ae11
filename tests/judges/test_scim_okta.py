"""The requests of Okta, as its developer documentation shows them, under the profile `okta`.

developer.okta.com: "Understanding SCIM", "SCIM 2.0 protocol reference". An app of the integration network
changes users by GET and PUT and sends PATCH for `active` and the password; the others use PUT for everything.
"""

from typing import Any

from sqlalchemy import select

from service.database import Transaction
from service.database.tables import revisions
from tests.judges.scim_client import CORE, ENTERPRISE, Client, bare
from tests.served import PASSWORD, Served

CREATED: dict[str, Any] = {
    "schemas": [CORE],
    "userName": "test.user@okta-tests.com",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta-tests.com", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq-not-synced",
    "active": True,
}


async def _okta(house: Served, **settings: Any) -> Client:
    return await Client.of(house, "okta", profile="okta", **settings)


async def test_the_setup_of_an_integration(house: Served) -> None:
    okta = await _okta(house)
    for count in (1, 2, 100):
        found = await okta.get("/Users", startIndex=1, count=count)
        assert (found["totalResults"], found["Resources"]) == (0, [])
    asked = {"filter": f'userName eq "{CREATED["userName"]}"', "startIndex": 1, "count": 100}
    assert (await okta.get("/Users", **asked))["totalResults"] == 0
    made = await okta.add(CREATED)
    kept = {name: value for name, value in CREATED.items() if name not in ("groups", "password")}
    assert bare(made) == kept
    assert [one["id"] for one in (await okta.get("/Users", **asked))["Resources"]] == [made["id"]]
    again = await okta.ask("POST", "/Users", CREATED)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")


async def test_a_password_is_kept_as_a_hash_alone(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add(CREATED))["id"]
    row = await okta.row(key)
    assert row["password"] == "**********"
    assert "password" not in row["auth_data"]
    assert CREATED["password"] not in str(row)
    assert CREATED["password"] not in (await okta.ask("GET", f"/Users/{key}")).text
    await okta.patched(key, {"op": "replace", "path": "password", "value": PASSWORD})
    kept = str(await house.house.database.read(_history))
    assert key in kept
    assert CREATED["password"] not in kept
    assert PASSWORD not in kept


async def _history(tx: Transaction) -> list[Any]:
    """Every revision."""
    return await tx.rows(select(revisions.c.item, revisions.c.data, revisions.c.delta))


async def test_a_profile_is_pushed_by_get_and_put(house: Served) -> None:
    okta = await _okta(house)
    made = await okta.add(CREATED)
    key = made["id"]
    whole = await okta.get(f"/Users/{key}")
    same = await okta.ask("PUT", f"/Users/{key}", whole)
    assert same.json() == made  # nothing changed: neither the version nor the date did
    whole["name"]["middleName"] = "Excited"
    whole["emails"] = [
        {"primary": True, "value": "new@okta-tests.com", "type": "work", "display": "new@okta-tests.com"}
    ]
    whole[ENTERPRISE] = {"costCenter": "7", "manager": {"value": "x", "displayName": "ignored"}}
    put = (await okta.ask("PUT", f"/Users/{key}", whole)).json()
    assert put["name"] == whole["name"]
    assert put["emails"] == whole["emails"]
    assert put[ENTERPRISE] == {"costCenter": "7", "manager": {"value": "x"}}
    assert put["meta"]["created"] == made["meta"]["created"]
    assert put["meta"]["version"] == 'W/"2"'
    row = await okta.row(key)
    assert (row["email"], row["external_identifier"]) == ("new@okta-tests.com", CREATED["externalId"])
    assert row["password"] == "**********"  # it is not in what was read, and stays


async def test_deactivation_and_reactivation_without_a_path(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add(CREATED))["id"]
    for active, status in ((False, "suspended"), (False, "suspended"), (True, "active")):
        user = await okta.patched(key, {"op": "replace", "value": {"active": active}})
        assert user["active"] is active
        assert (await okta.row(key))["status"] == status
    user = await okta.get(f"/Users/{key}")
    gone = (await okta.ask("PUT", f"/Users/{key}", {**user, "active": False})).json()
    assert gone["active"] is False
    without = {name: value for name, value in user.items() if name != "active"}
    assert (await okta.ask("PUT", f"/Users/{key}", without)).json()["active"] is False


async def _sign_in(house: Served, password: str) -> Any:
    body = {"email": CREATED["userName"], "password": password}
    return await house.ask("POST", "/auth/login", body, token=None)


async def test_a_password_is_pushed_and_pushing_it_again_ends_no_session(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add(CREATED))["id"]
    await house.ask("PATCH", f"/users/{key}", {"provider": "default"})
    push = {"op": "replace", "value": {"password": PASSWORD}}
    before = await okta.patched(key, push)
    token = (await _sign_in(house, PASSWORD)).json()["data"]["access_token"]
    assert await okta.patched(key, push) == before
    whole = await okta.get(f"/Users/{key}")
    assert (await okta.ask("PUT", f"/Users/{key}", {**whole, "password": PASSWORD})).json() == before
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    other = {"op": "replace", "path": "password", "value": f"{PASSWORD}!"}
    assert (await okta.patched(key, other))["meta"]["version"] != before["meta"]["version"]
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 401
    assert (await _sign_in(house, PASSWORD)).status_code == 401
    assert (await _sign_in(house, f"{PASSWORD}!")).status_code == 200


async def test_a_password_goes_when_it_is_removed_and_a_bad_one_changes_nothing(house: Served) -> None:
    okta = await _okta(house)
    before = await okta.add(CREATED)
    key = before["id"]
    for password in ("", "short", "x" * 129, 5):
        for operation in (
            {"op": "replace", "path": "password", "value": password},
            {"op": "add", "value": {"password": password}},
        ):
            answer = await okta.patch(key, {"op": "replace", "path": "title", "value": "T"}, operation)
            assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue"), password
    assert await okta.get(f"/Users/{key}") == before
    for absent in (None, ...):
        body = (
            {**CREATED, "password": absent}
            if absent is None
            else {k: v for k, v in CREATED.items() if k != "password"}
        )
        await okta.ask("PUT", f"/Users/{key}", body)
        assert (await okta.row(key))["password"] == "**********"
    await okta.patched(key, {"op": "remove", "path": "password"})
    assert (await okta.row(key))["password"] is None


async def test_an_import_pages_through_everybody(house: Served) -> None:
    okta = await _okta(house)
    made = []
    for n in range(7):
        mine: dict[str, Any] = {
            "userName": f"u{n}@x.org",
            "externalId": str(n),
            "emails": [],
            "password": None,
        }
        made.append((await okta.add({**CREATED, **mine}))["id"])
    seen: list[str] = []
    total = 1
    while len(seen) < total:
        page = await okta.get("/Users", startIndex=len(seen) + 1, count=3)
        total = page["totalResults"]
        seen += [one["id"] for one in page["Resources"]]
    assert seen == made
