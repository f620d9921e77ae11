"""The 8 generation's activity: what people say of an item and of their changes, statuses noted apart."""

from typing import Any

import pytest

from tests.languages.eights import USERS, another, ben, editors
from tests.served import Served

REMARKS = "/default/activity/comment"


async def _activity(house: Served, query: str = "") -> list[dict[str, Any]]:
    asked = f"/default/activity?filter[item]=2&filter[collection]=directus_users&limit=-1&{query}"
    found: list[dict[str, Any]] = (await house.ask("GET", asked)).json()["data"]
    return found


async def test_somebody_says_something_says_it_otherwise_and_takes_it_back(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    body = {"collection": "directus_users", "item": 2, "comment": "Is he new?"}
    answer = await house.ask("POST", REMARKS, body)
    made = answer.json()["data"]
    assert answer.status_code == 200, answer.text
    assert (made["action"], made["action_by"], made["collection"]) == ("comment", 1, "directus_users")
    assert (made["item"], made["comment"], made["edited_on"]) == ("2", "Is he new?", None)
    changed = await house.ask("PATCH", f"{REMARKS}/{made['id']}", {"comment": "He is new."})
    edited = changed.json()["data"]
    assert edited == {**made, "comment": "He is new.", "edited_on": edited["edited_on"]}
    assert edited["edited_on"].endswith("+00:00")
    gone = await house.ask("DELETE", f"{REMARKS}/{made['id']}")
    assert (gone.status_code, gone.text) == (204, "")
    (kept,) = await _activity(house, "filter[action]=comment")
    assert (kept["comment"], bool(kept["comment_deleted_on"])) == (None, True)
    for method, again in (("PATCH", {"comment": "x"}), ("DELETE", None)):
        refused = await house.ask(method, f"{REMARKS}/{made['id']}", again)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, 203)
    assert (await house.ask("GET", f"{USERS}/2/revisions")).json()["data"][-1]["delta"]["email"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"collection": "directus_users", "item": 1}, 422, 4),
        ({"collection": "directus_users", "item": 1, "comment": "  "}, 422, 4),
        ({"collection": "directus_users", "item": 1, "comment": "x\0"}, 422, 4),
        ({"collection": "directus_users", "item": 1, "comment": 5}, 422, 4),
        ({"collection": "directus_users", "item": [1], "comment": "x"}, 422, 4),
        ({"collection": "directus_users", "item": 99, "comment": "x"}, 404, 203),
        ({"collection": "directus_users", "item": "x", "comment": "x"}, 404, 203),
        ({"collection": "directus_activity", "item": 1, "comment": "x"}, 404, 203),
        (None, 400, 13),
    ],
)
async def test_what_cannot_be_said(house: Served, body: object, status: int, code: int) -> None:
    answer = await house.ask("POST", REMARKS, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert await _activity(house, "filter[action]=comment") == []


async def test_people_speak_of_what_they_see_and_unsay_only_their_own(house: Served) -> None:
    user, eve = await house.person("eve@example.com")
    foreign = await another(house, "thumper")
    said = {"collection": "directus_users", "comment": "x"}
    for item, token in ((1, eve), (1, None), (2, None)):
        assert (await house.ask("POST", REMARKS, {**said, "item": item}, token=token)).status_code == 404
    own = await house.ask("POST", REMARKS, {**said, "item": user}, token=eve)
    assert own.json()["data"]["comment"] == "x"
    assert (await house.ask("GET", "/default/activity", token=eve)).status_code == 403
    (row,) = await _activity(house, "filter[action]=comment")
    assert (row["comment"], row["action_by"]) == ("x", 2)
    made = (await house.ask("POST", REMARKS, {**said, "item": 1})).json()["data"]
    for token, path in ((eve, REMARKS), (None, REMARKS), (foreign, "/thumper/activity/comment")):
        for method, body in (("PATCH", {"comment": "y"}), ("DELETE", None)):
            refused = await house.ask(method, f"{path}/{made['id']}", body, token=token)
            assert refused.status_code == 404
    mine = f"{REMARKS}/{row['id']}"
    assert (await house.ask("PATCH", mine, {"comment": "y"}, token=eve)).json()["data"]["comment"] == "y"
    assert (await house.ask("DELETE", mine)).status_code == 204


async def test_other_activity_is_nobodys_to_change(house: Served) -> None:
    await editors(house)
    (made,) = (await house.ask("GET", "/default/activity?limit=1&sort=-id")).json()["data"]
    for method, body in (("PATCH", {"comment": "y"}), ("DELETE", None)):
        assert (await house.ask(method, f"{REMARKS}/{made['id']}", body)).status_code == 404
    assert (await house.ask("DELETE", f"{REMARKS}/x")).status_code == 404


async def test_a_change_is_commented_on_and_statuses_are_noted_apart(house: Served) -> None:
    await editors(house)
    await house.ask("POST", f"{USERS}?comment=Welcome", ben())
    await house.ask("PATCH", f"{USERS}/2?comment=Leaves%20today&activity_skip=1", {"status": "suspended"})
    await house.ask("PATCH", f"{USERS}/2", {"title": "x"})
    await house.ask("PATCH", f"{USERS}/2", {"status": "deleted"})
    told = [(one["action"], one["comment"]) for one in await _activity(house)]
    assert told == [
        ("create", "Welcome"),
        ("update", "Leaves today"),
        ("status-update", "Leaves today"),
        ("update", None),
        ("update", None),
        ("soft-delete", None),
    ]
    assert (
        len((await house.ask("GET", "/revisions?filter[collection][_eq]=directus_users")).json()["data"]) >= 4
    )
    for comment in ("x" * 1001, "%00"):
        refused = await house.ask("PATCH", f"{USERS}/2?comment={comment}", {"title": "y"})
        assert refused.status_code == 422


async def test_what_no_revision_has_is_asked_for_like_any_other(house: Served) -> None:
    async def found(filter_: str) -> int:
        answer = await house.ask("GET", f"/default/revisions?filter{filter_}&limit=-1")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["data"])

    for word in ("parent_collection", "parent_item"):
        for operator in ("eq", "in", "contains"):
            assert await found(f"[{word}][{operator}]=x") == 0
        assert await found(f"[{word}][empty]") == await found("[id][gt]=0") > 0
