"""The 8 generation's other doors to users: invitations, pages, revisions, roles, activity, second factors."""

import re

import pytest

from tests.languages.eights import USERS, WORDS, ben, editors, invitation
from tests.languages.factors import code, wrong
from tests.served import Served

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
INVITED = {
    "id": 2, "status": "invited", "role": None, "first_name": None, "last_name": None,
    "email": "demo@example.com", "token": None, "last_access_on": None, "last_page": None, "theme": "auto",
    "2fa_secret": None, "password_reset_token": None, "timezone": "America/New_York", "locale": None,
    "locale_options": None, "avatar": None, "company": None, "title": None, "email_notifications": True,
}  # fmt: skip


async def test_the_documented_invitation_and_its_acceptance(house: Served) -> None:
    answer = await house.ask("POST", f"{USERS}/invite", {"email": "demo@example.com"})
    assert answer.status_code == 200, answer.text
    (made,) = answer.json()["data"]
    assert tuple(made) == WORDS
    assert made == {**INVITED, "external_id": made["external_id"]}
    assert len(made["external_id"]) == 36

    token = await invitation(house, "demo@example.com")
    shown = await house.ask("GET", f"{USERS}/invite/{token}", token=None)
    assert shown.status_code == 302
    assert shown.headers["location"].endswith(f"/admin/accept-invite?token={token}")
    assert (await house.ask("GET", f"{USERS}/2")).json()["data"]["status"] == "invited"
    answer = await house.ask("POST", f"{USERS}/invite/{token}", token=None)
    assert answer.json() == {"data": {**made, "status": "active"}}
    again = await house.ask("POST", f"{USERS}/invite/{token}", token=None)
    assert (again.status_code, again.json()["error"]["code"]) == (404, 106)


async def test_inviting_several_answers_all_of_them_once(house: Served) -> None:
    emails = ["b@example.com", "admin@example.com", "B@example.com"]
    answer = await house.ask("POST", f"{USERS}/invite", {"email": emails})
    found = [one["email"].lower() for one in answer.json()["data"]]
    assert found == ["b@example.com", "admin@example.com"]
    bad = await house.ask("POST", f"{USERS}/invite", {"email": ["c@example.com", "nobody"]})
    assert (bad.status_code, bad.json()["error"]["code"]) == (422, 4)
    refused = await house.ask("POST", f"{USERS}/invite", {"email": "c@example.com"}, token=None)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, 10)


async def test_inviting_again_leaves_the_role(house: Served) -> None:
    role = await editors(house)
    await house.ask("POST", f"{USERS}/invite", {"email": "b@example.com"})
    await house.ask("PATCH", f"{USERS}/2", {"role": role})
    (again,) = (await house.ask("POST", f"{USERS}/invite", {"email": "b@example.com"})).json()["data"]
    assert again["role"] == role


async def test_the_documented_page_and_revisions(house: Served) -> None:
    """As in the examples: texts for ids, dates without a zone, an empty array for a change of nothing."""
    await editors(house)
    made = (await house.ask("POST", USERS, ben(status="draft"))).json()["data"]
    await house.ask("PATCH", f"{USERS}/2", {"status": "active"})
    tracked = await house.ask("PATCH", f"{USERS}/2/tracking/page", {"last_page": "/thumper/settings/"})
    there = tracked.json()["data"]
    assert DATE.fullmatch(there["last_access_on"])
    assert there == {
        **made, "status": "active", "last_page": "/thumper/settings/",
        "last_access_on": there["last_access_on"],
    }  # fmt: skip

    answer = await house.ask("GET", f"{USERS}/2/revisions")
    first, second, third = answer.json()["data"]
    data = {**made, "id": "2", "role": "3", "status": "active"}
    assert second == {
        "id": second["id"], "activity": second["activity"], "collection": "directus_users", "item": "2",
        "data": data, "delta": {"status": "active"},
        "parent_collection": None, "parent_item": None, "parent_changed": False,
    }  # fmt: skip
    assert list(second["data"]) == list(WORDS)
    assert isinstance(second["id"], int) and isinstance(second["activity"], int)
    assert first["delta"]["email"] == "demo@example.com"
    assert third["delta"] == []
    date = there["last_access_on"].replace("T", " ").removesuffix("+00:00")
    assert third["data"] == {**data, "last_page": "/thumper/settings/", "last_access_on": date}
    for offset, one in enumerate((third, second, first)):
        answer = await house.ask("GET", f"{USERS}/2/revisions/{offset}")
        assert answer.json() == {"data": one}
    assert (await house.ask("GET", f"{USERS}/2/revisions/3")).json()["error"]["code"] == 203
    assert (await house.ask("GET", f"{USERS}/2/revisions/x")).json()["error"]["code"] == 4
    assert (await house.ask("GET", f"{USERS}/99/revisions")).json()["error"]["code"] == 203
    listed = await house.ask("GET", f"{USERS}/2/revisions?fields=id&sort=-id&limit=1&filter[id]=1")
    assert listed.json()["data"] == [{"id": third["id"]}]


async def test_nobody_tracks_the_page_of_another(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    body = {"last_page": "/x"}
    assert (await house.ask("PATCH", f"{USERS}/1/tracking/page", body, token=token)).status_code == 404
    mine = await house.ask("PATCH", f"{USERS}/me/tracking/page", body, token=token)
    assert mine.json()["data"]["last_page"] == "/x"


async def test_roles(house: Served) -> None:
    made = (await house.ask("POST", "/default/roles", {"name": "Editor", "enforce_2fa": False})).json()[
        "data"
    ]
    assert made["id"] == 3
    assert list(made) == [
        "id", "name", "description", "ip_whitelist", "external_id", "module_listing", "collection_listing",
        "enforce_2fa",
    ]  # fmt: skip
    assert len(made["external_id"]) == 36
    assert made["ip_whitelist"] == []
    assert (await house.ask("GET", "/roles?filter[name][_eq]=Editor")).json()["data"][0]["ip_access"] is None
    read = (await house.ask("GET", "/default/roles/1?fields=name,users.email")).json()["data"]
    assert read == {"name": "Administrator", "users": [{"email": "admin@example.com"}]}
    listing = {"module_listing": [{"name": "users", "link": "/users"}], "collection_listing": ["a", "b"]}
    body = {"name": "Author", "external_id": "authors", **listing}
    changed = (await house.ask("PATCH", "/default/roles/3", body)).json()["data"]
    assert changed == {**made, **body}
    assert (await house.ask("GET", "/default/roles/3")).json()["data"] == changed
    found = await house.ask("GET", "/default/roles?filter[external_id]=authors&fields=id")
    assert found.json()["data"] == [{"id": 3}]
    there = (await house.ask("GET", "/roles?filter[name][_eq]=Author")).json()["data"]
    assert not {"external_id", *listing} & there[0].keys()
    kept = (await house.ask("GET", "/default/revisions?filter[collection]=directus_roles")).json()["data"]
    assert kept[-1]["delta"] == body
    assert (
        not {"external_id", *listing}
        & (await house.ask("GET", "/revisions")).json()["data"][-1]["delta"].keys()
    )
    assert [one["id"] for one in (await house.ask("GET", "/default/roles")).json()["data"]] == [1, 3]
    assert (await house.ask("DELETE", "/default/roles/3")).status_code == 204
    assert (await house.ask("GET", "/default/roles/3")).json()["error"]["code"] == 203


async def test_a_role_is_called_as_no_other_by_what_is_written_here(house: Served) -> None:
    taken = {"error": {"code": 204, "message": 'Duplicate key "name" for collection "directus_roles"'}}
    for bodies in ({"name": "Administrator"}, [{"name": "Editor"}, {"name": "Editor"}]):
        refused = await house.ask("POST", "/default/roles", bodies)
        assert (refused.status_code, refused.json()) == (409, taken)
    assert len((await house.ask("GET", "/roles")).json()["data"]) == 1
    for name in ("Editor", "Author"):
        assert (await house.ask("POST", "/default/roles", {"name": name})).status_code == 200
    assert (await house.ask("PATCH", "/default/roles/4", {"name": "Editor"})).json() == taken
    assert (await house.ask("POST", "/roles", {"name": "Editor"})).status_code == 200  # generation 10 may
    read = (await house.ask("GET", "/default/roles/5")).json()["data"]
    kept = (await house.ask("GET", "/revisions?limit=-1")).json()["data"]
    assert (await house.ask("PATCH", "/default/roles/5", read)).json()["data"] == read
    assert (await house.ask("GET", "/revisions?limit=-1")).json()["data"] == kept
    assert (await house.ask("PATCH", "/default/roles/5", {"name": "Writer"})).status_code == 200
    stranger = await house.ask("POST", "/default/roles", {"name": "Editor"}, token=None)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (403, 301)


async def test_activity(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    answer = await house.ask("GET", "/default/activity?filter[item]=2&filter[collection]=directus_users")
    (one,) = answer.json()["data"]
    assert list(one) == [
        "id", "action", "action_by", "action_on", "ip", "user_agent", "collection", "item", "edited_on",
        "comment", "comment_deleted_on",
    ]  # fmt: skip
    assert (one["action"], one["action_by"], one["item"]) == ("create", 1, "2")
    assert DATE.fullmatch(one["action_on"])


async def test_a_second_factor(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben(token="eve-token-of-hers", role=1))
    token = "eve-token-of-hers"
    secret = (await house.ask("GET", "/default/utils/2fa_secret", token=token)).json()["data"]["2fa_secret"]
    path = f"{USERS}/me/activate_2fa"
    bad = await house.ask("POST", path, {"2fa_secret": secret, "otp": wrong(secret)}, token=token)
    assert (bad.status_code, bad.json()["error"]["code"]) == (404, 112)
    good = await house.ask("POST", path, {"2fa_secret": secret, "otp": code(secret)}, token=token)
    assert good.json()["data"]["2fa_secret"] == "**********", good.text
    other = await house.ask(
        "POST", f"{USERS}/1/activate_2fa", {"2fa_secret": secret, "otp": "1"}, token=token
    )
    assert other.status_code == 404

    async def login(**more: str) -> tuple[int, int]:
        body = {"email": "demo@example.com", "password": "d1r3ctu5", **more}
        answer = await house.ask("POST", "/default/auth/authenticate", body, token=None)
        return answer.status_code, answer.json().get("error", {}).get("code", 0)

    assert await login() == (404, 111)
    assert await login(otp=wrong(secret)) == (404, 112)


@pytest.mark.parametrize("value", ["JBSWY3DPEHPK3PXP", 5])
async def test_nobody_writes_a_second_factor_by_hand(house: Served, value: object) -> None:
    answer = await house.ask("PATCH", f"{USERS}/1", {"2fa_secret": value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, 4)


async def test_an_array_changes_each_its_own_way(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, [ben(), ben(email="two@example.com")])
    body = [{"id": 3, "title": "c"}, {"id": "2", "title": "b"}]
    answer = await house.ask("PATCH", f"{USERS}/2,3", body)
    assert [(one["id"], one["title"]) for one in answer.json()["data"]] == [(3, "c"), (2, "b")]
    refused = await house.ask("PATCH", f"{USERS}/2,9", [{"id": 2, "title": "x"}, {"id": 9, "title": "y"}])
    assert refused.status_code == 404
    assert (await house.ask("GET", f"{USERS}/2")).json()["data"]["title"] == "b"
