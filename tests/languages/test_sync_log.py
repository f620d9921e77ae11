"""What the sync log tells of a request: what was lost of it, what failed within it, and never a secret."""

import json
from typing import Any

import pytest

from service.api import sync_rows
from tests.languages.test_connections import a_client, the_log
from tests.languages.test_scim_users import JENSEN, PATCH, Okta
from tests.served import Served

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def bulk(okta: Okta, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await okta.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": operations})
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["Operations"]
    return told


async def test_what_no_schema_knows_is_named_where_all_else_was_kept(house: Served) -> None:
    key, okta = await a_client(house)
    user = (await okta.add())["id"]
    operations = [{"op": "replace", "value": {"title": "x", "shoeSize": 41}}]
    assert (await okta.patch(user, *operations)).json()["title"] == "x"
    silent = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"title": "x", "hatSize": 7}}]}
    assert (await okta.ask("PATCH", f"/Users/{user}", silent)).status_code == 200
    unchanged, changed, made = await the_log(house, key)
    assert "shoeSize" in changed["advice"] and "41" not in changed["advice"] and not changed["failed"]
    assert "hatSize" in unchanged["advice"] and unchanged["changed"] is None
    assert made["advice"] is None


async def test_a_bulk_of_which_all_has_failed_is_a_failure_however_long_its_answer(house: Served) -> None:
    key, okta = await a_client(house)
    await okta.add()
    told = await bulk(
        okta, *({"method": "POST", "path": "/Users", "bulkId": f"n{n}", "data": JENSEN} for n in range(12))
    )
    assert {one["status"] for one in told} == {"409"}
    (newest, _) = await the_log(house, key)
    assert newest["failed"] and "operations of the bulk" in newest["advice"]
    assert len(newest["answer"]) <= sync_rows.SUMMARY + 3


async def test_who_is_not_there_to_be_put_into_a_group_is_told_as_that(house: Served) -> None:
    key, okta = await a_client(house)
    group = {"schemas": [GROUP], "displayName": "Staff"}
    assert (await okta.ask("POST", "/Groups", group)).status_code == 201
    assert (await okta.ask("POST", "/Groups", group)).status_code == 409
    stranger = {
        **group,
        "displayName": "Others",
        "members": [{"value": "00000000-0000-0000-0000-000000000001"}],
    }
    assert (await okta.ask("POST", "/Groups", stranger)).status_code == 400
    lacking, twice, _ = await the_log(house, key)
    assert "users before groups" in lacking["advice"]
    assert "another group of this name" in twice["advice"]


async def test_a_dry_run_says_why_whom_it_made_is_not_there(house: Served) -> None:
    key, okta = await a_client(house, dry_run=True)
    user = (await okta.add())["id"]
    assert (await okta.patch(user, {"op": "replace", "path": "active", "value": False})).status_code == 404
    group = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": user}]}
    assert (await okta.ask("POST", "/Groups", group)).status_code == 400
    lacking, gone, made = await the_log(house, key)
    assert "dry run" in lacking["advice"] and "dry run" in gone["advice"] and made["advice"] is None


async def test_a_bulk_on_a_dry_run_may_speak_of_what_it_would_have_made(house: Served) -> None:
    key, okta = await a_client(house, dry_run=True)
    staff = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "bulkId:u"}]}
    told = await bulk(
        okta,
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": staff},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": JENSEN},
        {"method": "PATCH", "path": "/Users/bulkId:u", "data": [{"op": "remove", "path": "title"}]},
        {"method": "POST", "path": "/Users", "bulkId": "again", "data": JENSEN},
        {"method": "DELETE", "path": "/Users/bulkId:u"},
    )
    assert [one["status"] for one in told] == ["201", "201", "200", "409", "204"]
    assert told[2]["version"] == 'W/"2-' + told[2]["version"].partition("-")[2]  # in the group, and changed
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 0
    assert (await okta.ask("GET", "/Groups")).json()["totalResults"] == 0
    *_, newest = await the_log(house, key)
    assert [one["action"] for one in newest["changed"]] == ["create", "create", "update", "delete"]
    assert "each with its cause" in newest["advice"]


HIDDEN = [
    '{"Operations": [{"op": "replace", "path": " password", "value": "pa55"}]}',
    '{"Operations": [{"op": "replace", "path": "password[value eq 1]", "value": "pa55"}]}',
    '{"Operations": [{"op": "replace", "value": {"\\u0070assword": "pa55"}}]}',
    '{"filter": "password eq \\"pa55\\""}',
]


@pytest.mark.parametrize("body", HIDDEN, ids=range(len(HIDDEN)))
def test_no_way_of_writing_it_brings_a_password_into_the_log(body: str) -> None:
    told = sync_rows.told(body.encode())
    assert told is not None and "pa55" not in told and json.loads(told).keys() == json.loads(body).keys()


async def test_a_filter_that_speaks_of_secrets_is_left_out_however_it_is_encoded(house: Served) -> None:
    key, okta = await a_client(house)
    asked = "/scim/v2/Users?filter=p%61ssword%20eq%20%22pa55%22"
    assert (await house.ask("GET", asked, token=okta.token)).status_code == 400
    assert "pa55" not in str(await the_log(house, key))


async def test_a_body_is_not_held_on_to_until_its_row_is_written(house: Served) -> None:
    _, okta = await a_client(house)
    await okta.ask("POST", "/Users", {**JENSEN, "displayName": "x" * 100_000})
    (entry,) = [one for one in house.house.sync._waiting if one.call.method == "POST"]
    assert entry.call.body == b"" and len(entry.request) < 100 and len(entry.answer) <= sync_rows.READ


async def test_a_wrong_base_url_shows(house: Served) -> None:
    key, okta = await a_client(house)
    for method, path in (("POST", "/users"), ("PUT", "/v2/Users/1"), ("GET", "/Nosuch/1/2")):
        refused = await okta.ask(method, path, {} if method != "GET" else None)
        assert (refused.status_code, refused.json()["detail"][:9]) == (404, "Nothing i"), refused.text
    log = await the_log(house, key)
    assert [one["path"] for one in log] == [
        f"/scim/v2{path}" for path in ("/Nosuch/1/2", "/v2/Users/1", "/users")
    ]
    assert all("base URL" in one["advice"] for one in log)
    for token in (None, "nonsense", house.token):  # whoever has no connection is told the same
        stranger = await house.ask("GET", "/scim/v2/Nosuch", token=token)
        assert (stranger.status_code, stranger.headers["content-type"][:15]) == (404, "application/sci")
    assert len(await the_log(house, key)) == 3
