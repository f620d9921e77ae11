"""The requests of other providers: authentik, SailPoint, Keycloak, Google and OneLogin, under `default`."""

from typing import Any

import pytest

from tests.judges.scim_client import CORE, ENTERPRISE, Client, bare
from tests.served import Served

USER: dict[str, Any] = {
    "schemas": [CORE],
    "userName": "akadmin",
    "name": {"formatted": "authentik Default Admin", "givenName": "authentik", "familyName": "Default Admin"},
    "displayName": "authentik Default Admin",
    "photos": [{"value": "https://example.org/a.png", "type": "photo"}],
    "active": True,
    "emails": [{"value": "admin@authentik.example", "type": "other", "primary": True}],
    "externalId": "c8e5a1c2",
}


async def test_authentik_adopts_by_name_what_it_could_not_create_and_puts(house: Served) -> None:
    client = await Client.of(house, "authentik")
    await client.get("/ServiceProviderConfig")
    made = await client.add(USER)
    assert bare(made) == USER
    assert (await client.ask("POST", "/Users", USER)).status_code == 409
    (found,) = await client.find('userName eq "akadmin"')
    put = (
        await client.ask("PUT", f"/Users/{found['id']}", {**USER, "id": found["id"], "title": "Boss"})
    ).json()
    assert bare(put) == {**USER, "title": "Boss"}


@pytest.mark.parametrize("op", ["add", "replace", "Add"])
async def test_sailpoint_adds_without_a_path(house: Served, op: str) -> None:
    client = await Client.of(house, "sailpoint")
    key = (await client.add(USER))["id"]
    assert (await client.patched(key, {"op": op, "value": {"active": False}}))["active"] is False
    assert (await client.row(key))["status"] == "suspended"


async def test_an_extension_as_a_whole(house: Served) -> None:
    client = await Client.of(house, "onelogin")
    key = (await client.add(USER))["id"]
    whole = {"department": "IT", "manager": {"value": "m", "displayName": "M"}}
    told = {"op": "add", "value": {ENTERPRISE: {"schemas": [ENTERPRISE], **whole}}}
    assert (await client.patched(key, told))[ENTERPRISE] == {"department": "IT", "manager": {"value": "m"}}
    user = await client.patched(key, {"op": "replace", "path": ENTERPRISE, "value": {"costCenter": "7"}})
    assert user[ENTERPRISE]["costCenter"] == "7"
    assert ENTERPRISE not in await client.patched(key, {"op": "remove", "path": ENTERPRISE})


async def test_google_probes_with_one_user(house: Served) -> None:
    client = await Client.of(house, "google")
    assert (await client.get("/Users", count=1))["Resources"] == []
    await client.add(USER)
    assert len((await client.get("/Users", count=1))["Resources"]) == 1


async def test_a_name_without_an_at_and_nobody_s_e_mail(house: Served) -> None:
    client = await Client.of(house, "ldap")
    keys = [(await client.add({"schemas": [CORE], "userName": name}))["id"] for name in ("jdoe", "asmith")]
    for key, name in zip(keys, ("jdoe", "asmith"), strict=True):
        row = await client.row(key)
        assert (row["email"], row["provider"], row["external_identifier"]) == (None, "ldap", None)
        assert [one["id"] for one in await client.find(f'userName eq "{name.upper()}"')] == [key]
    mail = {"op": "add", "path": "emails", "value": [{"value": "j@x.org"}]}
    assert (await client.patched(keys[0], mail))["emails"] == [{"value": "j@x.org"}]
    taken = await client.patch(keys[1], mail)
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert (await client.row(keys[1]))["email"] is None


async def test_texts_longer_than_our_columns_stay_whole(house: Served) -> None:
    """A directory's longest title is no reason to leave somebody out, and comes back as it was sent."""
    client = await Client.of(house, "ping")
    long: dict[str, Any] = {
        "title": "Senior Vice President of Something Very Long, and Acting Director of Everything Else",
        "name": {"givenName": "Ä" * 51, "familyName": "n" * 400, "formatted": "f" * 1000},
        "preferredLanguage": "en" * 200,
        "timezone": "z" * 256,
    }
    made = await client.add({**USER, **long})
    assert bare(made) == {**USER, **long}
    key = made["id"]
    row = await client.row(key)
    assert (row["title"], row["first_name"], row["last_name"]) == (long["title"][:50], "Ä" * 50, "n" * 50)
    assert row["auth_data"]["title"] == long["title"]
    again = await client.ask("PUT", f"/Users/{key}", await client.get(f"/Users/{key}"))
    assert again.json() == made
    # A title that was changed here is what the provider sees, also when it writes something else.
    assert (await house.ask("PATCH", f"/users/{key}", {"title": "Boss"})).status_code == 200
    assert (await client.get(f"/Users/{key}"))["title"] == "Boss"
    user = await client.patched(key, {"op": "replace", "path": "nickName", "value": "N"})
    assert (user["title"], user["name"]) == ("Boss", long["name"])
    assert (await client.row(key))["title"] == "Boss"


@pytest.mark.parametrize("name", ["userName", "externalId"])
async def test_a_name_that_is_too_long_is_refused_and_never_cut(house: Served, name: str) -> None:
    client = await Client.of(house, "ping")
    answer = await client.ask("POST", "/Users", {**USER, name: "x" * 256})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert f'"{name}"' in answer.json()["detail"]
    assert (await client.get("/Users"))["totalResults"] == 0


async def test_an_address_changed_here_stays_when_the_provider_changes_something_else(house: Served) -> None:
    client = await Client.of(house, "ping")
    emails: list[dict[str, Any]] = [
        {"value": "home@x.org", "type": "home"},
        {"value": "work@x.org", "type": "work", "primary": True},
    ]
    key = (await client.add({**USER, "emails": emails}))["id"]
    seen = [emails[0], {**emails[1], "value": "new@x.org"}]
    for address in ("new@x.org", None):
        assert (await house.ask("PATCH", f"/users/{key}", {"email": address})).status_code == 200
        assert (await client.get(f"/Users/{key}"))["emails"] == seen
        user = await client.patched(key, {"op": "replace", "path": "title", "value": f"T {address}"})
        assert user["emails"] == seen
        same = await client.ask("PUT", f"/Users/{key}", user)
        assert same.json()["emails"] == seen
        assert (await client.row(key))["email"] == address
    new = {"op": "replace", "path": "emails", "value": [{"value": "third@x.org"}]}
    await client.patched(key, new)
    assert (await client.row(key))["email"] == "third@x.org"
