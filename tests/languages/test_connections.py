"""Connections over REST: made, changed and removed by administrators, and all of their terms in force."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from service.database import moment
from tests.languages.test_scim_users import JENSEN, PATCH, Okta
from tests.served import Served


async def a_connection(house: Served, **terms: Any) -> dict[str, Any]:
    answer = await house.ask("POST", "/connections", {"provider": "okta", **terms})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def a_client(house: Served, **terms: Any) -> tuple[str, Okta]:
    """A connection's id, and a provider with a token for it."""
    key = (await a_connection(house, **terms))["id"]
    answer = await house.ask("POST", f"/connections/{key}/tokens", {"name": "first"})
    assert answer.status_code == 200, answer.text
    return key, Okta(house, answer.json()["data"]["token"])


async def change(house: Served, key: str, **terms: Any) -> None:
    answer = await house.ask("PATCH", f"/connections/{key}", terms)
    assert answer.status_code == 200, answer.text


async def the_log(house: Served, key: str, **params: str) -> list[dict[str, Any]]:
    """The log of a connection, newest first, once all that was answered is in it."""
    await house.house.sync.flush()
    answer = await house.ask("GET", f"/connections/{key}/log", params={"limit": "-1", **params})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_the_life_of_a_connection(house: Served) -> None:
    made = await a_connection(
        house, name="Okta of Example", domains=["@Example.com"], networks=["10.1.2.3/8"]
    )
    assert (made["name"], made["provider"], made["profile"]) == ("Okta of Example", "okta", "default")
    assert (made["domains"], made["networks"], made["log_days"]) == (["example.com"], ["10.0.0.0/8"], 30)
    assert (made["adopt"], made["managed"], made["dry_run"], made["rate"]) == (False, False, False, None)
    key = made["id"]
    await change(house, key, profile="okta", rate=25, networks=None)
    listed = (
        await house.ask("GET", "/connections", params={"filter[profile][_eq]": "okta", "fields": "id,rate"})
    ).json()
    assert listed["data"] == [{"id": key, "rate": 25}]
    assert (await house.ask("GET", f"/connections/{key}")).json()["data"]["profile"] == "okta"
    assert (await house.ask("DELETE", f"/connections/{key}")).status_code == 204
    assert (await house.ask("GET", f"/connections/{key}")).status_code == 403
    told = await house.ask("GET", "/activity", params={"filter[item][_eq]": key, "sort": "id"})
    assert [(one["action"], one["collection"]) for one in told.json()["data"]] == [
        ("create", "directus_connections"), ("update", "directus_connections"), ("delete", "directus_connections"),
    ]  # fmt: skip


async def test_terms_that_make_no_sense_are_refused_and_change_nothing(house: Served) -> None:
    key = (await a_connection(house))["id"]
    for terms in (
        {"networks": ["10.0.0.0/33"]}, {"networks": "10.0.0.0/8"}, {"networks": [5]}, {"rate": 0}, {"rate": "9"},
        {"log_days": -1}, {"profile": "other"}, {"adopt": "yes"}, {"name": ""}, {"name": "x" * 101}, {"jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "RSA", "d": "x"}]}}, {"jwks_uri": "file:///etc/passwd"}, {"events_url": "file:///etc/passwd"}, {"events": "on"}, {"provider": "entra"},
        {"default_role": "00000000-0000-0000-0000-000000000009"}, {"nonsense": 1}, {"log_days": 2**40},
    ):  # fmt: skip
        refused = await house.ask("PATCH", f"/connections/{key}", terms)
        assert refused.status_code == 400, (terms, refused.text)
        assert next(iter(terms)) in refused.text
    for body in ({}, {"provider": "default"}, {"provider": "okta"}, {"provider": None}, [{"provider": "x"}]):
        refused = await house.ask("POST", "/connections", body)
        assert refused.status_code == 400, (body, refused.text)
    told = await house.ask("GET", "/activity", params={"filter[item][_eq]": key})
    assert [one["action"] for one in told.json()["data"]] == ["create"]


async def test_only_administrators_see_and_touch_them(house: Served) -> None:
    key, okta = await a_client(house)
    _, person = await house.person("eve@example.com")
    for token in (person, None, okta.token):
        for method, path in (
            ("GET", "/connections"), ("POST", "/connections"), ("GET", f"/connections/{key}"),
            ("PATCH", f"/connections/{key}"), ("DELETE", f"/connections/{key}"), ("GET", f"/connections/{key}/tokens"),
            ("POST", f"/connections/{key}/tokens"), ("GET", f"/connections/{key}/log"),
        ):  # fmt: skip
            refused = await house.ask(method, path, {} if method in ("POST", "PATCH") else None, token=token)
            assert refused.status_code in (401, 403), (method, path, refused.text)


async def test_a_removed_connection_leaves_its_users_to_nobody(house: Served) -> None:
    key, okta = await a_client(house)
    user = (await okta.add())["id"]
    assert (await house.ask("DELETE", f"/connections/{key}")).status_code == 204
    assert (await okta.ask("GET", f"/Users/{user}")).status_code == 401
    assert (await house.ask("GET", f"/users/{user}")).json()["data"]["status"] == "active"
    _, entra = await a_client(house, provider="entra", adopt=True)
    found = await entra.ask("GET", "/Users", params={"filter": f'userName eq "{JENSEN["userName"]}"'})
    assert [one["id"] for one in found.json()["Resources"]] == [user]


async def test_a_removed_connection_may_suspend_its_users(house: Served) -> None:
    key, okta = await a_client(house)
    user = (await okta.add())["id"]
    assert (await house.ask("DELETE", f"/connections/{key}", params={"users": "all"})).status_code == 400
    assert (await house.ask("DELETE", f"/connections/{key}", params={"users": "suspend"})).status_code == 204
    assert (await house.ask("GET", f"/users/{user}")).json()["data"]["status"] == "suspended"


async def test_two_tokens_are_good_at_once_and_each_can_be_revoked(house: Served) -> None:
    key, first = await a_client(house)
    second = await house.ask("POST", f"/connections/{key}/tokens", {"name": "second"})
    assert second.json()["data"]["base_url"] == f"{house.url}/scim/v2"
    other = Okta(house, second.json()["data"]["token"])
    for okta in (first, other):
        assert (await okta.ask("GET", "/Users")).status_code == 200
    listed = (await house.ask("GET", f"/connections/{key}/tokens")).json()["data"]
    assert [one["name"] for one in listed] == ["first", "second"]
    assert first.token not in str(listed) and listed[0]["hint"] == f"idb_scim_...{first.token[-4:]}"
    assert "fingerprint" not in listed[0]
    revoked = await house.ask("DELETE", f"/connections/{key}/tokens/{listed[0]['id']}")
    assert revoked.status_code == 204
    assert (await first.ask("GET", "/Users")).status_code == 401
    assert (await other.ask("GET", "/Users")).status_code == 200
    assert (await house.ask("DELETE", f"/connections/{key}/tokens/{listed[0]['id']}")).status_code == 403


async def test_a_token_ends_at_its_time_and_the_log_says_so(house: Served) -> None:
    key, _ = await a_client(house)
    past = await house.ask("POST", f"/connections/{key}/tokens", {"expires_at": "2020-01-01T00:00:00Z"})
    assert past.status_code == 400
    soon = moment(datetime.now(UTC) + timedelta(seconds=1))
    made = await house.ask("POST", f"/connections/{key}/tokens", {"expires_at": soon})
    okta = Okta(house, made.json()["data"]["token"])
    assert (await okta.ask("GET", "/Users")).status_code == 200
    await asyncio.sleep(1.1)
    refused = await okta.ask("GET", "/Users")
    assert refused.status_code == 401
    newest = (await the_log(house, key))[0]
    assert (newest["status"], newest["failed"]) == (401, True)
    assert "past its time" in newest["advice"]


async def test_a_connection_is_called_from_its_networks_alone(house: Served) -> None:
    key, okta = await a_client(house, networks=["192.0.2.0/24"])
    refused = await okta.ask("GET", "/Users")
    assert refused.status_code == 403
    assert "127.0.0.1" in refused.json()["detail"]
    await change(house, key, networks=["192.0.2.0/24", "127.0.0.0/8"])
    assert (await okta.ask("GET", "/Users")).status_code == 200
    assert "not in the connection's networks" in (await the_log(house, key))[-1]["advice"]


async def test_who_asks_too_often_waits(house: Served) -> None:
    key, okta = await a_client(house, rate=2)
    answers = [await okta.ask("GET", "/Users", params={"count": "1"}) for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["status"] == "429"
    await asyncio.sleep(1)
    assert (await okta.ask("GET", "/Users")).status_code == 200
    logged = await the_log(house, key, **{"filter[status][_eq]": "429"})
    assert 1 <= len(logged) <= 2  # one a second is enough to know
    await change(house, key, rate=None)
    assert {(await okta.ask("GET", "/Users")).status_code for _ in range(5)} == {200}


async def test_what_a_managed_connection_owns_is_changed_by_it_alone(house: Served) -> None:
    key, okta = await a_client(house, name="Okta of Example", managed=True)
    user = (await okta.add())["id"]
    for change_ in (
        {"email": "new@example.com"},
        {"status": "suspended"},
        {"first_name": "B"},
        {"auth_data": {}},
    ):
        refused = await house.ask("PATCH", f"/users/{user}", change_)
        assert refused.status_code == 403
        assert "Okta of Example" in refused.json()["errors"][0]["message"]
    alike = await house.ask("PATCH", "/users", {"keys": [user], "data": {"title": "Boss"}})
    assert alike.status_code == 403
    # What the provider has no word for is ours; what stays as it is, is no change.
    same = {"description": "x", "first_name": "Barbara", "email": JENSEN["userName"]}
    assert (await house.ask("PATCH", f"/users/{user}", same)).status_code == 200
    token = {"token": "a-token-of-barbaras-own-32-letters"}
    assert (await house.ask("PATCH", f"/users/{user}", token)).status_code == 200
    own = await house.ask("PATCH", "/users/me", {"last_name": "Own"}, token=token["token"])
    assert own.status_code == 403 and "Okta of Example" in own.text
    assert (
        await okta.patch(user, {"op": "replace", "path": "name.givenName", "value": "B"})
    ).status_code == 200
    await change(house, key, managed=False)
    assert (await house.ask("PATCH", f"/users/{user}", {"first_name": "C"})).status_code == 200


async def test_the_log_says_what_was_asked_answered_and_changed(house: Served) -> None:
    key, okta = await a_client(house)
    user = await okta.add(password="a secret of Barbara's")
    await okta.ask("GET", "/Users", params={"filter": 'userName eq "nobody@example.com"'})
    await okta.patch(user["id"], {"op": "replace", "path": "password", "value": "another of hers"})
    await okta.ask("DELETE", f"/Users/{user['id']}")
    gone, patched, looked, made = await the_log(house, key)
    assert (made["method"], made["path"], made["status"], made["failed"]) == (
        "POST",
        "/scim/v2/Users",
        201,
        False,
    )
    assert made["changed"] == [{"action": "create", "collection": "users", "id": user["id"]}]
    assert '"userName":"bjensen@example.com"' in made["request"] and user["id"] in made["answer"]
    assert (
        made["duration"] > 0 and made["request_id"] and made["ip"] == "127.0.0.1" and made["advice"] is None
    )
    assert looked["path"] == '/scim/v2/Users?filter=userName eq "nobody@example.com"'
    assert looked["changed"] is None and '"totalResults":0' in looked["answer"]
    assert patched["changed"] == [{"action": "update", "collection": "users", "id": user["id"]}]
    assert (gone["status"], gone["changed"][0]["action"]) == (204, "delete")
    everything = str([gone, patched, looked, made])
    assert "secret of Barbara" not in everything and "another of hers" not in everything
    assert okta.token not in everything


async def test_a_failure_is_logged_with_what_to_do_about_it(house: Served) -> None:
    key, okta = await a_client(house)
    await house.person("bjensen@example.com")
    assert (await okta.ask("POST", "/Users", JENSEN)).status_code == 409
    assert (await okta.ask("GET", "/Users", params={"filter": 'nosuch eq "1"'})).status_code == 400
    assert (await okta.ask("GET", "/Users/00000000-0000-0000-0000-000000000001")).status_code == 404
    assert (await okta.ask("POST", "/Users", content='{"password": "torn off')).status_code == 400
    torn, unknown, filtered, taken = await the_log(house, key, **{"filter[failed][_eq]": "true"})
    assert "adopt" in taken["advice"] and taken["changed"] is None
    assert "userName" in filtered["advice"]
    assert "full sync" in unknown["advice"]
    assert "torn off" not in str(torn)


async def test_a_dry_run_checks_all_answers_as_if_and_writes_nothing(house: Served) -> None:
    key, okta = await a_client(house, dry_run=True)
    made = await okta.ask("POST", "/Users", JENSEN)
    assert made.status_code == 201 and made.json()["userName"] == JENSEN["userName"]
    assert (await okta.ask("GET", f"/Users/{made.json()['id']}")).status_code == 404
    assert (await house.ask("GET", "/users", params={"meta": "*"})).json()["meta"]["total_count"] == 1
    await house.person("taken@example.com")
    assert (
        await okta.ask(
            "POST", "/Users", {**JENSEN, "emails": [{"value": "taken@example.com", "primary": True}]}
        )
    ).status_code == 409
    clash, would = await the_log(house, key, **{"filter[method][_eq]": "POST"})
    assert (would["dry_run"], would["status"]) == (True, 201)
    assert would["changed"] == [{"action": "create", "collection": "users", "id": made.json()["id"]}]
    assert (clash["status"], clash["failed"]) == (409, True)
    await change(house, key, dry_run=False)
    user = (await okta.add())["id"]
    await change(house, key, dry_run=True)
    assert (await okta.patch(user, {"op": "replace", "path": "active", "value": False})).json()[
        "active"
    ] is False
    assert (await okta.ask("DELETE", f"/Users/{user}")).status_code == 204
    assert (await house.ask("GET", f"/users/{user}")).json()["data"]["status"] == "active"
    history = await house.ask("GET", "/activity", params={"filter[item][_eq]": user})
    assert [one["action"] for one in history.json()["data"]] == ["create"]


async def test_without_days_to_keep_there_is_no_log(house: Served) -> None:
    key, okta = await a_client(house, log_days=0)
    await okta.add()
    assert await the_log(house, key) == []


async def test_no_log_is_read_across_connections(house: Served) -> None:
    key, okta = await a_client(house)
    other, _ = await a_client(house, provider="entra")
    await okta.add()
    assert await the_log(house, other, filter=f'{{"_or": [{{"connection": {{"_eq": "{key}"}}}}]}}') == []
    assert len(await the_log(house, key)) == 1


async def test_a_bad_operation_leaves_neither_a_change_nor_a_row_that_says_so(house: Served) -> None:
    key, okta = await a_client(house)
    user = (await okta.add())["id"]
    body = {"schemas": [PATCH], "Operations": [
        {"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "emails.value", "value": 5},
    ]}  # fmt: skip
    assert (await okta.ask("PATCH", f"/Users/{user}", body)).status_code == 400
    assert (await the_log(house, key))[0]["changed"] is None


async def test_the_log_fills_by_itself_within_two_seconds(house: Served) -> None:
    key, okta = await a_client(house)
    await okta.ask("GET", "/Users")
    await asyncio.sleep(2)
    assert len((await house.ask("GET", f"/connections/{key}/log")).json()["data"]) == 1
