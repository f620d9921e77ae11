"""`/activity`, `/revisions` and the way back, over HTTP, on both databases."""

from typing import Any

import pytest

from tests.served import PASSWORD, Served, refusal


@pytest.fixture
async def ann(house: Served) -> str:
    """A user with a history: made, changed twice."""
    body = {"email": "ann@example.com", "first_name": "Ann", "password": PASSWORD, "token": "t" * 40}
    key = str((await house.ask("POST", "/users", body)).json()["data"]["id"])
    for change in ({"title": "CTO", "theme": "dark"}, {"title": "CEO", "password": "another horse battery"}):
        assert (await house.ask("PATCH", f"/users/{key}", change)).status_code == 200
    return key


async def _revisions(house: Served, item: str, more: str = "") -> list[dict[str, Any]]:
    query = f"filter[collection][_eq]=directus_users&filter[item][_eq]={item}&sort=id{more}"
    answer = await house.ask("GET", f"/revisions?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_revisions_are_the_documented_objects_and_conceal_secrets(house: Served, ann: str) -> None:
    made, first, second = await _revisions(house, ann)
    assert list(made) == ["id", "activity", "collection", "item", "data", "delta", "parent", "version"]
    assert (made["collection"], made["item"], made["parent"], made["version"]) == (
        "directus_users", ann, None, None,
    )  # fmt: skip
    assert made["data"] == made["delta"]
    assert made["data"]["password"] == made["data"]["token"] == "**********"
    assert first["delta"] == {"title": "CTO", "appearance": "dark"}
    assert second["delta"] == {"title": "CEO", "password": "**********"}
    read = (await house.ask("GET", f"/users/{ann}")).json()["data"]
    assert second["data"] == {name: value for name, value in read.items() if name != "theme"}
    assert PASSWORD not in str([made, first, second]) and "argon2" not in str([made, first, second])
    assert (await house.ask("GET", f"/revisions/{first['id']}")).json() == {"data": first}
    chosen = await house.ask("GET", f"/revisions/{first['id']}?fields=delta,activity.action,activity.user")
    assert chosen.json() == {
        "data": {"delta": first["delta"], "activity": {"action": "update", "user": house.admin}}
    }


async def test_activity_tells_who_did_what_from_where(house: Served, ann: str) -> None:
    headers = {"user-agent": "the test", "origin": "https://app.example.com"}
    await house.ask("DELETE", f"/users/{ann}", headers=headers)
    answer = await house.ask("GET", f"/activity?filter[item]={ann}&sort=-id&limit=2&meta=*")
    gone, changed = answer.json()["data"]
    assert answer.json()["meta"]["filter_count"] == 4
    assert gone == {
        "id": gone["id"], "action": "delete", "user": house.admin, "timestamp": gone["timestamp"], "ip": "127.0.0.1",
        "user_agent": "the test", "collection": "directus_users", "item": ann, "comment": None,
        "origin": "https://app.example.com", "revisions": [],
    }  # fmt: skip
    assert gone["timestamp"].endswith("Z")
    revision = (await _revisions(house, ann))[-1]
    assert (changed["action"], changed["revisions"]) == ("update", [revision["id"]])
    assert revision["activity"] == changed["id"]
    one = await house.ask("GET", f"/activity/{changed['id']}?fields=action,user.email,revisions.delta")
    assert one.json() == {
        "data": {
            "action": "update",
            "user": {"email": "admin@example.com"},
            "revisions": [{"delta": {"title": "CEO", "password": "**********"}}],
        }
    }


async def test_lists_of_history_are_filtered_sorted_and_counted(house: Served, ann: str) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Editors"})).json()["data"]["id"]

    async def items(path: str) -> list[str]:
        answer = await house.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return [row["item"] for row in answer.json()["data"]]

    assert await items("/activity?filter[collection][_eq]=directus_roles&fields=item") == [role]
    assert await items("/activity?filter[collection][_in]=directus_roles,nothing") == [role]
    assert role not in await items("/revisions?filter[collection][_neq]=directus_roles")
    assert (
        await items("/activity?filter[collection][_eq]=users") == [*(await items("/activity?limit=-1"))][:-1]
    )
    mine = f"/activity?filter[user][_eq]={house.admin}&filter[action][_eq]=update"
    assert await items(mine) == [ann, ann]
    assert await items(f"/activity?filter[id][_lt]=0&filter[item]={ann}") == []
    assert await items("/activity?filter[timestamp][_gt]=2999-01-01") == []
    assert set(await items(f"/revisions?search={ann}")) == {ann}
    assert ann in await items("/revisions?filter[version][_null]=true")
    assert await items("/revisions?filter[version][_eq]=x") == []
    assert await items("/revisions?filter[version][_in]=x,y&sort=version") == []
    assert (await house.ask("GET", "/revisions?limit=0&meta=total_count")).json()["meta"]["total_count"] >= 4
    for query in ("filter[nope]=1", "sort=data", "filter[data][_contains]=x", "filter[id]=x", "fields=nope"):
        assert refusal(await house.ask("GET", f"/revisions?{query}")) == (400, "INVALID_QUERY"), query


async def test_history_is_for_administrators_and_cannot_be_written(house: Served, ann: str) -> None:
    revision = (await _revisions(house, ann))[0]["id"]
    for path in ("/activity", "/revisions", f"/activity/{revision}", f"/revisions/{revision}"):
        for token in ("t" * 40, None):
            assert refusal(await house.ask("GET", path, token=token)) == (403, "FORBIDDEN")
        for method in ("POST", "PATCH", "DELETE"):
            assert (await house.ask(method, path, {})).status_code in (404, 405)
    for token in ("t" * 40, None):
        refused = await house.ask("POST", f"/utils/revert/{revision}", token=token)
        assert refusal(refused) == (403, "FORBIDDEN")
    for key in ("999999999999", "0", "-1", "x", "9" * 30, ann):
        assert refusal(await house.ask("GET", f"/revisions/{key}")) == (403, "FORBIDDEN"), key
        assert refusal(await house.ask("GET", f"/activity/{key}")) == (403, "FORBIDDEN"), key
        assert refusal(await house.ask("POST", f"/utils/revert/{key}")) == (403, "FORBIDDEN"), key


async def test_a_user_goes_back_to_a_revision_and_keeps_their_secrets(house: Served, ann: str) -> None:
    made, first, second = await _revisions(house, ann)
    answer = await house.ask("POST", f"/utils/revert/{first['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    user = (await house.ask("GET", f"/users/{ann}")).json()["data"]
    assert (user["title"], user["appearance"], user["password"]) == ("CTO", "dark", "**********")
    body = {"email": "ann@example.com", "password": "another horse battery"}
    assert (await house.ask("POST", "/auth/login", body)).status_code == 200
    assert (await house.ask("GET", "/users/me", token="t" * 40)).status_code == 200
    (*_, third) = await _revisions(house, ann)
    assert (third["delta"], third["data"]["title"]) == ({"title": "CTO"}, "CTO")
    latest = (await house.ask("GET", f"/activity/{third['activity']}")).json()["data"]
    assert (latest["action"], latest["user"]) == ("update", house.admin)
    # Back to where it is already: nothing happens, nothing is written.
    assert (await house.ask("POST", f"/utils/revert/{third['id']}")).status_code == 204
    assert len(await _revisions(house, ann)) == 4
    # A revision of a creation holds what was given, and nothing else goes back.
    await house.ask("PATCH", f"/users/{ann}", {"first_name": "Anna", "description": "kept"})
    assert (await house.ask("POST", f"/utils/revert/{made['id']}")).status_code == 204
    user = (await house.ask("GET", f"/users/{ann}")).json()["data"]
    assert (user["first_name"], user["description"], user["appearance"]) == ("Ann", "kept", "auto")
    assert second["data"]["title"] == "CEO"


async def test_a_role_goes_back_to_a_revision(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Editors"})).json()["data"]["id"]
    await house.ask("PATCH", f"/roles/{role}", {"name": "Writers", "description": "x"})
    query = f"filter[collection]=directus_roles&filter[item]={role}&sort=id&fields=id,delta"
    made, changed = (await house.ask("GET", f"/revisions?{query}")).json()["data"]
    assert changed["delta"] == {"name": "Writers", "description": "x"}
    assert (await house.ask("POST", f"/utils/revert/{made['id']}")).status_code == 204
    after = (await house.ask("GET", f"/roles/{role}?fields=name,description")).json()["data"]
    assert after == {"name": "Editors", "description": "x"}


async def test_the_rules_of_a_change_hold_on_the_way_back(house: Served, ann: str) -> None:
    await house.ask("PATCH", f"/users/{ann}", {"email": "new@example.com"})
    _, first, *_ = await _revisions(house, ann)
    await house.ask("POST", "/users", {"email": "Ann@Example.com"})
    back = f"/utils/revert/{first['id']}"
    assert refusal(await house.ask("POST", back)) == (400, "RECORD_NOT_UNIQUE")

    # The last administrator was suspended once, while there was another one.
    deputy, _ = await house.person("deputy@example.com", role=house.role)
    await house.ask("PATCH", f"/users/{deputy}", {"status": "suspended"})
    suspended = (await _revisions(house, deputy))[-1]["id"]
    await house.ask("PATCH", f"/users/{deputy}", {"status": "active", "token": "d" * 40})
    demoted = await house.ask("PATCH", f"/users/{house.admin}", {"role": None}, token="d" * 40)
    assert demoted.status_code == 200
    refused = await house.ask("POST", f"/utils/revert/{suspended}", token="d" * 40)
    assert refusal(refused) == (422, "UNPROCESSABLE_CONTENT")
    await house.ask("PATCH", f"/users/{house.admin}", {"role": house.role}, token="d" * 40)
    assert (await house.ask("POST", f"/utils/revert/{suspended}")).status_code == 204

    # A role that is gone, and a user who is gone.
    role = (await house.ask("POST", "/roles", {"name": "Editors"})).json()["data"]["id"]
    eve, _ = await house.person("eve@example.com", role=role)
    made = (await _revisions(house, eve))[0]["id"]
    await house.ask("DELETE", f"/roles/{role}")
    assert refusal(await house.ask("POST", f"/utils/revert/{made}")) == (400, "INVALID_FOREIGN_KEY")
    await house.ask("DELETE", f"/users/{eve}")
    assert refusal(await house.ask("POST", f"/utils/revert/{made}")) == (403, "FORBIDDEN")
