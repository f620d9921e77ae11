"""`/permissions` over HTTP: rules of roles and of the public, and what they allow, on both databases."""

from typing import Any

import pytest

from tests.served import PASSWORD, Served, refusal

USERS = "directus_users"
ROLES = "directus_roles"


@pytest.fixture
async def editors(house: Served) -> str:
    """A role without any rules yet."""
    return str((await house.ask("POST", "/roles", {"name": "Editors"})).json()["data"]["id"])


async def allow(house: Served, role: str | None, action: str, collection: str = USERS, **rule: object) -> int:
    body = {"role": role, "collection": collection, "action": action, "fields": ["*"], **rule}
    answer = await house.ask("POST", "/permissions", body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["data"]["id"])


async def test_permissions_are_written_read_and_removed_with_history(house: Served, editors: str) -> None:
    given = {
        "role": editors, "collection": USERS, "action": "update", "permissions": {"role": {"name": {"_neq": "x"}}},
        "validation": {"title": {"_nnull": True}}, "presets": {"title": "Dr"}, "fields": ["title", "theme", "role"],
    }  # fmt: skip
    one = (await house.ask("POST", "/permissions", given)).json()["data"]
    assert one == {"id": one["id"], **given}
    others = [
        {**given, "action": "read", "role": None},
        {"collection": ROLES, "action": "read", "fields": "id,users"},
    ]
    many = (await house.ask("POST", "/permissions", others)).json()["data"]
    assert many[1]["fields"] == ["id", "users"]
    ids = [one["id"], *(other["id"] for other in many)]
    path = f"/permissions/{one['id']}"
    assert (await house.ask("GET", f"{path}?fields=role.name,collection")).json()["data"] == {
        "role": {"name": "Editors"}, "collection": USERS,
    }  # fmt: skip
    listed = await house.ask(
        "GET", f'/permissions?filter={{"collection":{{"_eq":"{USERS}"}}}}&sort=-id&fields=id&meta=*'
    )
    assert listed.json()["data"] == [{"id": ids[1]}, {"id": ids[0]}]
    assert listed.json()["meta"] == {"total_count": 3, "filter_count": 2}
    found = await house.ask(
        "SEARCH", "/permissions", {"query": {"aggregate": {"count": "*"}, "groupBy": ["action"]}}
    )
    assert found.json()["data"] == [{"action": "read", "count": 2}, {"action": "update", "count": 1}]
    assert (await house.ask("PATCH", path, one)).json()["data"] == one
    assert (await house.ask("PATCH", path, {"fields": ["*"]})).json()["data"]["fields"] == ["*"]
    changed = {"keys": [ids[2], ids[1]], "data": {"presets": {"description": "$CURRENT_USER"}}}
    answer = await house.ask("PATCH", "/permissions?fields=id", changed)
    assert answer.json()["data"] == [{"id": ids[2]}, {"id": ids[1]}]
    asked = f"filter[collection]=directus_permissions&filter[item]={ids[0]}&fields=id,delta"
    happened = await house.ask("GET", f"/revisions?{asked}")
    first, second = happened.json()["data"]
    assert first["delta"]["collection"] == USERS
    assert second["delta"] == {"fields": ["*"]}
    assert (await house.ask("POST", f"/utils/revert/{first['id']}")).status_code == 204
    assert (await house.ask("GET", path)).json()["data"] == one
    assert (await house.ask("DELETE", path)).status_code == 204
    assert refusal(await house.ask("GET", path)) == (403, "FORBIDDEN")
    assert (
        await house.ask("DELETE", "/permissions", {"query": {"filter": {"action": "read"}}})
    ).status_code == 204
    assert (await house.ask("GET", "/permissions")).json()["data"] == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"collection": "directus_connections"}, "directus_activity, directus_revisions."),
        ({"collection": "directus_nothing"}, "collection"), ({"collection": None}, "collection"),
        ({"action": "destroy"}, "action"), ({"action": None}, "action"),
        ({"collection": "directus_activity", "action": "delete"}, "action"),
        ({"permissions": {"nope": {"_eq": 1}}}, "nope"), ({"permissions": {"title": {"_like": "x"}}}, "_like"),
        ({"permissions": {"role": {"nope": {"_eq": 1}}}}, "nope"), ({"permissions": {"id": {"_eq": "x"}}}, "UUID"),
        ({"permissions": {"title": {"_eq": "$CURRENT_MOOD"}}}, "CURRENT_MOOD"), ({"permissions": "x"}, "permissions"),
        ({"permissions": {"_and": [{"title": {"_eq": str(n)}} for n in range(41)]}}, "40"),
        ({"permissions": {"title": {"_eq": "x" * 20_000}}}, "permissions"),
        ({"validation": {"title": {"_regex": "(a+)+$"}}}, "_regex"), ({"validation": [1]}, "validation"),
        ({"fields": ["nope"]}, "nope"), ({"fields": [1]}, "fields"), ({"fields": {"a": 1}}, "fields"),
        ({"presets": {"nope": 1}}, "nope"), ({"presets": {"title": 1}}, "title"), ({"presets": []}, "presets"),
        ({"presets": {"password": "secret enough"}}, "password"), ({"presets": {"provider": "x"}}, "provider"),
        ({"collection": ROLES, "presets": {"admin_access": True}}, "admin_access"),
        ({"role": "0190163d-8694-739b-aea5-966c26f8ad91"}, "role"), ({"nope": 1}, "nope"),
    ],
)  # fmt: skip
async def test_a_bad_rule_is_refused_when_it_is_written(rules_house: Served, rule: Any, told: str) -> None:
    body = {"role": None, "collection": USERS, "action": "update", "fields": ["*"], **rule}
    answer = await rules_house.ask("POST", "/permissions", body)
    assert answer.status_code == 400, answer.text
    assert told in answer.text
    assert (await rules_house.ask("GET", "/permissions")).json()["data"] == []


@pytest.fixture(scope="module")
async def rules_house(migrated_file: Any, tmp_path_factory: Any) -> Any:
    """One house for all bad rules: they change nothing."""
    import shutil

    from tests.served import served

    data = tmp_path_factory.mktemp("rules")
    async with served(f"sqlite:///{shutil.copy(migrated_file, data / 'rules.db')}", data) as house:
        yield house


async def test_reading_is_limited_to_rows_and_fields_on_every_path(house: Served, editors: str) -> None:
    ann, token = await house.person("ann@example.com", role=editors, title="mine", location="here")
    bob, _ = await house.person("bob@example.com", first_name="Bob", title="hidden", location="there")
    await house.person("cid@example.com", first_name="Cid", status="draft", title="hidden")
    await allow(
        house, editors, "read", fields=["id", "email", "first_name"], permissions={"status": "active"}
    )

    async def ask(path: str) -> Any:
        answer = await house.ask("GET", path, token=token)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()["data"]

    emails = ["admin@example.com", "ann@example.com", "bob@example.com"]
    assert [one["email"] for one in await ask("/users?sort=email")] == emails
    other = await ask(f"/users/{bob}")
    assert {name for name, value in other.items() if value is not None} == {"id", "email", "first_name"}
    assert (await ask("/users/me"))["location"] == "here"
    assert await ask('/users?fields=email&filter={"title":{"_eq":"hidden"}}') == []
    assert await ask("/users?fields=email&search=hidden") == []
    assert await ask("/users?fields=email&search=there") == []
    assert await ask("/users?fields=email&search=BOB") == [{"email": "bob@example.com"}]
    assert await ask("/users?fields=email&search=mine") == [{"email": "ann@example.com"}]
    assert await ask("/users?aggregate[countDistinct]=title&aggregate[max]=location") == [
        {"countDistinct": {"title": 1}, "max": {"location": "here"}}
    ]
    assert await ask("/users?groupBy=title&aggregate[count]=*&sort=title") == [
        {"title": "mine", "count": 1}, {"title": None, "count": 2},
    ]  # fmt: skip
    assert [one["email"] for one in await ask("/users?sort=-title,email&fields=email")] == [
        "admin@example.com", "bob@example.com", "ann@example.com",
    ]  # fmt: skip
    assert await ask(f'/users?fields=role&filter={{"id":{{"_eq":"{house.admin}"}}}}') == [{"role": None}]
    assert await ask(f"/users/{bob}?fields=role.name,token") == {"role": None, "token": None}
    assert (await ask("/roles?fields=name,users")) == [{"name": "Editors", "users": [ann]}]
    meta = await house.ask("GET", "/users?limit=0&meta=*", token=token)
    assert meta.json()["meta"] == {"total_count": 3, "filter_count": 3}
    file = await house.ask("GET", "/users?export=csv&sort=email&fields=email,title", token=token)
    assert file.text.split() == [
        "email,title",
        "admin@example.com,",
        "ann@example.com,mine",
        "bob@example.com,",
    ]
    found = await house.ask(
        "SEARCH", "/users", {"query": {"filter": {"title": {"_nnull": True}}}}, token=token
    )
    assert [one["id"] for one in found.json()["data"]] == [ann]


async def test_the_public_has_its_rules_and_nothing_without_them(house: Served) -> None:
    bob, _ = await house.person("bob@example.com", first_name="Bob", title="hidden")
    for path in ("/users", f"/users/{bob}", "/roles", "/activity", "/revisions", "/permissions"):
        assert refusal(await house.ask("GET", path, token=None)) == (403, "FORBIDDEN")
    rule = await allow(
        house, None, "read", fields=["first_name"], permissions={"first_name": {"_nnull": True}}
    )
    assert (await house.ask("GET", "/users", token=None)).json() == {"data": [{"first_name": "Bob"}]}
    assert (await house.ask("GET", f"/users/{bob}?fields=*.*", token=None)).json()["data"] == {
        "first_name": "Bob"
    }
    hidden = [
        "fields=title", "fields=id", "fields=role.name", "sort=title", "sort=role.name", "filter[title][_eq]=x",
        "filter[role][name][_eq]=x", "aggregate[count]=title", "groupBy=title", "filter[year(last_access)]=1",
        "fields=year(last_access)", 'alias={"a":"title"}&fields=a', "filter[_or][0][_and][0][title][_null]=true",
        "aggregate[count]=*&filter[title]=x", "export=csv&fields=title", "meta=*&filter[title]=x", "sort=-count(tags)",
    ]  # fmt: skip
    for query in hidden:
        assert refusal(await house.ask("GET", f"/users?{query}", token=None)) == (403, "FORBIDDEN"), query
    assert (await house.ask("GET", "/users?search=hidden", token=None)).json() == {"data": []}
    assert (await house.ask("GET", f"/users?search={bob}", token=None)).json() == {"data": []}
    assert (await house.ask("GET", "/users?aggregate[count]=*", token=None)).json() == {
        "data": [{"count": 1}]
    }
    for method, path, body in [
        ("POST", "/users", {"email": "x@example.com"}), ("PATCH", f"/users/{bob}", {"first_name": "x"}),
        ("DELETE", f"/users/{bob}", None), ("POST", "/roles", {"name": "x"}), ("POST", "/permissions", {}),
        ("POST", "/utils/revert/1", None), ("POST", "/users/invite", {"email": "x@example.com", "role": house.role}),
    ]:  # fmt: skip
        assert refusal(await house.ask(method, path, body, token=None)) == (403, "FORBIDDEN"), path
    await house.ask("DELETE", f"/permissions/{rule}")
    assert refusal(await house.ask("GET", "/users", token=None)) == (403, "FORBIDDEN")
    await allow(house, None, "create", fields=["email", "title"], validation={"title": {"_nnull": True}})
    for body, status in [
        ({"email": "new@example.com", "title": "x"}, 204),
        ({"email": "no@example.com"}, 400),
    ]:
        assert (await house.ask("POST", "/users", body, token=None)).status_code == status
    made = await house.ask(
        "GET", "/users?filter[email][_in]=new@example.com,no@example.com&fields=title,role"
    )
    assert made.json()["data"] == [{"title": "x", "role": None}]


async def test_writing_is_limited_to_rows_fields_and_what_validation_says(
    house: Served, editors: str
) -> None:
    _, token = await house.person("ann@example.com", role=editors)
    bob, _ = await house.person("bob@example.com", location="there", title="secret")
    cid, _ = await house.person("cid@example.com", location="here")
    await allow(
        house, editors, "update", fields=["description", "status"], permissions={"location": "there"},
        validation={"_and": [{"status": {"_in": ["active", "draft"]}}, {"description": {"_ncontains": "bad"}}]},
        presets={"language": "fr-FR"},
    )  # fmt: skip

    async def change(key: str, **body: object) -> Any:
        return await house.ask("PATCH", f"/users/{key}", body, token=token)

    assert (await change(bob, description="good")).status_code == 204  # may write it, may not read it
    stored = (await house.ask("GET", f"/users/{bob}?fields=description,language")).json()["data"]
    assert stored == {"description": "good", "language": "fr-FR"}
    for body in ({"title": "x"}, {"title": "secret"}, {"title": None}, {"description": "x", "email": "x@example.com"},
                 {"role": house.role}, {"password": PASSWORD}, {"external_identifier": "x"}):  # fmt: skip
        assert refusal(await change(bob, **body)) == (403, "FORBIDDEN"), body
    assert refusal(await change(cid, description="x")) == (403, "FORBIDDEN")
    assert refusal(await change(house.admin, description="x")) == (403, "FORBIDDEN")
    refused = await change(bob, description="so bad")
    assert refused.json()["errors"][0]["extensions"] == {
        "code": "FAILED_VALIDATION", "field": "description", "type": "ncontains",
    }  # fmt: skip
    assert refusal(await change(bob, status="suspended")) == (400, "FAILED_VALIDATION")
    assert (await house.ask("GET", f"/users/{bob}?fields=description")).json()["data"] == {
        "description": "good"
    }
    many = {"keys": [bob, cid], "data": {"description": "both"}}
    assert refusal(await house.ask("PATCH", "/users", many, token=token)) == (403, "FORBIDDEN")
    assert (await change(bob, status="draft")).status_code == 204


async def test_making_and_removing_by_rules(house: Served, editors: str) -> None:
    _, token = await house.person("ann@example.com", role=editors)
    made = {"email": "new@example.com", "first_name": "New"}
    assert refusal(await house.ask("POST", "/users", made, token=token)) == (403, "FORBIDDEN")
    await allow(
        house, editors, "create", fields=["email", "first_name", "status", "role"], presets={"role": editors},
        permissions={"role": {"_eq": "$CURRENT_ROLE"}}, validation={"email": {"_ends_with": "@example.com"}},
    )  # fmt: skip
    await allow(house, editors, "read", fields=["id", "email", "role"], permissions={"role": "$CURRENT_ROLE"})
    answer = await house.ask("POST", "/users?fields=email,role", made, token=token)
    assert answer.json() == {"data": {"email": "new@example.com", "role": editors}}
    for body, code in [
        ({**made, "email": "n@elsewhere.org"}, (400, "FAILED_VALIDATION")), ({**made, "title": "x"}, (403, "FORBIDDEN")),
        ({"email": "r@example.com", "role": None}, (403, "FORBIDDEN")), (made, (400, "RECORD_NOT_UNIQUE")),
        ({"email": "r@example.com", "role": house.role}, (403, "FORBIDDEN")),
        ({"email": "r@example.com", "role": {"name": "Mine", "admin_access": True}}, (403, "FORBIDDEN")),
        ({"email": "r@example.com", "id": house.admin}, (403, "FORBIDDEN")),
    ]:  # fmt: skip
        assert refusal(await house.ask("POST", "/users", body, token=token)) == code, body
    invite = {"email": ["i@example.com", "new@example.com"], "role": editors}
    assert (await house.ask("POST", "/users/invite", invite, token=token)).status_code == 204
    invited = await house.ask("GET", "/users?filter[email]=i@example.com&fields=status,role")
    assert invited.json()["data"] == [{"status": "invited", "role": editors}]
    bad = await house.ask(
        "POST", "/users/invite", {"email": "j@example.com", "role": house.role}, token=token
    )
    assert refusal(bad) == (403, "FORBIDDEN")
    (new,) = (await house.ask("GET", "/users?filter[email]=new@example.com&fields=id")).json()["data"]
    assert refusal(await house.ask("DELETE", f"/users/{new['id']}", token=token)) == (403, "FORBIDDEN")
    await allow(house, editors, "delete", permissions={"first_name": "New"})
    assert refusal(await house.ask("DELETE", "/users", [new["id"], house.admin], token=token)) == (
        403,
        "FORBIDDEN",
    )
    assert (await house.ask("DELETE", f"/users/{new['id']}", token=token)).status_code == 204


async def test_nobody_rises_to_administrator_by_rules(house: Served, editors: str) -> None:
    """Every permission there is, and still not one way up."""
    eve, token = await house.person("eve@example.com", role=editors)
    for collection, actions in {
        USERS: "create read update delete",
        ROLES: "create read update delete",
    }.items():
        for action in actions.split():
            await allow(house, editors, action, collection)
    for collection in ("directus_activity", "directus_revisions", "directus_permissions"):
        await allow(house, editors, "read", collection)
    before = (await house.ask("GET", f"/users/{house.admin}")).json()["data"]
    rule = {"role": editors, "collection": ROLES, "action": "update", "fields": ["*"]}
    attacks: list[tuple[str, str, object]] = [
        ("PATCH", "/users/me", {"role": house.role}), ("PATCH", f"/users/{eve}", {"role": {"id": house.role}}),
        ("PATCH", "/users/me", {"role": {"id": editors, "admin_access": True}}),
        ("PATCH", "/users/me", {"role": {"name": "Mine", "admin_access": True}}),
        ("PATCH", f"/roles/{editors}", {"admin_access": True}), ("POST", "/roles", {"name": "x", "admin_access": True}),
        ("PATCH", f"/roles/{house.role}", {"name": "x"}), ("DELETE", f"/roles/{house.role}", None),
        ("PATCH", f"/roles/{house.role}", {"users": [house.admin, eve]}), ("PATCH", "/roles", {"query": {}, "data": {"admin_access": True}}),
        ("PATCH", f"/users/{house.admin}", {"password": PASSWORD}), ("PATCH", f"/users/{house.admin}", {"email": "eve2@example.com"}),
        ("PATCH", f"/users/{house.admin}", {"token": "x" * 40}), ("PATCH", "/users", {"keys": [house.admin], "data": {"password": PASSWORD}}),
        ("PATCH", "/users", {"query": {}, "data": {"password": PASSWORD}}), ("DELETE", f"/users/{house.admin}", None),
        ("POST", "/users", {"email": "x@example.com", "role": house.role}), ("PATCH", "/users/me", {"provider": "okta"}),
        ("POST", "/users/invite", {"email": "x@example.com", "role": house.role}),
        ("POST", "/permissions", rule), ("POST", f"/users/{house.admin}/tfa/disable", None),
        ("PATCH", "/permissions", {"query": {}, "data": {"role": editors}}), ("DELETE", "/permissions", {"query": {}}),
    ]  # fmt: skip
    for method, path, body in attacks:
        answer = await house.ask(method, path, body, token=token)
        assert refusal(answer) == (403, "FORBIDDEN"), (method, path, body)
    assert (await house.ask("GET", f"/users/{house.admin}")).json()["data"] | {
        "last_access": None
    } == before | {"last_access": None}
    mine = (await house.ask("GET", "/users/me?fields=role.id,role.admin_access", token=token)).json()["data"]
    assert mine == {"role": {"id": editors, "admin_access": False}}
    role = await house.ask("POST", "/roles", {"name": "harmless", "admin_access": False}, token=token)
    assert role.status_code == 200, role.text


async def test_history_is_cut_to_what_may_be_read(house: Served, editors: str) -> None:
    _, token = await house.person("ann@example.com", role=editors)
    bob, _ = await house.person("bob@example.com", first_name="Bob", title="hidden")
    await house.ask("PATCH", f"/users/{bob}", {"title": "more hidden", "first_name": "Bobby"})
    await allow(house, editors, "read", "directus_revisions")
    await allow(house, editors, "read", "directus_activity", fields=["id", "action", "item", "revisions"])
    await allow(house, editors, "read", fields=["first_name", "email"])
    answer = await house.ask("GET", f"/revisions?filter[item]={bob}&fields=data,delta&sort=id", token=token)
    created, changed = answer.json()["data"]
    assert created["delta"] == {"first_name": "Bob", "email": "bob@example.com"}
    assert changed == {
        "data": {"first_name": "Bobby", "email": "bob@example.com"},
        "delta": {"first_name": "Bobby"},
    }
    roles = await house.ask("GET", f"/revisions?filter[item]={editors}&fields=data", token=token)
    assert roles.json()["data"] == [{"data": {}}]
    nested = await house.ask(
        "GET", f"/activity?filter[item]={bob}&fields=action,revisions.delta", token=token
    )
    assert "hidden" not in nested.text
    assert refusal(await house.ask("GET", "/activity?fields=user", token=token)) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", "/activity?filter[ip]=127.0.0.1", token=token)) == (
        403,
        "FORBIDDEN",
    )
    assert "127.0.0.1" not in (await house.ask("GET", "/activity", token=token)).text
    assert (await house.ask("GET", "/activity?search=127.0.0.1", token=token)).json()["data"] == []
    ids = (await house.ask("GET", f"/revisions?filter[item]={bob}&fields=id&sort=id")).json()["data"]
    assert refusal(await house.ask("POST", f"/utils/revert/{ids[0]['id']}", token=token)) == (
        403,
        "FORBIDDEN",
    )
    await allow(house, editors, "update", fields=["first_name"])
    assert (await house.ask("POST", f"/utils/revert/{ids[0]['id']}", token=token)).status_code == 204
    stored = (await house.ask("GET", f"/users/{bob}?fields=first_name,title")).json()["data"]
    assert stored == {"first_name": "Bob", "title": "more hidden"}


async def test_rules_count_from_the_next_request_on_and_tell_of_themselves(
    house: Served, editors: str
) -> None:
    ann, token = await house.person("ann@example.com", role=editors)
    signed_in = await house.ask("POST", "/auth/login", {"email": "ann@example.com", "password": PASSWORD})
    access = signed_in.json()["data"]["access_token"]
    for bearer in (token, access):
        seen = (await house.ask("GET", "/users?fields=id", token=bearer)).json()["data"]
        assert seen == [{"id": ann}]
    rule = await allow(house, editors, "read", fields=["id"])
    for bearer in (token, access):
        assert len((await house.ask("GET", "/users?fields=id", token=bearer)).json()["data"]) == 2
    mine = (await house.ask("GET", "/permissions/me", token=token)).json()["data"]
    assert mine[USERS]["read"] == {"access": "full", "fields": ["*"], "presets": {}}
    assert mine[USERS]["create"] == {"access": "none"}
    assert mine[USERS]["update"]["access"] == "partial"
    assert "title" in mine[USERS]["update"]["fields"]
    assert "role" not in mine[USERS]["update"]["fields"]
    full = (await house.ask("GET", "/permissions/me")).json()["data"]
    assert full[ROLES]["delete"] == {"access": "full", "fields": ["*"], "presets": {}}
    nothing = (await house.ask("GET", "/permissions/me", token=None)).json()["data"]
    assert {one["access"] for actions in nothing.values() for one in actions.values()} == {"none"}
    assert [one["id"] for one in (await house.ask("GET", "/permissions", token=token)).json()["data"]] == [
        rule
    ]
    await house.ask("PATCH", f"/permissions/{rule}", {"permissions": {"id": {"_eq": "$CURRENT_USER"}}})
    for bearer in (token, access):
        assert (await house.ask("GET", "/users?fields=id", token=bearer)).json()["data"] == [{"id": ann}]
    later = {"permissions": {"last_access": {"_lt": "$NOW(+1 day)"}}}
    await house.ask("PATCH", f"/permissions/{rule}", later)
    await house.ask("DELETE", f"/roles/{editors}")
    assert (await house.ask("GET", "/permissions")).json()["data"] == []


async def test_a_rule_about_sharing_is_kept_and_shown_and_opens_nothing(house: Served, editors: str) -> None:
    _, token = await house.person("ann@example.com", role=editors)
    for collection in (USERS, ROLES, "directus_files", "directus_activity", "directus_permissions"):
        await allow(house, editors, "share", collection, permissions={"id": {"_nnull": True}})
    mine = (await house.ask("GET", "/permissions/me", token=token)).json()["data"]
    assert mine[USERS]["share"] == {"access": "partial", "fields": ["*"], "presets": {}}
    assert len((await house.ask("GET", "/permissions", token=token)).json()["data"]) == 5
    assert len((await house.ask("GET", "/users", token=token)).json()["data"]) == 1
    assert refusal(await house.ask("GET", "/activity", token=token)) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", "/shares", token=token)) == (404, "ROUTE_NOT_FOUND")


async def test_rules_fill_in_what_the_caller_s_own_row_says(house: Served, editors: str) -> None:
    ann, token = await house.person(
        "ann@example.com", role=editors, title="Head", location="Rome", tags=["a"], theme="dark"
    )
    presets = {
        "location": "$CURRENT_USER.location", "title": "$CURRENT_ROLE.name", "description": "$CURRENT_USER.title",
        "tags": ["$CURRENT_USER", "x"], "appearance": "$CURRENT_USER.theme", "role": "$CURRENT_USER.role",
    }  # fmt: skip
    made = await allow(house, editors, "create", fields=["email", "title", "role"], presets=presets)
    for body in ({"email": "bob@example.com"}, [{"email": "cid@example.com"}]):
        answer = await house.ask("POST", "/users", body, token=token)
        assert answer.status_code == 204, answer.text
    fields = "location,title,description,tags,theme,role"
    for email in ("bob@example.com", "cid@example.com"):
        asked = f"/users?filter[email]={email}&fields={fields}"
        (seen,) = (await house.ask("GET", asked)).json()["data"]
        assert seen == {
            "location": "Rome", "title": "Editors", "description": "Head", "tags": [ann, "x"], "theme": "dark",
            "role": editors,
        }  # fmt: skip
    said = await house.ask("POST", "/users", {"email": "dan@example.com", "title": "Own"}, token=token)
    assert said.status_code == 204
    asked = "/users?filter[email]=dan@example.com&fields=title,location"
    assert (await house.ask("GET", asked)).json()["data"] == [{"title": "Own", "location": "Rome"}]
    mine = (await house.ask("GET", "/permissions/me", token=token)).json()["data"]
    assert mine[USERS]["create"]["presets"] == presets
    await allow(
        house,
        editors,
        "update",
        fields=["first_name", "location"],
        presets={"location": "$CURRENT_USER.title"},
    )
    bob = (await house.ask("GET", "/users?filter[email]=bob@example.com&fields=id")).json()["data"][0]["id"]
    changed = {"keys": [ann, bob], "data": {"first_name": "New"}}  # of herself she needs no rule for it
    assert (await house.ask("PATCH", "/users", changed, token=token)).status_code == 204
    for user, location in ((ann, "Rome"), (bob, "Head")):
        now = (await house.ask("GET", f"/users/{user}?fields=location")).json()["data"]
        assert now == {"location": location}
    for value in (
        "$CURRENT_USER.nope", "$CURRENT_USER.password", "$CURRENT_USER.tags", "$CURRENT_USER.year(last_access)",
        "$CURRENT_ROLE.users", "$CURRENT_ROLES", "$NOW(x)",
    ):  # fmt: skip
        for wrong in (value, [value]):
            answer = await house.ask("PATCH", f"/permissions/{made}", {"presets": {"title": wrong}})
            assert refusal(answer) == (400, "INVALID_PAYLOAD"), wrong


async def test_rules_compare_with_what_the_caller_s_own_row_says(house: Served, editors: str) -> None:
    ann, token = await house.person("ann@example.com", role=editors, title="Here", location="Editors")
    bob, _ = await house.person("bob@example.com", title="Here")
    cid, _ = await house.person("cid@example.com", title="There", description="ANN@EXAMPLE.COM")

    async def seen(rule: dict[str, object]) -> set[str]:
        number = await allow(house, editors, "read", permissions=rule)
        found = (await house.ask("GET", "/users?fields=id", token=token)).json()["data"]
        await house.ask("DELETE", f"/permissions/{number}")
        return {one["id"] for one in found}

    assert await seen({"title": {"_eq": "$CURRENT_USER.title"}}) == {ann, bob}
    assert await seen({"title": {"_neq": "$CURRENT_USER.title"}}) == {ann, cid}
    assert await seen({"role": {"name": {"_eq": "$CURRENT_ROLE.name"}}}) == {ann}
    assert await seen({"location": {"_eq": "$CURRENT_USER.role.name"}}) == {ann}
    assert await seen({"email": {"_neq": "$CURRENT_USER.email"}}) == {ann, bob, cid, house.admin}
    assert await seen({"description": {"_contains": "$CURRENT_USER.title"}}) == {ann}
    assert await seen({"role": {"_neq": "$CURRENT_USER.role"}}) == {ann, house.admin}
    here = {"title": {"_eq": "$CURRENT_USER.title"}}
    await allow(house, editors, "update", fields=["description", "title"], permissions=here, validation=here)
    change = {"description": "x"}
    assert (await house.ask("PATCH", f"/users/{bob}", change, token=token)).status_code == 204
    assert refusal(await house.ask("PATCH", f"/users/{cid}", change, token=token)) == (403, "FORBIDDEN")
    moved = await house.ask("PATCH", f"/users/{bob}", {"title": "There"}, token=token)
    assert refusal(moved) == (400, "FAILED_VALIDATION")
    await allow(house, None, "read", permissions=here)
    assert (await house.ask("GET", "/users", token=None)).json() == {"data": []}
    for value, operator, field in [
        ("$CURRENT_USER.nope", "_eq", "title"), ("$CURRENT_USER.password", "_eq", "title"), ("$CURRENT_USER.title", "_eq", "id"),
        ("$CURRENT_USER.title", "_in", "title"), ("$CURRENT_USER.title", "_icontains", "title"),
        ("$CURRENT_USER.title", "_eq", "email"), ("$CURRENT_USER.year(last_access)", "_eq", "title"),
        ("$CURRENT_USER.title", "_eq", "password"),
    ]:  # fmt: skip
        rule = {
            "role": editors,
            "collection": USERS,
            "action": "read",
            "permissions": {field: {operator: value}},
        }
        assert refusal(await house.ask("POST", "/permissions", rule)) == (400, "INVALID_PAYLOAD"), value
