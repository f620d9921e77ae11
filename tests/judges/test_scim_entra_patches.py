"""The PATCH requests of Entra ID, in both of their forms, under the profile `entra`."""

from typing import Any
from uuid import uuid4

import pytest

from tests.judges.scim_client import CORE, ENTERPRISE, PATCH_OP
from tests.judges.scim_entra import CREATED, entra_of
from tests.served import Served


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": [{"value": "False"}]},
        {"op": "replace", "value": {"active": False}},
        {"op": "Add", "value": {"active": "false"}},
    ],
)
async def test_both_ways_to_disable_a_user(house: Served, operation: dict[str, Any]) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    answer = await entra.patched(key, operation)
    assert answer["active"] is False
    assert (await entra.row(key))["status"] == "suspended"
    assert [one["id"] for one in await entra.find(f'userName eq "{CREATED["userName"]}"')] == [key]
    back = {"op": "Replace", "path": "active", "value": "True"}
    assert (await entra.patched(key, back))["active"] is True
    assert (await entra.row(key))["status"] == "active"


async def test_an_entry_that_is_not_there_is_made_with_its_type(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add({**CREATED, "emails": []}))["id"]
    for op, path, value in (
        ("Replace", 'emails[type eq "work"].value', "updatedEmail@microsoft.com"),
        ("Add", 'phoneNumbers[type eq "mobile"].value', "+1 555 0100"),
        ("Add", 'phoneNumbers[type eq "work"].Value', "+1 555 0101"),
        ("Add", 'addresses[type eq "work"].country', "FR"),
        ("Replace", 'addresses[type eq "work"].streetAddress', "1 rue X"),
    ):
        await entra.patched(key, {"op": op, "path": path, "value": value})
    user = await entra.get(f"/Users/{key}")
    assert user["emails"] == [{"type": "work", "value": "updatedEmail@microsoft.com"}]
    assert user["phoneNumbers"] == [
        {"type": "mobile", "value": "+1 555 0100"},
        {"type": "work", "value": "+1 555 0101"},
    ]
    assert user["addresses"] == [{"type": "work", "country": "FR", "streetAddress": "1 rue X"}]
    assert (await entra.row(key))["email"] == "updatedEmail@microsoft.com"
    both = [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "again@microsoft.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
    ]
    assert (await entra.patched(key, *both))["emails"][0]["value"] == "again@microsoft.com"
    row = await entra.row(key)
    assert (row["email"], row["last_name"]) == ("again@microsoft.com", "updatedFamilyName")


async def test_many_attributes_in_one_operation_without_a_path(house: Served) -> None:
    """With ?aadOptscim062020 on the tenant's address; dots and URNs stand in the names."""
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    value = {
        "displayName": "Pvlo",
        "name.givenName": "Pv",
        "name.familyName": "Lo",
        'emails[type eq "work"].value': "pvlo@testuser.com",
        f"{ENTERPRISE}:employeeNumber": "1",
        f"{ENTERPRISE}:department": "Tour",
    }
    user = await entra.patched(key, {"op": "replace", "value": value})
    assert (user["displayName"], user["name"]["givenName"], user["name"]["familyName"]) == (
        "Pvlo",
        "Pv",
        "Lo",
    )
    assert user["emails"][0] == {"primary": True, "type": "work", "value": "pvlo@testuser.com"}
    assert user[ENTERPRISE] == {"employeeNumber": "1", "department": "Tour"}
    assert user["schemas"] == [CORE, ENTERPRISE]
    row = await entra.row(key)
    assert (row["first_name"], row["email"]) == ("Pv", "pvlo@testuser.com")
    assert row["auth_data"][ENTERPRISE] == {"employeeNumber": "1", "department": "Tour"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{ENTERPRISE}:manager", "boss"),
        (f"{ENTERPRISE}:manager", {"value": "boss"}),
        (f"{ENTERPRISE}:manager.value", "boss"),
        ("manager", "boss"),
        ("manager", [{"$ref": "../Users/boss", "value": "boss"}]),
    ],
)
async def test_every_form_of_a_manager(house: Served, path: str, value: Any) -> None:
    entra = await entra_of(house)
    key, boss = (await entra.add(CREATED))["id"], str(uuid4())
    told = _with(value, boss)
    user = await entra.patched(key, {"op": "Add", "path": path, "value": told})
    assert user[ENTERPRISE]["manager"]["value"] == boss
    # What it asks before it writes the reference the next time.
    for manager, found in ((boss, [{"schemas": [CORE, ENTERPRISE], "id": key}]), (str(uuid4()), [])):
        text = f'id eq "{key}" and manager eq "{manager}"'
        answer = await entra.get("/Users", filter=text, attributes="id")
        assert (answer["totalResults"], answer["Resources"]) == (len(found), found)
    user = await entra.patched(key, {"op": "Remove", "path": path.removesuffix(".value")})
    assert ENTERPRISE not in user


def _with(value: Any, boss: str) -> Any:
    """The value, with the boss's id in it."""
    if isinstance(value, list):
        return [_with(one, boss) for one in value]
    if isinstance(value, dict):
        return {name: _with(one, boss) for name, one in value.items()}
    return str(value).replace("boss", boss)


async def test_attributes_of_the_extension_by_their_whole_names(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    path = f"{ENTERPRISE}:department"
    assert (await entra.patched(key, {"op": "Add", "path": path, "value": "Sales"}))[ENTERPRISE] == {
        "department": "Sales"
    }
    assert (await entra.patched(key, {"op": "Replace", "path": path, "value": "HR"}))[ENTERPRISE] == {
        "department": "HR"
    }
    assert ENTERPRISE not in await entra.patched(key, {"op": "Remove", "path": path})


async def test_what_no_schema_knows_is_dropped_beside_what_one_knows_and_else_refused(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    unknown = {"op": "Add", "path": "urn:example:2.0:User:badge", "value": "7"}
    user = await entra.patched(key, unknown, {"op": "Replace", "path": "displayName", "value": "D"})
    assert user["displayName"] == "D"
    alone = await entra.patch(key, unknown)
    assert (alone.status_code, alone.json()["scimType"]) == (400, "invalidPath")
    assert await entra.get(f"/Users/{key}") == user


async def test_operations_in_members_of_any_case(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    body = {"Schemas": [PATCH_OP], "operations": [{"Op": "REPLACE", "Path": "displayName", "Value": "D"}]}
    answer = await entra.ask("PATCH", f"/Users/{key}", body)
    assert (answer.status_code, answer.json()["displayName"]) == (200, "D")
