"""The roles that groups give, over REST: read and replaced as one list by administrators."""

from typing import Any

from service.database import new_key
from tests.languages.test_connections import a_client
from tests.served import Served

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def a_role(house: Served, name: str, **values: Any) -> str:
    made = await house.ask("POST", "/roles", {"name": name, **values})
    assert made.status_code == 200, made.text
    return str(made.json()["data"]["id"])


async def role_of(house: Served, user: str) -> str | None:
    found: str | None = (await house.ask("GET", f"/users/{user}")).json()["data"]["role"]
    return found


async def test_the_list_is_read_replaced_and_in_force_at_once(house: Served) -> None:
    key, okta = await a_client(house)
    path = f"/connections/{key}/group-roles"
    assert (await house.ask("GET", path)).json() == {"data": []}
    editors, staff = await a_role(house, "Editors"), await a_role(house, "Staff")
    user = (await okta.add())["id"]
    for name in ("Editing", "Everybody"):
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": user}]}
        assert (await okta.ask("POST", "/Groups", body)).status_code == 201
    entries = [{"group": "editing", "role": editors}, {"group": "Everybody", "role": staff}]
    shown = [{**entry, "administers": False} for entry in entries]
    put = await house.ask("PUT", path, entries)
    assert (put.status_code, put.json()) == (200, {"data": shown})
    assert await role_of(house, user) == editors
    assert (await house.ask("PUT", path, list(reversed(entries)))).status_code == 200
    assert await role_of(house, user) == staff
    assert (await house.ask("GET", path)).json() == {"data": list(reversed(shown))}
    assert (await house.ask("PUT", path, [])).json() == {"data": []}
    assert await role_of(house, user) is None
    told = await house.ask("GET", "/revisions", params={"filter[item][_eq]": key, "sort": "id"})
    assert [one["delta"].get("group_roles") for one in told.json()["data"]][-3:] == [
        shown, list(reversed(shown)), [],
    ]  # fmt: skip


async def test_a_bad_list_is_refused_and_changes_nothing(house: Served) -> None:
    key, _ = await a_client(house)
    path, staff = f"/connections/{key}/group-roles", await a_role(house, "Staff")
    good = {"group": "Everybody", "role": staff}
    assert (await house.ask("PUT", path, [good])).status_code == 200
    for body in (
        {}, None, good, [1], [{}], [{"group": "A"}], [{"role": staff}], [{**good, "group": ""}],
        [{**good, "group": "x" * 300}], [{**good, "role": "x"}], [{**good, "role": new_key()}],
        [{**good, "administers": "yes"}], [{**good, "more": 1}], [good, good], [good, {**good, "group": "EVERYBODY"}],
        [{**good, "role": house.role}], [good] * 1001,
    ):  # fmt: skip
        refused = await house.ask("PUT", path, body)
        assert 400 <= refused.status_code < 500, (body, refused.text)
    assert [one["group"] for one in (await house.ask("GET", path)).json()["data"]] == ["Everybody"]
    meant = await house.ask("PUT", path, [{**good, "role": house.role, "administers": True}])
    assert meant.status_code == 200, meant.text


async def test_only_administrators_see_and_touch_the_list(house: Served) -> None:
    key, okta = await a_client(house)
    _, person = await house.person("eve@example.com")
    for token in (person, None, okta.token):
        for method in ("GET", "PUT"):
            refused = await house.ask(
                method, f"/connections/{key}/group-roles", [] if method == "PUT" else None, token=token
            )
            assert refused.status_code in (401, 403), refused.text
    for nobodys in (new_key(), "x"):
        for method in ("GET", "PUT"):
            refused = await house.ask(
                method, f"/connections/{nobodys}/group-roles", [] if method == "PUT" else None
            )
            assert refused.status_code == 403, refused.text


async def test_a_removed_connection_takes_its_groups_and_their_roles_with_it(house: Served) -> None:
    key, okta = await a_client(house)
    staff, user = await a_role(house, "Staff"), (await okta.add())["id"]
    body = {"schemas": [GROUP], "displayName": "Everybody", "members": [{"value": user}]}
    group = (await okta.ask("POST", "/Groups", body)).json()["id"]
    put = await house.ask("PUT", f"/connections/{key}/group-roles", [{"group": "Everybody", "role": staff}])
    assert put.status_code == 200
    assert (await house.ask("DELETE", f"/connections/{key}")).status_code == 204
    again, new = await a_client(house)
    assert (await new.ask("GET", f"/Groups/{group}")).status_code == 404
    assert (await new.ask("GET", "/Groups")).json()["totalResults"] == 0
    assert (await house.ask("GET", f"/connections/{again}/group-roles")).json() == {"data": []}
    assert (await new.ask("POST", "/Groups", {**body, "members": []})).status_code == 201
