"""@directus/sdk, unmodified, on many users at once, on roles and on history: 26 and 13, on both databases."""

from typing import Any

import pytest

from tests.judges.conftest import ADMIN
from tests.peers.sdk import Refused, Sdk
from tests.served import Served


@pytest.fixture
async def people(admin: Sdk) -> list[str]:
    """The keys of three users."""
    made = await admin(
        "createUsers",
        [{"email": f"{name}@example.org", "first_name": name} for name in ("ada", "bea", "cleo")],
    )
    return [one["id"] for one in made]


def _is_nothing(admin: Sdk, value: Any) -> bool:
    return bool(value is None if admin.version == 26 else value == {"response": 204, "text": ""})


async def _refusal(sdk: Sdk, call: str, *given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await sdk(call, *given)
    return caught.value


async def test_many_users_are_changed_alike_in_the_order_of_their_keys(admin: Sdk, people: list[str]) -> None:
    order = [people[2], people[0]]
    changed = await admin("updateUsers", order, {"title": "Dr"}, {"fields": ["id", "title"]})
    assert changed == [{"id": key, "title": "Dr"} for key in order]
    assert admin.wire[-1]["method"] == "PATCH"
    refused = await _refusal(admin, "updateUsers", people, {"email": "one@example.org"})
    assert (refused.status, refused.code) == (400, "RECORD_NOT_UNIQUE")


@pytest.mark.parametrize("sdk", [26], indirect=True, ids=["sdk26"])  # 13 has no updateUsersBatch
async def test_many_users_are_changed_each_their_own_way(admin: Sdk, people: list[str]) -> None:
    items = [{"id": people[1], "title": "b"}, {"id": people[0], "title": "a"}]
    changed = await admin("updateUsersBatch", items, {"fields": ["first_name", "title"]})
    assert changed == [{"first_name": "bea", "title": "b"}, {"first_name": "ada", "title": "a"}]
    refused = await _refusal(admin, "updateUsersBatch", [{"title": "nobody's"}])
    assert refused.code == "INVALID_PAYLOAD"


async def test_many_users_are_deleted(admin: Sdk, people: list[str]) -> None:
    assert _is_nothing(admin, await admin("deleteUsers", people[:2]))
    left = await admin("readUsers", {"filter": {"email": {"_ends_with": "@example.org"}}, "fields": ["id"]})
    assert left == [{"id": people[2]}]
    assert (await _refusal(admin, "deleteUsers", people)).code == "FORBIDDEN"


async def test_the_last_administrator_is_not_deleted_among_many(
    house: Served, admin: Sdk, people: list[str]
) -> None:
    me = (await admin("readMe", {"fields": ["id"]}))["id"]
    refused = await _refusal(admin, "deleteUsers", [people[0], me, house.admin])
    assert (refused.status, refused.code) == (422, "UNPROCESSABLE_CONTENT")
    assert len(await admin("readUsers")) == 5


async def test_roles_are_made_changed_and_deleted(admin: Sdk, people: list[str]) -> None:
    made = await admin("createRoles", [{"name": "Editors"}, {"name": "Readers"}])
    first, second = (role["id"] for role in made)
    assert (await admin("updateRole", first, {"name": "Writers"}))["name"] == "Writers"
    changed = await admin("updateRoles", [second, first], {"description": "x"}, {"fields": ["name"]})
    assert changed == [{"name": "Readers"}, {"name": "Writers"}]
    await admin("updateUser", people[0], {"role": first})
    assert _is_nothing(admin, await admin("deleteRole", first))
    assert await admin("readUser", people[0], {"fields": ["role", "status"]}) == {
        "role": None,
        "status": "suspended",
    }
    assert _is_nothing(admin, await admin("deleteRoles", [second]))
    assert [role["name"] for role in await admin("readRoles")] == ["Administrator"]


async def test_revisions_and_activities_are_read(house: Served, admin: Sdk, people: list[str]) -> None:
    await admin("updateUser", people[0], {"title": "Dr", "password": "another horse battery"})
    ours = {"collection": {"_eq": "directus_users"}, "item": {"_eq": people[0]}}
    found = await admin(
        "readRevisions", {"filter": ours, "sort": ["-id"], "fields": ["id", "delta", "activity"]}
    )
    assert found[0]["delta"] == {"title": "Dr", "password": "**********"}
    assert (await admin("readRevision", found[0]["id"]))["data"]["first_name"] == "ada"
    activity = await admin("readActivity", found[0]["activity"], {"fields": ["action", "user.email"]})
    assert activity == {"action": "update", "user": {"email": ADMIN}}
    told = await admin("readActivities", {"filter": ours, "fields": ["action"], "sort": ["id"]})
    assert told == [{"action": "create"}, {"action": "update"}]


async def test_rules_are_made_changed_and_deleted(house: Served, admin: Sdk) -> None:
    role = (await admin("createRole", {"name": "Readers"}))["id"]
    rule = {"role": role, "collection": "directus_users", "action": "read", "fields": ["id", "email"]}
    made = await admin("createPermission", rule)
    assert made == {**rule, "id": made["id"], "permissions": None, "validation": None, "presets": None}
    (other,) = await admin("createPermissions", [{**rule, "collection": "directus_roles", "fields": ["*"]}])
    of_role = {"filter": {"role": {"_eq": role}}, "fields": ["id"]}
    assert await admin("readPermissions", of_role) == [{"id": made["id"]}, {"id": other["id"]}]
    changed = await admin("updatePermission", made["id"], {"fields": ["id", "title"]})
    assert (await admin("readPermission", made["id"])) == changed
    alike = await admin("updatePermissions", [made["id"], other["id"]], {"fields": ["id"]})
    assert [one["fields"] for one in alike] == [["id"], ["id"]]
    _, token = await house.person("eve@example.org", role=role)
    assert await admin("readRoles", {"fields": ["id"], "filter": {"id": role}}, as_=token) == [{"id": role}]
    assert (await admin("readUsers", {"fields": ["id"]}, as_=token)) != []
    assert _is_nothing(admin, await admin("deletePermission", other["id"]))
    assert _is_nothing(admin, await admin("deletePermissions", [made["id"]]))
    assert await admin("readPermissions", of_role) == []


@pytest.mark.parametrize("sdk", [26], indirect=True, ids=["sdk26"])  # 13 does not know them
async def test_people_learn_what_they_may_do(house: Served, admin: Sdk) -> None:
    role = (await admin("createRole", {"name": "Readers"}))["id"]
    _, token = await house.person("eve@example.org", role=role)
    assert await admin("readRolesMe", {"fields": ["id"]}, as_=token) == [{"id": role}]
    users = (await admin("readUserPermissions", as_=token))["directus_users"]
    assert (users["create"]["access"], users["update"]["access"]) == ("none", "partial")
    assert (await admin("readUserPermissions"))["directus_users"]["delete"]["access"] == "full"
    batch = await admin("updateRolesBatch", [{"id": role, "name": "Writers"}], {"fields": ["name"]})
    assert batch == [{"name": "Writers"}]


@pytest.mark.parametrize("sdk", [13], indirect=True, ids=["sdk13"])  # 26 asks for a collection of comments
async def test_people_say_something_of_a_user(admin: Sdk, people: list[str]) -> None:
    said = {"collection": "directus_users", "item": people[0], "comment": "Is she new?"}
    made = await admin("createComment", said)
    assert (made["action"], made["item"], made["comment"]) == ("comment", people[0], "Is she new?")
    changed = await admin("updateComment", made["id"], {"comment": "She is new."})
    assert changed["comment"] == "She is new."
    assert _is_nothing(admin, await admin("deleteComment", made["id"]))
    assert (await admin("readActivity", made["id"]))["comment"] is None


async def test_users_are_counted(admin: Sdk, people: list[str]) -> None:
    asked = {"aggregate": {"count": "*"}, "groupBy": ["status"]}
    assert await admin("aggregate", "directus_users", asked) == [{"status": "active", "count": 5}]
    found = await admin(
        "readUsers",
        {
            "fields": ["first_name", "year(last_access)", {"role": ["name"]}],
            "filter": {"_and": [{"first_name": {"_in": ["ada", "bea"]}}, {"tags": {"_null": True}}]},
            "alias": {},
            "sort": ["-first_name"],
        },
    )
    assert [(one["first_name"], one["last_access_year"], one["role"]) for one in found] == [
        ("bea", None, None),
        ("ada", None, None),
    ]


async def test_texts_by_chance_and_hashes(admin: Sdk) -> None:
    """Each version has the commands of its time."""
    if admin.version == 26:
        assert len(await admin("randomString", 40)) == 40
        return
    made = await admin("generateHash", "a secret")
    assert await admin("verifyHash", "a secret", made) is True
    assert await admin("verifyHash", "another", made) is False
