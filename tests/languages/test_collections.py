"""`/fields`, `/collections`, `/relations`: from the field table, and only what the caller may read."""

import pytest

from service.dialects import dialect
from service.dialects.dialect import COLLECTIONS
from tests.served import Served, refusal


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_every_field_that_is_read_is_told(house: Served, collection: str) -> None:
    told = (await house.ask("GET", f"/fields/{collection}")).json()["data"]
    real = [one["field"] for one in told if one["type"] != "alias"]
    assert real == list(dialect.readable("rest10", collection))
    assert [one["field"] for one in told if (one["schema"] or {}).get("is_primary_key")] == ["id"]
    for one in told:
        alone = await house.ask("GET", f"/fields/{collection}/{one['field']}")
        assert alone.json()["data"] == one
    links = (await house.ask("GET", f"/relations/{collection}")).json()["data"]
    keys = {one["field"]: one["schema"]["foreign_key_table"] for one in told if one["schema"]}
    assert {one["field"]: one["related_collection"] for one in links} == {
        field: table for field, table in keys.items() if table
    }


async def test_the_other_side_of_a_relation_is_named_and_secrets_are_marked(house: Served) -> None:
    role = (await house.ask("GET", "/relations/directus_users/role")).json()["data"]
    assert role["meta"]["one_field"] == "users"
    users = (await house.ask("GET", "/fields/directus_roles/users")).json()["data"]
    assert (users["type"], users["schema"], users["meta"]["special"]) == ("alias", None, ["o2m"])
    password = (await house.ask("GET", "/fields/directus_users/password")).json()["data"]
    assert (password["type"], password["meta"]["special"]) == ("hash", ["conceal"])


async def test_a_person_is_told_of_what_they_may_read_and_the_public_of_nothing(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    every = (await house.ask("GET", "/collections")).json()["data"]
    assert [one["collection"] for one in every] == list(COLLECTIONS)
    fields = (await house.ask("GET", "/fields", token=token)).json()["data"]
    assert {one["collection"] for one in fields} == {
        "directus_users",
        "directus_roles",
        "directus_files",
        "directus_permissions",
    }
    for path in (
        "/fields/directus_activity",
        "/collections/directus_revisions",
        "/relations/nope",
        "/fields/directus_users/nope",
    ):
        assert (await house.ask("GET", path, token=token)).status_code == 403
    for path in ("/fields", "/collections", "/relations", "/fields/directus_users"):
        assert (await house.ask("GET", path, token=None)).status_code == 403


async def test_the_one_version_that_there_is_may_be_asked_for(house: Served) -> None:
    assert (await house.ask("GET", "/users/me?version=main")).status_code == 200
    refused = await house.ask("GET", "/users/me?version=draft")
    assert refusal(refused) == (400, "INVALID_QUERY")
