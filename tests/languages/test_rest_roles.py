"""`/roles` whole, and roles spoken of as objects, over HTTP, on both databases."""

import pytest

from tests.served import PASSWORD, Served, refusal

NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.fixture
async def roles(house: Served) -> list[str]:
    """Three roles beside the administrators'."""
    answer = await house.ask("POST", "/roles", [{"name": name} for name in ("Editors", "Readers", "Guests")])
    return [role["id"] for role in answer.json()["data"]]


async def _names(house: Served) -> list[str]:
    answer = await house.ask("GET", "/roles?fields=name&sort=name")
    return [role["name"] for role in answer.json()["data"]]


async def test_one_role_is_changed_and_what_was_read_changes_nothing(house: Served, roles: list[str]) -> None:
    path = f"/roles/{roles[0]}"
    read = (await house.ask("GET", path)).json()["data"]
    answer = await house.ask("PATCH", path, {**read, "name": "Writers", "ip_access": ["10.0.0.0/8"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {**read, "name": "Writers", "ip_access": ["10.0.0.0/8"]}
    assert (await house.ask("PATCH", path, {})).json() == answer.json()
    for body, code in [
        ({"name": None}, "FAILED_VALIDATION"), ({"nope": 1}, "INVALID_PAYLOAD"), ({"app_access": "x"}, "INVALID_PAYLOAD"),
        ("x", "INVALID_PAYLOAD"),
    ]:  # fmt: skip
        assert refusal(await house.ask("PATCH", path, body)) == (400, code)
    too_long = await house.ask("PATCH", path, {"name": "x" * 101})
    assert too_long.json()["errors"][0]["extensions"] == {
        "code": "VALUE_TOO_LONG", "collection": "directus_roles", "field": "name",
    }  # fmt: skip


async def test_many_roles_are_changed_in_every_form(house: Served, roles: list[str]) -> None:
    by_keys = {"keys": [roles[1], roles[0]], "data": {"description": "k"}}
    answer = await house.ask("PATCH", "/roles?fields=id,description", by_keys)
    assert answer.json()["data"] == [{"id": key, "description": "k"} for key in (roles[1], roles[0])]
    by_query = {"query": {"filter": {"name": {"_eq": "Guests"}}}, "data": {"description": "q"}}
    answer = await house.ask("PATCH", "/roles?fields=id,description", by_query)
    assert answer.json()["data"] == [{"id": roles[2], "description": "q"}]
    batch = [{"id": roles[2], "name": "Visitors"}, {"id": roles[0], "name": "Writers"}]
    answer = await house.ask("PATCH", "/roles?fields=name", batch)
    assert answer.json()["data"] == [{"name": "Visitors"}, {"name": "Writers"}]
    in_path = await house.ask("PATCH", f"/roles/{roles[0]},{roles[1]}?fields=icon", {"icon": "star"})
    assert in_path.json()["data"] == [{"icon": "star"}, {"icon": "star"}]
    lacking = await house.ask("PATCH", "/roles", [{"name": "x"}])
    assert lacking.json()["errors"][0]["extensions"]["reason"] == "Item in update misses primary key"
    nameless = await house.ask("POST", "/roles", {"name": "New", "users": [{"email": "new@example.com"}]})
    assert refusal(nameless) == (400, "INVALID_PAYLOAD")
    assert "array of keys" in nameless.text
    half = [{"id": roles[0], "name": "Half"}, {"id": NOBODY, "name": "Half"}]
    assert refusal(await house.ask("PATCH", "/roles", half)) == (403, "FORBIDDEN")
    assert await _names(house) == ["Administrator", "Readers", "Visitors", "Writers"]


@pytest.mark.parametrize("form", ["path", "csv", "array", "keys", "query"])
async def test_roles_are_removed_in_every_form_and_their_users_suspended(
    house: Served, roles: list[str], form: str
) -> None:
    eve, token = await house.person("eve@example.com", role=roles[0])
    signed_in = await house.ask("POST", "/auth/login", {"email": "eve@example.com", "password": PASSWORD})
    access = signed_in.json()["data"]["access_token"]
    assert (await house.ask("GET", "/users/me", token=access)).status_code == 200
    ways: dict[str, tuple[str, object]] = {
        "path": (f"/roles/{roles[0]}", None),
        "csv": (f"/roles/{roles[0]},{roles[1]}", None),
        "array": ("/roles", [roles[0], roles[1]]),
        "keys": ("/roles", {"keys": [roles[0]]}),
        "query": ("/roles", {"query": {"filter": {"name": {"_eq": "Editors"}}}}),
    }
    path, body = ways[form]
    answer = await house.ask("DELETE", path, body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Editors" not in await _names(house)
    assert "Guests" in await _names(house)
    user = (await house.ask("GET", f"/users/{eve}")).json()["data"]
    assert (user["role"], user["status"], user["token"]) == (None, "suspended", None)
    for dead in (token, access):
        assert (await house.ask("GET", "/users/me", token=dead)).status_code == 401


async def test_the_last_administrator_stays_whatever_becomes_of_the_roles(
    house: Served, roles: list[str]
) -> None:
    path = f"/roles/{house.role}"
    assert refusal(await house.ask("PATCH", path, {"admin_access": False})) == (422, "UNPROCESSABLE_CONTENT")
    assert refusal(await house.ask("DELETE", path)) == (422, "UNPROCESSABLE_CONTENT")
    assert refusal(await house.ask("DELETE", "/roles", {"query": {}})) == (422, "UNPROCESSABLE_CONTENT")
    everything = {"query": {}, "data": {"admin_access": False}}
    assert refusal(await house.ask("PATCH", "/roles", everything)) == (422, "UNPROCESSABLE_CONTENT")
    inside = {"role": {"id": house.role, "admin_access": False}}
    assert refusal(await house.ask("PATCH", f"/users/{house.admin}", inside)) == (
        422,
        "UNPROCESSABLE_CONTENT",
    )
    assert len(await _names(house)) == 4


async def test_who_is_no_administrator_any_more_is_told_so_at_once(house: Served, roles: list[str]) -> None:
    _, token = await house.person("eve@example.com", role=roles[0])
    assert refusal(await house.ask("POST", "/roles", {"name": "Eve's"}, token=token)) == (403, "FORBIDDEN")
    await house.ask("PATCH", f"/roles/{roles[0]}", {"admin_access": True})
    assert (await house.ask("POST", "/roles", {"name": "Eve's"}, token=token)).status_code == 200
    await house.ask("PATCH", f"/roles/{roles[0]}", {"admin_access": False})
    assert refusal(await house.ask("POST", "/roles", {"name": "Eve's"}, token=token)) == (403, "FORBIDDEN")


async def test_roles_belong_to_administrators(house: Served, roles: list[str]) -> None:
    _, token = await house.person("eve@example.com", role=roles[0])
    requests: list[tuple[str, str, object]] = [
        ("POST", "/roles", {"name": "x"}), ("PATCH", f"/roles/{roles[0]}", {"name": "x"}),
        ("PATCH", f"/roles/{roles[0]}", {"admin_access": True}), ("PATCH", "/roles", [{"id": roles[0], "name": "x"}]),
        ("PATCH", "/roles", {"query": {}, "data": {"admin_access": True}}), ("DELETE", f"/roles/{roles[0]}", None),
        ("DELETE", "/roles", [roles[0]]), ("DELETE", "/roles", {"query": {}}),
    ]  # fmt: skip
    for method, path, body in requests:
        for caller in (token, None):
            answer = await house.ask(method, path, body, token=caller)
            assert refusal(answer) == (403, "FORBIDDEN"), (method, path, body)
    assert await _names(house) == ["Administrator", "Editors", "Guests", "Readers"]


async def test_a_role_object_in_a_user_makes_or_changes_the_role(house: Served, roles: list[str]) -> None:
    made = await house.ask(
        "POST", "/users?fields=id,role", {"email": "a@example.com", "role": {"name": "Made"}}
    )
    assert made.status_code == 200, made.text
    user = made.json()["data"]
    assert (await house.ask("GET", f"/roles/{user['role']}")).json()["data"]["name"] == "Made"

    changed = await house.ask(
        "PATCH", f"/users/{user['id']}?fields=role", {"role": {"id": roles[0], "name": "Writers"}}
    )
    assert changed.json() == {"data": {"role": roles[0]}}
    assert (await house.ask("GET", f"/roles/{roles[0]}")).json()["data"]["name"] == "Writers"

    chosen = await house.ask(
        "PATCH", f"/users/{user['id']}?fields=role", {"role": {"id": NOBODY, "name": "Chosen"}}
    )
    assert chosen.json() == {"data": {"role": NOBODY}}
    for role, code in [({"id": "no uuid", "name": "x"}, "INVALID_PAYLOAD"), ({}, "FAILED_VALIDATION"),
                       ({"name": "x", "nope": 1}, "INVALID_PAYLOAD"), ({"description": "x"}, "FAILED_VALIDATION")]:  # fmt: skip
        answer = await house.ask("PATCH", f"/users/{user['id']}", {"role": role})
        assert refusal(answer) == (400, code), (role, answer.text)
    assert "x" not in await _names(house)


async def test_a_person_sends_their_role_back_but_changes_nothing_of_it(
    house: Served, roles: list[str]
) -> None:
    eve, token = await house.person("eve@example.com", role=roles[0])
    role = (await house.ask("GET", f"/roles/{roles[0]}")).json()["data"]
    back = {"title": "x", "role": role}
    assert (await house.ask("PATCH", "/users/me", back, token=token)).status_code == 200
    for given in (
        {**role, "admin_access": True},
        {"name": "Mine"},
        {"id": NOBODY, "name": "Mine"},
        {**role, "id": house.role},
    ):
        answer = await house.ask("PATCH", "/users/me", {"title": "y", "role": given}, token=token)
        assert refusal(answer) == (403, "FORBIDDEN"), given
    user = (await house.ask("GET", f"/users/{eve}")).json()["data"]
    assert (user["title"], user["role"]) == ("x", roles[0])
    assert (await house.ask("GET", f"/roles/{roles[0]}")).json()["data"] == role


async def test_a_role_is_written_back_with_its_users_and_given_to_more(
    house: Served, roles: list[str]
) -> None:
    eve, _ = await house.person("eve@example.com", role=roles[0])
    adam, _ = await house.person("adam@example.com")
    path = f"/roles/{roles[0]}"
    for fields in ("*", "*,users.*", "users", "*,users.id"):
        read = (await house.ask("GET", f"{path}?fields={fields}")).json()["data"]
        answer = await house.ask("PATCH", f"{path}?fields={fields}", read)
        assert (answer.status_code, answer.json()) == (200, {"data": read}), fields
    happened = await house.ask("GET", f"/activity?filter[item][_in]={eve},{roles[0]}&fields=action")
    assert [one["action"] for one in happened.json()["data"]] == ["create", "create"]
    for users in ([], [adam], eve, ["x"], [None], [{"title": "x"}]):
        answer = await house.ask("PATCH", path, {"name": "x", "users": users})
        assert answer.status_code in (400, 403), users
    answer = await house.ask("PATCH", f"{path}?fields=users", {"users": [{"id": eve, "title": "Dr"}, adam]})
    assert answer.json() == {"data": {"users": sorted([eve, adam])}}
    assert (await house.ask("GET", f"/users/{eve}?fields=title,role")).json()["data"] == {
        "title": "Dr",
        "role": roles[0],
    }
    inside = {"role": {"name": "x", "users": [adam]}}
    assert refusal(await house.ask("PATCH", f"/users/{eve}", inside)) == (400, "INVALID_PAYLOAD")


async def test_a_role_that_was_read_is_made_again_with_its_users(house: Served, roles: list[str]) -> None:
    eve, token = await house.person("eve@example.com", role=roles[0])
    read = (await house.ask("GET", f"/roles/{roles[0]}")).json()["data"]
    assert read["users"] == [eve]
    assert (await house.ask("GET", "/roles/me", token=token)).json() == {"data": [{"id": roles[0]}]}
    await house.ask("DELETE", f"/roles/{roles[0]}")
    answer = await house.ask("POST", "/roles", read)
    assert (answer.status_code, answer.json()) == (200, {"data": read})
    assert (await house.ask("GET", "/roles/me", token=None)).status_code == 401
