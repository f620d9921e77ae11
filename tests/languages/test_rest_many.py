"""Many users in one request: keys, queries, arrays; all or nothing, answered in the order of the request."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import bindparam, func, select

from service.database import Transaction
from service.database.tables import activity
from tests.served import PASSWORD, Served

NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.fixture
async def keys(house: Served) -> list[str]:
    """Three users beside the administrator."""
    made = [{"email": f"{name}@example.com", "first_name": name} for name in ("ann", "bob", "cid")]
    answer = await house.ask("POST", "/users", made)
    return [user["id"] for user in answer.json()["data"]]


async def _titles(house: Served, keys: list[str]) -> list[str | None]:
    answer = await house.ask("GET", f"/users/{','.join(keys)}?fields=title")
    assert answer.status_code == 200, answer.text
    return [user["title"] for user in answer.json()["data"]]


def _reason(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["extensions"]["code"], error["extensions"].get("reason", "")


async def test_many_change_alike_by_their_keys_in_the_order_of_the_keys(
    house: Served, keys: list[str]
) -> None:
    order = [keys[2], keys[0], keys[2], keys[1].upper()]
    answer = await house.ask("PATCH", "/users?fields=id,title", {"keys": order, "data": {"title": "x"}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == [{"id": key, "title": "x"} for key in (keys[2], keys[0], keys[1])]
    none = await house.ask("PATCH", "/users", {"keys": [], "data": {"title": "y"}})
    assert (none.status_code, none.json()) == (200, {"data": []})


async def test_many_change_each_their_own_way_in_the_order_of_the_array(
    house: Served, keys: list[str]
) -> None:
    body = [{"id": keys[1], "title": "b"}, {"id": keys[0], "title": "a", "theme": "dark"}, {"id": keys[2]}]
    answer = await house.ask("PATCH", "/users?fields=first_name,title,appearance", body)
    assert answer.json()["data"] == [
        {"first_name": "bob", "title": "b", "appearance": "auto"},
        {"first_name": "ann", "title": "a", "appearance": "dark"},
        {"first_name": "cid", "title": None, "appearance": "auto"},
    ]


async def test_many_change_by_a_query_with_its_order_and_its_limit(house: Served, keys: list[str]) -> None:
    ours = {"first_name": {"_in": ["ann", "bob", "cid"]}}
    query = {"filter": ours, "sort": ["-first_name"], "limit": 2}
    answer = await house.ask(
        "PATCH", "/users?fields=first_name", {"query": query, "data": {"title": "x", "password": PASSWORD}}
    )
    assert answer.status_code == 200, answer.text
    assert [user["first_name"] for user in answer.json()["data"]] == ["cid", "bob"]
    assert await _titles(house, keys) == [None, "x", "x"]
    for found in (keys[1], keys[2]):
        await house.ask("PATCH", f"/users/{found}", {"status": "active"})
    signed_in = await house.ask("POST", "/auth/login", {"email": "cid@example.com", "password": PASSWORD})
    assert signed_in.status_code == 200
    searched = {"query": {"search": "BOB@"}, "data": {"title": "y"}}
    assert len((await house.ask("PATCH", "/users", searched)).json()["data"]) == 1
    nobody = {"query": {"filter": {"first_name": {"_eq": "zoe"}}}, "data": {"title": "z"}}
    assert (await house.ask("PATCH", "/users", nobody)).json() == {"data": []}
    assert (await house.ask("PATCH", "/users", {"query": {"limit": 0}, "data": {"title": "z"}})).json() == {
        "data": []
    }


async def test_several_keys_in_a_path_are_read_changed_and_removed(house: Served, keys: list[str]) -> None:
    path = f"/users/{keys[1]},{keys[0]}"
    assert [u["first_name"] for u in (await house.ask("GET", path)).json()["data"]] == ["bob", "ann"]
    changed = await house.ask("PATCH", f"{path}?fields=title", {"title": "x"})
    assert changed.json()["data"] == [{"title": "x"}, {"title": "x"}]
    assert (await house.ask("DELETE", path)).status_code == 204
    assert (await house.ask("GET", path)).status_code == 403
    assert (await house.ask("GET", f"/users/{keys[2]},{NOBODY}")).status_code == 403
    assert (await house.ask("GET", f"/users/{keys[2]},")).status_code == 403


REFUSED: list[tuple[object, str, str]] = [
    ({}, "INVALID_PAYLOAD", '"data" is required'),
    ({"data": {}}, "INVALID_PAYLOAD", '"value" must contain at least one of [query, keys]'),
    (
        {"keys": [], "query": {}, "data": {}},
        "INVALID_PAYLOAD",
        '"value" contains a conflict between exclusive peers [query, keys]',
    ),
    ({"keys": "x", "data": {}}, "INVALID_PAYLOAD", '"keys" must be an array'),
    ({"keys": [True], "data": {}}, "INVALID_PAYLOAD", '"keys[0]" must be one of [string, number]'),
    ({"keys": []}, "INVALID_PAYLOAD", '"data" is required'),
    ({"keys": [], "data": []}, "INVALID_PAYLOAD", '"data" must be of type object'),
    ({"keys": [], "data": {}, "foo": 1}, "INVALID_PAYLOAD", '"foo" is not allowed'),
    ({"query": [], "data": {}}, "INVALID_PAYLOAD", '"query" must be of type object'),
    ({"query": {"aggregate": {"count": "*"}}, "data": {}}, "INVALID_PAYLOAD", '"query.aggregate" is not allowed'),
    ({"keys": [NOBODY] * 1001, "data": {}}, "INVALID_PAYLOAD", '"keys" must contain less than or equal to 1000 items'),
    ([{"title": "x"}], "INVALID_PAYLOAD", "User in update misses primary key"),
    ([{"id": None, "title": "x"}], "INVALID_PAYLOAD", "User in update misses primary key"),
    (["x"], "INVALID_PAYLOAD", '"value" must be of type object'),
    ([{"id": NOBODY}] * 2, "INVALID_PAYLOAD", f'"value" holds {NOBODY} twice'),
    ("x", "INVALID_PAYLOAD", '"value" must be of type object'),
]  # fmt: skip


async def test_a_body_about_many_that_is_wrong_is_refused_in_the_documented_words(house: Served) -> None:
    for body, code, reason in REFUSED:
        assert _reason(await house.ask("PATCH", "/users", body)) == (400, code, reason), body
    unknown = {"query": {"filter": {"shoe_size": 4}}, "data": {}}
    assert _reason(await house.ask("PATCH", "/users", unknown))[1] == "INVALID_QUERY"
    nul = {"query": {"search": "a\0b"}, "data": {}}
    assert _reason(await house.ask("PATCH", "/users", nul))[1] == "INVALID_QUERY"
    too_low = {"query": {"limit": -2}, "data": {}}
    assert _reason(await house.ask("PATCH", "/users", too_low))[1] == "INVALID_QUERY"
    for body in ({}, None):
        answer = await house.ask("DELETE", "/users", body)
        assert _reason(answer)[2] == '"value" must contain at least one of [query, keys]'
    both = await house.ask("DELETE", "/users", {"keys": [], "query": {}})
    assert _reason(both)[2] == '"value" contains a conflict between exclusive peers [query, keys]'
    assert (
        _reason(await house.ask("DELETE", "/users", {"keys": [], "data": {}}))[2] == '"data" is not allowed'
    )
    assert (
        _reason(await house.ask("DELETE", "/users", [{}]))[2] == '"value[0]" must be one of [string, number]'
    )


async def _counted(tx: Transaction, /, project: str) -> int:
    statement = select(func.count()).select_from(activity).where(activity.c.project == bindparam("project"))
    found = await tx.row(statement, project=project)
    assert found
    return int(found[0])


async def test_one_that_cannot_be_changed_keeps_all_as_they_were(house: Served, keys: list[str]) -> None:
    before = await house.house.database.read(_counted, "default")
    changes: list[tuple[object, str]] = [
        ([{"id": keys[0], "title": "x"}, {"id": NOBODY, "title": "x"}], "FORBIDDEN"),
        ([{"id": keys[0], "title": "x"}, {"id": "no uuid", "title": "x"}], "FORBIDDEN"),
        ([{"id": keys[0], "title": "x"}, {"id": keys[1], "email": "ANN@example.com"}], "RECORD_NOT_UNIQUE"),
        ([{"id": keys[0], "title": "x"}, {"id": keys[1], "status": "bogus"}], "FAILED_VALIDATION"),
        ([{"id": keys[0], "title": "x"}, {"id": house.admin, "status": "suspended"}], "UNPROCESSABLE_CONTENT"),
        ([{"id": keys[0], "title": "x"}, {"id": keys[1], "role": {"name": "N"}}, {"id": keys[2], "role": NOBODY}], "INVALID_FOREIGN_KEY"),
        ({"keys": [keys[0], NOBODY], "data": {"title": "x"}}, "FORBIDDEN"),
        ({"keys": keys[:2], "data": {"title": "x", "email": "new@example.com"}}, "RECORD_NOT_UNIQUE"),
        ({"query": {}, "data": {"title": "x", "email": "new@example.com"}}, "RECORD_NOT_UNIQUE"),
        ({"keys": keys[:2], "data": {"title": "x", "token": "t" * 40}}, "RECORD_NOT_UNIQUE"),
        ({"query": {}, "data": {"title": "x", "role": None}}, "UNPROCESSABLE_CONTENT"),
    ]  # fmt: skip
    for body, code in changes:
        answer = await house.ask("PATCH", "/users", body)
        assert answer.json()["errors"][0]["extensions"]["code"] == code, (body, answer.text)
    for body in (
        [keys[0], NOBODY], {"keys": [keys[0], house.admin]}, {"query": {"sort": "first_name"}},
    ):  # fmt: skip
        assert (await house.ask("DELETE", "/users", body)).status_code in (403, 422), body
    assert await _titles(house, keys) == [None] * 3
    assert await house.house.database.read(_counted, "default") == before
    assert len((await house.ask("GET", "/roles")).json()["data"]) == 1


async def test_an_email_or_a_token_for_one_key_is_theirs(house: Served, keys: list[str]) -> None:
    data = {"email": "new@example.com", "token": "t" * 40}
    answer = await house.ask("PATCH", "/users", {"keys": [keys[0]], "data": data})
    assert answer.json()["data"][0]["email"] == "new@example.com"
    me = await house.ask("GET", "/users/me?fields=id", token="t" * 40)
    assert me.json() == {"data": {"id": keys[0]}}


@pytest.mark.parametrize("form", ["array", "keys", "query"])
async def test_many_are_removed(house: Served, keys: list[str], form: str) -> None:
    bodies = {
        "array": keys[:2],
        "keys": {"keys": keys[:2]},
        "query": {"query": {"filter": {"first_name": {"_in": "ann,bob"}}}},
    }
    answer = await house.ask("DELETE", "/users", bodies[form])
    assert (answer.status_code, answer.content) == (204, b"")
    left = await house.ask("GET", "/users?fields=first_name&sort=first_name")
    assert [user["first_name"] for user in left.json()["data"]] == ["cid", None]
    assert (await house.ask("DELETE", "/users", [])).status_code == 204
    nothing = {"query": {"filter": {"first_name": "ann"}}}
    assert (await house.ask("DELETE", "/users", nothing)).status_code == 204


async def test_a_query_takes_no_more_than_a_request_may_be_about(house: Served, keys: list[str]) -> None:
    many = [{"email": f"p{n}@example.com"} for n in range(1000)]
    assert (await house.ask("POST", "/users?fields=id", many)).status_code == 200
    answer = await house.ask("PATCH", "/users", {"query": {"limit": -1}, "data": {"title": "x"}})
    assert _reason(answer)[1] == "INVALID_QUERY"
    # The page of a query is the list's: a hundred, unless it says otherwise.
    changed = await house.ask("PATCH", "/users?fields=id", {"query": {}, "data": {"title": "x"}})
    assert len(changed.json()["data"]) == 100
    ours = {"filter": {"email": {"_starts_with": "p"}}, "limit": -1}
    assert (await house.ask("DELETE", "/users", {"query": ours})).status_code == 204


async def test_a_person_reaches_themselves_alone_among_many(house: Served, keys: list[str]) -> None:
    eve, token = await house.person("eve@example.com")
    mine = await house.ask("PATCH", "/users?fields=id", {"query": {}, "data": {"title": "x"}}, token=token)
    assert mine.json() == {"data": [{"id": eve}]}
    assert await _titles(house, [*keys, eve]) == [None, None, None, "x"]
    for body in (
        {"keys": [eve, keys[0]], "data": {"title": "y"}},
        [{"id": eve, "title": "y"}, {"id": keys[0], "title": "y"}],
        {"query": {}, "data": {"status": "archived"}},
        {"keys": [eve], "data": {"role": house.role}},
    ):
        assert (await house.ask("PATCH", "/users", body, token=token)).status_code == 403, body
        assert (await house.ask("PATCH", "/users", body, token=None)).status_code == 403
    for body in ([eve], {"query": {}}, {"keys": [keys[0]]}):
        assert (await house.ask("DELETE", "/users", body, token=token)).status_code == 403, body
        assert (await house.ask("DELETE", "/users", body, token=None)).status_code == 403
    assert await _titles(house, [*keys, eve]) == [None, None, None, "x"]


async def test_the_page_that_a_person_looks_at_is_noted_without_history(house: Served) -> None:
    eve, token = await house.person("eve@example.com")
    before = await house.house.database.read(_counted, "default")
    body = {"last_page": "/settings/project"}
    answer = await house.ask("PATCH", "/users/me/track/page", body, token=token)
    assert (answer.status_code, answer.content) == (204, b"")
    fields = quote("last_page,last_access")
    user = (await house.ask("GET", f"/users/{eve}?fields={fields}")).json()["data"]
    assert user["last_page"] == "/settings/project"
    assert user["last_access"] is not None
    assert await house.house.database.read(_counted, "default") == before
    for wrong in (
        None,
        {},
        {"last_page": ""},
        {"last_page": {"a": 1}},
        {"last_page": "x" * 256},
        {"page": "x"},
    ):
        refused = await house.ask("PATCH", "/users/me/track/page", wrong, token=token)
        assert refused.status_code == 400, (wrong, refused.text)
    public = await house.ask("PATCH", "/users/me/track/page", body, token=None)
    assert public.status_code == 401
    assert json.loads(public.content)["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"
