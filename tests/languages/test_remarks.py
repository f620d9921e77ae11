"""What people say of an item, in the later generations: `/activity/comment`, and as early clients write it."""

import pytest

from tests.served import Served, refusal


@pytest.mark.parametrize("path", ["/activity/comment", "/activity/comments"])
async def test_somebody_says_something_says_it_otherwise_and_takes_it_back(house: Served, path: str) -> None:
    body = {"collection": "directus_users", "item": house.admin, "comment": "Is he new?"}
    answer = await house.ask("POST", path, body)
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]
    told = (made["action"], made["user"], made["collection"], made["item"], made["comment"])
    assert told == ("comment", house.admin, "directus_users", house.admin, "Is he new?")
    one = f"{path}/{made['id']}"
    changed = await house.ask("PATCH", f"{one}?fields=comment", {"comment": "He is new."})
    assert changed.json() == {"data": {"comment": "He is new."}}
    assert (await house.ask("DELETE", one)).status_code == 204
    kept = await house.ask("GET", f"/activity/{made['id']}?fields=action,comment")
    assert kept.json() == {"data": {"action": "comment", "comment": None}}
    assert (await house.ask("DELETE", one)).status_code == 403


async def test_people_speak_of_what_they_see_and_unsay_only_their_own(house: Served) -> None:
    user, eve = await house.person("eve@example.com")
    said = {"collection": "directus_users", "comment": "x"}
    for item, token in ((house.admin, eve), (user, None)):
        refused = await house.ask("POST", "/activity/comment", {**said, "item": item}, token=token)
        assert refused.status_code in (401, 403)
    own = await house.ask("POST", "/activity/comment", {**said, "item": user}, token=eve)
    assert own.json()["data"]["comment"] == "x"
    made = (await house.ask("POST", "/activity/comment", {**said, "item": house.admin})).json()["data"]
    for method, body in (("PATCH", {"comment": "y"}), ("DELETE", None)):
        refused = await house.ask(method, f"/activity/comment/{made['id']}", body, token=eve)
        assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("path", "user"), [("/activity/comment", "user"), ("/default/activity/comment", "action_by")]
)
async def test_a_remark_shows_nobody_more_than_they_may_read(house: Served, path: str, user: str) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    await house.person("secret@example.com", role=role)
    key, eve = await house.person("eve@example.com", role=role)
    said = {"collection": "directus_users", "item": key, "comment": "x"}
    for asked in (f"fields=*,{user}.role.users.email", "fields=*.*.*.*", f"alias[x]={user}&fields=x.role.*"):
        answer = await house.ask("POST", f"{path}?{asked}", said, token=eve)
        made = answer.json()["data"]
        assert (made["comment"], "secret" in answer.text) == ("x", False)
        answer = await house.ask("PATCH", f"{path}/{made['id']}?{asked}", {"comment": "y"}, token=eve)
        assert (answer.json()["data"]["comment"], "secret" in answer.text) == ("y", False)
        assert isinstance(made[user], str | int)


@pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": 5}, {"comment": "x", "shoe": 1}])
async def test_what_cannot_be_said(house: Served, body: dict[str, object]) -> None:
    given = {"collection": "directus_users", "item": house.admin, **body}
    refused = await house.ask("POST", "/activity/comment", given)
    assert refusal(refused) == (400, "INVALID_PAYLOAD")
