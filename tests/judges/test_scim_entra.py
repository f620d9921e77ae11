"""The requests of Entra ID, as its documentation and its known issues show them, under the profile `entra`.

learn.microsoft.com: "Develop and plan provisioning for a SCIM endpoint", "Known issues and resolutions with
SCIM 2.0 protocol compliance", "Reference for writing expressions for attribute mappings".
"""

from typing import Any
from uuid import uuid4

from tests.judges.scim_client import CORE, ENTERPRISE, bare
from tests.judges.scim_entra import CREATED, entra_of
from tests.served import Served


async def test_the_connection_is_tested_with_a_user_whom_nobody_has(house: Served) -> None:
    entra = await entra_of(house)
    for name in ("userName", "externalId", "id", 'emails[type eq "work"].value', "emails.value"):
        found = await entra.get("/Users", filter=f'{name} eq "{uuid4()}"')
        assert found == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0,
            "startIndex": 1,
            "itemsPerPage": 0,
            "Resources": [],
        }


async def test_a_user_is_made_found_and_shown_in_the_documented_fields(house: Served) -> None:
    entra = await entra_of(house)
    made = await entra.add(CREATED)
    kept = {name: value for name, value in CREATED.items() if name not in ("meta", "roles", "schemas")}
    assert bare(made) == {**kept, "schemas": [CORE]}  # neither an extension nor a role has a value
    for text in (
        f'userName eq "{CREATED["userName"].upper()}"',
        f'externalId eq "{CREATED["externalId"]}"',
        f"externalId eq {CREATED['externalId']}",  # a docs example leaves out the quotes
        f'emails[type eq "work"].value eq "{CREATED["emails"][0]["value"]}"',
        f'id eq "{made["id"]}" and active eq true',
    ):
        assert [one["id"] for one in await entra.find(text)] == [made["id"]], text
    row = await entra.row(made["id"])
    assert (row["provider"], row["external_identifier"]) == ("entra", CREATED["externalId"])
    assert (row["first_name"], row["last_name"]) == ("givenName", "familyName")
    assert (row["email"], row["status"]) == ("Test_User_fd0ea19b@testuser.com", "active")
    assert row["auth_data"] == {
        "name": {"formatted": "givenName familyName"},
        "emails": CREATED["emails"],
    }


async def test_a_body_full_of_nulls_and_with_a_misspelt_urn(house: Served) -> None:
    entra = await entra_of(house)
    body = {
        **CREATED,
        "schemas": [CORE, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": {"department": "lost"},
        "addresses": None, "title": None, "department": None, "manager": None, "displayName": "Adele",
        "phoneNumbers": [{"type": "work", "value": None}], "nickName": None, "preferredLanguage": "",
    }  # fmt: skip
    made = await entra.add(body)
    assert made["schemas"] == [CORE]
    assert made["displayName"] == "Adele"
    assert not {"addresses", "title", "department", "manager", "nickName"} & made.keys()
    again = await entra.add(
        {**CREATED, "userName": "b@x.org", "emails": [], "externalId": "2", "department": "IT"}
    )
    assert again[ENTERPRISE] == {"department": "IT"}  # an attribute of the extension without its URN


async def test_a_role_is_json_in_a_text_and_stays_one(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    text = '{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"Admin","displayName":"Admin"}'
    role: dict[str, Any] = {"primary": False, "type": "WindowsAzureActiveDirectoryRole", "value": text}
    assert (await entra.patched(key, {"op": "Add", "path": "roles", "value": [role]}))["roles"] == [role]
    changed = {"op": "Replace", "path": 'roles[primary eq "False"].value', "value": "User"}
    assert (await entra.patched(key, changed))["roles"] == [{**role, "value": "User"}]
    made = {"op": "Add", "path": 'roles[primary eq "True"].value', "value": text}
    assert {"primary": True, "value": text} in (await entra.patched(key, made))["roles"]


async def test_a_user_who_is_there_already_is_a_conflict_and_stays_as_they_are(house: Served) -> None:
    entra = await entra_of(house)
    before = await entra.add(CREATED)
    again = await entra.ask(
        "POST", "/Users", {**CREATED, "userName": CREATED["userName"].upper(), "id": str(uuid4())}
    )
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")
    assert await entra.get(f"/Users/{before['id']}") == before


async def test_a_leaver_is_disabled_read_and_deleted(house: Served) -> None:
    entra = await entra_of(house)
    key = (await entra.add(CREATED))["id"]
    await entra.patched(key, {"op": "Replace", "path": "active", "value": "False"})
    assert (await entra.get(f"/Users/{key}"))["active"] is False
    assert (await entra.ask("DELETE", f"/Users/{key}")).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await entra.ask(method, f"/Users/{key}")).status_code == 404
    assert await entra.find(f'userName eq "{CREATED["userName"]}"') == []
    assert (await entra.add(CREATED))["id"] != key
