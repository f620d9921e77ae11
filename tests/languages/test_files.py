"""`/files` and avatars over HTTP, on both databases: who may see, change, take away, and what follows."""

from typing import Any

import pytest

from tests.languages.graph import data
from tests.languages.pictures import picture, upload, uploaded
from tests.served import Served, refusal

NOWHERE = "0190163d-8694-739b-aea5-966c26f8ad91"


async def _history(house: Served, item: str) -> list[str]:
    answer = await house.ask("GET", f"/activity?filter[item][_eq]={item}&fields=action,collection&sort=id")
    return [f"{one['action']} {one['collection']}" for one in answer.json()["data"]]


async def test_a_person_uploads_a_picture_and_is_shown_with_it(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    answer = await upload(house, picture(), token=token, fields={"title": "Eve", "tags": '["a"]'})
    file = answer.json()["data"]
    expected = {
        "storage": "database", "filename_disk": f"{file['id']}.png", "filename_download": "me.png", "title": "Eve",
        "type": "image/png", "uploaded_by": eve, "modified_by": eve, "width": 40, "height": 30, "tags": ["a"],
        "description": None, "location": None, "metadata": None,
    }  # fmt: skip
    assert {name: file[name] for name in expected} == expected
    assert set(file) == {*expected, "id", "uploaded_on", "modified_on", "filesize"}
    answer = await house.ask("PATCH", "/users/me?fields=avatar.*", {"avatar": file["id"]}, token=token)
    assert answer.json() == {"data": {"avatar": file}}
    found = await house.ask(
        "GET", "/users?filter[avatar][title][_eq]=Eve&fields=email,avatar.width&sort=avatar.title"
    )
    assert found.json() == {"data": [{"email": "eve@example.com", "avatar": {"width": 40}}]}
    assert await _history(house, file["id"]) == ["create directus_files"]


async def test_an_avatar_is_a_file_that_is_there_and_that_one_may_show(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    _, stranger = await house.person("mallory@example.com")
    theirs, of_admin = await uploaded(house, token=token), await uploaded(house)
    for who, value in [("", NOWHERE), (stranger, theirs), (stranger, of_admin), (stranger, NOWHERE)]:
        answer = await house.ask("PATCH", "/users/me", {"avatar": value}, token=who)
        assert refusal(answer) == (400, "INVALID_FOREIGN_KEY")
        extensions = answer.json()["errors"][0]["extensions"]
        assert (extensions["collection"], extensions["field"]) == ("directus_users", "avatar")
    made = await house.ask("POST", "/users", {"email": "new@example.com", "avatar": NOWHERE})
    assert refusal(made) == (400, "INVALID_FOREIGN_KEY")
    assert (await house.ask("PATCH", f"/users/{eve}", {"avatar": of_admin})).status_code == 200
    assert (await house.ask("PATCH", f"/users/{eve}", {"avatar": {"id": theirs}})).status_code == 200
    assert (await house.ask("PATCH", f"/users/{eve}", {"avatar": None})).json()["data"]["avatar"] is None


async def test_an_avatar_that_is_spoken_of_as_an_object_is_changed_with_the_user(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    mine = await uploaded(house, token=token, fields={"title": "Eve"})
    await house.ask("PATCH", "/users/me", {"avatar": mine}, token=token)
    read = (await house.ask("GET", "/users/me?fields=email,avatar.*", token=token)).json()
    again = await house.ask("PATCH", "/users/me?fields=email,avatar.*", read["data"], token=token)
    assert again.json() == read and await _history(house, mine) == ["create directus_files"]
    said = {"avatar": {"id": mine, "title": "Me"}, "title": "CTO"}
    answer = await house.ask("PATCH", "/users/me?fields=title,avatar.title", said, token=token)
    assert answer.json() == {"data": {"title": "CTO", "avatar": {"title": "Me"}}}
    eight = (await house.ask("GET", f"/default/users/{eve}?fields=avatar.*")).json()["data"]
    assert isinstance(eight["avatar"]["id"], int)
    eight["avatar"]["title"] = "Eight"
    assert (await house.ask("PATCH", f"/default/users/{eve}", eight)).status_code == 200
    answer = await house.ask("GET", f"/users/{eve}?fields=avatar.id,avatar.title")
    assert answer.json() == {"data": {"avatar": {"id": mine, "title": "Eight"}}}
    theirs = await uploaded(house)
    for who, avatar, problem in (
        (token, {"title": "Me"}, (400, "INVALID_PAYLOAD")),
        (token, {"id": mine, "nope": 1}, (400, "INVALID_PAYLOAD")),
        (token, {"id": theirs, "title": "Mine now"}, (403, "FORBIDDEN")),
        ("", {"id": NOWHERE, "title": "x"}, (403, "FORBIDDEN")),
    ):
        refused = await house.ask("PATCH", "/users/me", {"avatar": avatar, "title": "x"}, token=who)
        assert refusal(refused) == problem
    assert (await house.ask("GET", f"/users/{eve}?fields=title")).json() == {"data": {"title": "CTO"}}
    # Shown with a picture that another uploaded, one may send it back as it is, and no more.
    await house.ask("PATCH", f"/users/{eve}", {"avatar": theirs})
    read = (await house.ask("GET", "/users/me?fields=avatar.*", token=token)).json()["data"]
    assert (await house.ask("PATCH", "/users/me", read, token=token)).status_code == 200
    read["avatar"]["title"] = "Mine now"
    assert (await house.ask("PATCH", "/users/me", read, token=token)).status_code == 403


async def test_files_of_others_are_as_good_as_none(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    _, stranger = await house.person("mallory@example.com")
    mine = await uploaded(house, token=token)
    given = await uploaded(house)
    await house.ask("PATCH", f"/users/{eve}", {"avatar": given})
    listed = await house.ask("GET", "/files?fields=id&sort=id", token=token)
    assert [one["id"] for one in listed.json()["data"]] == sorted([mine, given])
    assert (await house.ask("GET", f"/files/{given}", token=token)).status_code == 200
    for who in (stranger, None):
        for method, path, body in [
            ("GET", f"/files/{mine}", None), ("PATCH", f"/files/{mine}", {"title": "x"}),
            ("DELETE", f"/files/{mine}", None), ("GET", f"/assets/{mine}", None), ("DELETE", "/files", [mine]),
        ]:  # fmt: skip
            assert refusal(await house.ask(method, path, body, token=who)) == (403, "FORBIDDEN")
        other = await upload(house, b"no picture", token=who, method="PATCH", path=f"/files/{mine}")
        assert other.status_code == (415 if who else 403)  # a stranger's bytes are not even looked at
    assert (await house.ask("GET", "/files", token=stranger)).json() == {"data": []}
    assert refusal(await house.ask("GET", "/files", token=None)) == (403, "FORBIDDEN")
    assert refusal(await upload(house, picture(), token=None)) == (403, "FORBIDDEN")
    # Whom an administrator gave a picture to may look at it, not change it.
    assert refusal(await house.ask("PATCH", f"/files/{given}", {"title": "x"}, token=token)) == (
        403,
        "FORBIDDEN",
    )
    assert refusal(await house.ask("GET", "/files/no-key")) == (403, "FORBIDDEN")


async def test_what_is_said_of_a_file_is_changed_and_leaves_history(house: Served) -> None:
    one, two = await uploaded(house), await uploaded(house)
    answer = await house.ask("PATCH", f"/files/{one}", {"title": "One", "width": 7, "metadata": {"a": [1]}})
    assert {name: answer.json()["data"][name] for name in ("title", "width", "metadata")} == {
        "title": "One", "width": 40, "metadata": {"a": [1]},
    }  # fmt: skip
    read = (await house.ask("GET", f"/files/{one}")).json()["data"]
    assert (await house.ask("PATCH", f"/files/{one}", read)).json()["data"] == read
    assert await _history(house, one) == ["create directus_files", "update directus_files"]
    both = await house.ask("PATCH", "/files?fields=title", {"keys": [two, one], "data": {"title": "Both"}})
    assert both.json()["data"] == [{"title": "Both"}, {"title": "Both"}]
    each = await house.ask(
        "PATCH", "/files?fields=title", [{"id": one, "title": "1"}, {"id": two, "title": "2"}]
    )
    assert each.json()["data"] == [{"title": "1"}, {"title": "2"}]
    revision = await house.ask("GET", f"/revisions?filter[item][_eq]={one}&sort=-id&limit=1&fields=delta")
    delta = revision.json()["data"][0]["delta"]
    assert delta["title"] == "1" and "digest" not in delta
    for body, code in [
        ({"nope": 1}, "INVALID_PAYLOAD"), ({"title": "x" * 256}, "VALUE_TOO_LONG"),
        ({"filename_download": None}, "FAILED_VALIDATION"), ({"tags": "x"}, "INVALID_PAYLOAD"),
    ]:  # fmt: skip
        assert refusal(await house.ask("PATCH", f"/files/{one}", body)) == (400, code)
    assert refusal(await house.ask("PATCH", f"/files/{NOWHERE}", {"title": "x"})) == (403, "FORBIDDEN")


async def test_another_picture_takes_the_place_of_one(house: Served) -> None:
    one = await uploaded(house)
    before = await house.ask("GET", f"/assets/{one}")
    answer = await upload(
        house,
        picture("JPEG", (10, 20)),
        media="image/jpeg",
        name="new.jpg",
        method="PATCH",
        path=f"/files/{one}",
    )
    file = answer.json()["data"]
    assert (file["type"], file["width"], file["filename_disk"]) == ("image/jpeg", 10, f"{one}.jpg")
    after = await house.ask("GET", f"/assets/{one}")
    assert after.headers["content-type"] == "image/jpeg" and after.headers["etag"] != before.headers["etag"]


@pytest.mark.parametrize("form", ["path", "array", "keys", "query"])
async def test_whoever_was_shown_with_a_removed_file_is_shown_without(house: Served, form: str) -> None:
    eve, _ = await house.person("eve@example.com")
    file = await uploaded(house, fields={"title": "gone"})
    await house.ask("PATCH", f"/users/{eve}", {"avatar": file})
    ways: dict[str, tuple[str, object]] = {
        "path": (f"/files/{file}", None),
        "array": ("/files", [file]),
        "keys": ("/files", {"keys": [file]}),
        "query": ("/files", {"query": {"filter": {"title": {"_eq": "gone"}}}}),
    }
    path, body = ways[form]
    assert (await house.ask("DELETE", path, body)).status_code == 204
    assert (await house.ask("GET", f"/users/{eve}?fields=avatar")).json() == {"data": {"avatar": None}}
    assert refusal(await house.ask("GET", f"/assets/{file}")) == (403, "FORBIDDEN")
    assert await _history(house, file) == ["create directus_files", "delete directus_files"]
    assert (await _history(house, eve))[-1] == "update directus_users"


async def test_a_removed_person_leaves_no_picture_that_nobody_is_shown_with(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    bob, _ = await house.person("bob@example.com")
    unused, shared = await uploaded(house, token=token), await uploaded(house, token=token)
    given, other = await uploaded(house), await uploaded(house)
    await house.ask("PATCH", f"/users/{eve}", {"avatar": given})
    await house.ask("PATCH", f"/users/{bob}", {"avatar": shared})
    assert (await house.ask("DELETE", f"/users/{eve}")).status_code == 204
    left = (await house.ask("GET", "/files?fields=id,uploaded_by.email&sort=id")).json()["data"]
    assert [one["id"] for one in left] == sorted([shared, other])
    assert next(one for one in left if one["id"] == shared)["uploaded_by"] is None
    assert (
        (await _history(house, unused))[-1] == (await _history(house, given))[-1] == "delete directus_files"
    )


async def test_several_files_come_at_once_each_with_its_fields(house: Served) -> None:
    parts = [
        ("title", (None, "First")), ("a", ("1.png", picture(), "image/png")),
        ("title", (None, "Second")), ("b", (r"C:\pictures\2.gif", picture("GIF", mode="P"), "image/gif")),
    ]  # fmt: skip
    answer = await house.ask("POST", "/files?fields=title,type,filename_download", files=parts)
    assert answer.json()["data"] == [
        {"title": "First", "type": "image/png", "filename_download": "1.png"},
        {"title": "Second", "type": "image/gif", "filename_download": "2.gif"},
    ]
    chosen = await uploaded(house, fields={"id": NOWHERE})
    assert chosen == NOWHERE
    assert refusal(await upload(house, picture(), fields={"id": NOWHERE})) == (400, "RECORD_NOT_UNIQUE")


async def test_a_person_has_room_for_a_bounded_number_of_files(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    parts = [("file", (f"{n}.png", picture(), "image/png")) for n in range(20)]
    answer = await house.ask("POST", "/files", files=parts, token=token)
    assert len(answer.json()["data"]) == 20
    refused = await upload(house, picture(), token=token)
    assert refusal(refused) == (422, "UNPROCESSABLE_CONTENT")
    assert "remove some first" in refused.json()["errors"][0]["message"]
    assert (await upload(house, picture())).status_code == 200  # an administrator has no such bound


async def test_pictures_of_elsewhere_are_kept_as_words_and_never_fetched(house: Served) -> None:
    scim = await house.scim_token()
    photo = "http://127.0.0.1:1/never-asked.png"
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "eve@example.com",
        "emails": [{"value": "eve@example.com", "primary": True}], "photos": [{"value": photo, "type": "photo"}],
    }  # fmt: skip
    made = await house.ask("POST", "/scim/v2/Users", body, token=scim)
    assert made.status_code == 201 and made.json()["photos"][0]["value"] == photo
    user = await house.ask("GET", "/users?filter[email][_eq]=eve@example.com&fields=avatar")
    assert user.json() == {"data": [{"avatar": None}]}


async def test_files_are_searched_with_a_body(house: Served) -> None:
    await uploaded(house, fields={"title": "Needle"})
    await uploaded(house)
    found = await house.ask("SEARCH", "/files", {"query": {"search": "needle", "fields": ["title"]}})
    assert found.json() == {"data": [{"title": "Needle"}]}
    counted = await house.ask("GET", "/files?aggregate[count]=*&aggregate[max]=width")
    assert counted.json() == {"data": [{"count": 2, "max": {"width": 40}}]}


async def test_graphql_knows_files_and_whom_they_show(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    file = await uploaded(house, token=token, fields={"title": "Me"})

    mine = f'mutation {{ update_users_me(data: {{avatar: "{file}"}}) {{ avatar {{ id title }} }} }}'
    assert await data(house, mine, token=token) == {
        "update_users_me": {"avatar": {"id": file, "title": "Me"}}
    }
    theirs = f'mutation {{ update_users_item(id: "{eve}", data: {{avatar: {{id: "{file}"}}}}) {{ avatar {{ width }} }} }}'
    assert await data(house, theirs) == {"update_users_item": {"avatar": {"width": 40}}}
    renamed = f'mutation {{ update_files_item(id: "{file}", data: {{title: "Eve"}}) {{ title uploaded_by {{ id }} }} }}'
    assert await data(house, renamed) == {"update_files_item": {"title": "Eve", "uploaded_by": {"id": eve}}}
    assert await data(house, "{ files { title } files_aggregated { countAll } }", token=token) == {
        "files": [{"title": "Eve"}], "files_aggregated": [{"countAll": 1}],
    }  # fmt: skip
    assert await data(house, f'mutation {{ delete_files_item(id: "{file}") {{ id }} }}') == {
        "delete_files_item": {"id": file}
    }
    assert await data(house, "{ users_me { avatar { id } } }", token=token) == {"users_me": {"avatar": None}}


async def test_a_rule_opens_files_to_others_and_to_the_public(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    _, token = await house.person("eve@example.com", role=role)
    file = await uploaded(house, fields={"title": "Open"})
    for path in (f"/files/{file}", f"/assets/{file}"):
        for who in (token, None):
            assert refusal(await house.ask("GET", path, token=who)) == (403, "FORBIDDEN")
    for whose in (role, None):
        rule = {"role": whose, "collection": "directus_files", "action": "read", "fields": ["id", "title"]}
        answer = await house.ask("POST", "/permissions", {**rule, "permissions": {"title": {"_eq": "Open"}}})
        assert answer.status_code == 200, answer.text
    await uploaded(house, fields={"title": "Closed"})
    for who in (token, None):
        listed = await house.ask("GET", "/files?fields=id,title", token=who)
        assert listed.json() == {"data": [{"id": file, "title": "Open"}]}
        assert (await house.ask("GET", f"/assets/{file}", token=who)).status_code == 200
        assert refusal(await house.ask("PATCH", f"/files/{file}", {"title": "x"}, token=who)) == (
            403,
            "FORBIDDEN",
        )


async def _allow(house: Served, role: str | None, action: str, **rule: object) -> None:
    body = {"role": role, "collection": "directus_files", "action": action, "fields": ["*"], **rule}
    answer = await house.ask("POST", "/permissions", body)
    assert answer.status_code == 200, answer.text


async def test_rules_let_others_change_and_remove_files(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Keepers"})).json()["data"]["id"]
    eve, token = await house.person("eve@example.com", role=role)
    file = await uploaded(house, fields={"title": "Open", "description": "secret"})
    closed = await uploaded(house, fields={"title": "Closed"})
    await _allow(house, role, "read", fields=["id", "title", "tags"])
    await _allow(
        house, role, "update", fields=["title", "tags"], permissions={"title": {"_eq": "Open"}},
        validation={"title": {"_nin": ["Bad"]}}, presets={"tags": ["kept"]},
    )  # fmt: skip

    async def change(key: str, **body: object) -> Any:
        return await house.ask("PATCH", f"/files/{key}?fields=id,title,tags", body, token=token)

    for key, body in [
        (file, {"description": "x"}),
        (file, {"description": "secret"}),
        (closed, {"title": "x"}),
    ]:
        assert refusal(await change(key, **body)) == (403, "FORBIDDEN")
    assert refusal(await change(file, title="Bad")) == (400, "FAILED_VALIDATION")
    other = await upload(house, picture(size=(9, 9)), token=token, method="PATCH", path=f"/files/{file}")
    assert refusal(other) == (403, "FORBIDDEN")
    answer = await change(file, title="Opened")
    assert answer.json()["data"] == {"id": file, "title": "Opened", "tags": ["kept"]}
    revision = (
        await house.ask("GET", f"/revisions?filter[item]={file}&fields=id,activity.user&sort=id")
    ).json()
    assert revision["data"][1]["activity"] == {"user": eve}
    assert (await house.ask("POST", f"/utils/revert/{revision['data'][0]['id']}")).status_code == 204
    back = await house.ask("GET", f"/files/{file}?fields=title,tags,description")
    assert back.json()["data"] == {"title": "Open", "tags": None, "description": "secret"}
    assert refusal(await house.ask("DELETE", f"/files/{file}", token=token)) == (403, "FORBIDDEN")
    await _allow(house, role, "delete", permissions={"title": {"_eq": "Open"}})
    assert refusal(await house.ask("DELETE", "/files", [file, closed], token=token)) == (403, "FORBIDDEN")
    gone = f'mutation {{ delete_files_item(id: "{file}") {{ id }} }}'
    assert await data(house, gone, token=token) == {"delete_files_item": {"id": file}}
    await _allow(house, role, "update")
    other = await upload(house, picture(size=(9, 9)), token=token, method="PATCH", path=f"/files/{closed}")
    assert other.status_code == 200, other.text
    assert (await house.ask("GET", f"/files/{closed}?fields=width,title")).json()["data"] == {
        "width": 9, "title": "Closed",
    }  # fmt: skip


async def test_rules_about_uploads_take_the_place_of_what_anybody_may(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Senders"})).json()["data"]["id"]
    eve, token = await house.person("eve@example.com", role=role)
    await _allow(
        house, role, "create", fields=["title"], permissions={"uploaded_by": "$CURRENT_USER"},
        validation={"title": {"_nnull": True}}, presets={"location": "here"},
    )  # fmt: skip
    assert refusal(await upload(house, picture(), token=token)) == (400, "FAILED_VALIDATION")
    for fields in ({"title": "a", "description": "b"}, {"title": "a", "id": NOWHERE}):
        assert refusal(await upload(house, picture(), token=token, fields=fields)) == (403, "FORBIDDEN")
    file = await uploaded(house, token=token, fields={"title": "Mine"})
    kept = (
        await house.ask("GET", f"/files/{file}?fields=title,location,uploaded_by,filename_download")
    ).json()
    assert kept["data"] == {
        "title": "Mine", "location": "here", "uploaded_by": eve, "filename_download": "me.png",
    }  # fmt: skip
    mine = (await house.ask("GET", "/permissions/me", token=token)).json()["data"]["directus_files"]
    assert mine["create"] == {"access": "partial", "fields": ["title"], "presets": {"location": "here"}}
    assert refusal(await upload(house, picture(), token=None)) == (403, "FORBIDDEN")
    await _allow(house, None, "create", fields=["title"], permissions={"title": "From outside"})
    assert refusal(await upload(house, picture(), token=None)) == (403, "FORBIDDEN")
    sent = await upload(house, picture(), token=None, fields={"title": "From outside"})
    assert sent.status_code == 204  # may send it, may not read it
    found = await house.ask("GET", "/files?filter[uploaded_by][_null]=true&fields=title")
    assert found.json() == {"data": [{"title": "From outside"}]}


async def test_a_file_that_may_be_read_may_be_shown_to_whom_one_may_change(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Office"})).json()["data"]["id"]
    _, token = await house.person("eve@example.com", role=role)
    bob, _ = await house.person("bob@example.com")
    file = await uploaded(house, fields={"title": "Portrait"})
    rule = {"role": role, "collection": "directus_users", "action": "update", "fields": ["avatar"]}
    assert (await house.ask("POST", "/permissions", rule)).status_code == 200
    shown = await house.ask("PATCH", f"/users/{bob}", {"avatar": file}, token=token)
    assert refusal(shown) == (400, "INVALID_FOREIGN_KEY")
    await _allow(house, role, "read", permissions={"title": "Portrait"})
    assert (await house.ask("PATCH", f"/users/{bob}", {"avatar": file}, token=token)).status_code == 204
    assert (await house.ask("GET", f"/users/{bob}?fields=avatar")).json()["data"] == {"avatar": file}
