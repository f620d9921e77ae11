"""Plain questions, asked again and again: each caller gets what is theirs, and every value as it was given."""

from tests.served import Served

ODD = {
    "quotes": 'a "b" \\ c / d',
    "controls": "\b\f\n\r\t\x01\x1f\x7f",
    "far": "K\u00f6ln \u2028 \U0001f600 '",
    "numbers": [0, -1, 2**63 - 1, 1e-7, 12345678.5],
    "words": [True, False, None, "", {}, []],
    "twice": {"a": {"a": {"a": '{"b": null}'}}},
}


async def test_values_come_back_as_they_were_given(house: Served) -> None:
    body = {
        "email": "odd@example.com", "title": 'O\'"\\\t\n\x01', "description": "\u2029\U0001f600\x7f", "location": "",
        "tags": ['"', "\\", "\u00e9"], "auth_data": ODD, "email_notifications": False,
    }  # fmt: skip
    made = (await house.ask("POST", "/users", body)).json()["data"]
    assert {name: made[name] for name in body} == body
    one = (await house.ask("GET", f"/users/{made['id']}")).json()["data"]
    every = (await house.ask("GET", "/users?sort=email&limit=5")).json()["data"]
    assert one == made
    assert made in every
    assert list(one) == list(every[0])
    few = f"/users/{made['id']}?fields=email_notifications,auth_data,tags,avatar,title"
    shown = (await house.ask("GET", few)).json()["data"]
    assert list(shown.items()) == [
        ("email_notifications", False), ("auth_data", ODD), ("tags", body["tags"]), ("avatar", None),
        ("title", body["title"]),
    ]  # fmt: skip


async def test_the_same_question_of_others_shows_them_their_own(house: Served) -> None:
    people = [await house.person(f"p{number}@example.com") for number in range(2)]
    for _ in range(2):
        for key, token in people:
            for path in ("/users", "/users?fields=id,token&limit=3", "/users?sort=-email&meta=filter_count"):
                answer = await house.ask("GET", path, token=token)
                assert [row["id"] for row in answer.json()["data"]] == [key], path
            other = next(one for one, _ in people if one != key)
            assert (await house.ask("GET", f"/users/{key}", token=token)).status_code == 200
            assert (await house.ask("GET", f"/users/{other}", token=token)).status_code == 403
        assert len((await house.ask("GET", "/users?sort=-email&meta=filter_count")).json()["data"]) == 3
        assert (await house.ask("GET", "/users", token=None)).status_code == 403


async def test_rules_that_change_change_what_the_same_question_shows(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Staff"})).json()["data"]["id"]
    key, token = await house.person("staff@example.com", role=role)
    assert [
        row["id"] for row in (await house.ask("GET", "/users?fields=id", token=token)).json()["data"]
    ] == [key]
    rule = {
        "role": role,
        "collection": "directus_users",
        "action": "read",
        "fields": ["id"],
        "permissions": {},
    }
    made = await house.ask("POST", "/permissions", rule)
    assert made.status_code == 200, made.text
    assert len((await house.ask("GET", "/users?fields=id", token=token)).json()["data"]) == 2
    await house.ask("DELETE", f"/permissions/{made.json()['data']['id']}")
    assert len((await house.ask("GET", "/users?fields=id", token=token)).json()["data"]) == 1


async def test_a_static_token_in_a_cookie_opens_nothing_even_where_it_is_known(house: Served) -> None:
    _, token = await house.person("static@example.com")
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    kept = {"cookie": f"directus_session_token={token}"}
    for _ in range(2):
        answer = await house.ask("GET", "/users/me", token=None, headers=kept)
        assert answer.status_code in (401, 403), answer.text
