"""SEARCH: the question in the body, in the place of the one in the address."""

from tests.served import Served, refusal


async def _found(house: Served, body: object, path: str = "/users", token: str | None = "") -> list[str]:
    answer = await house.ask("SEARCH", path, body, token=token)
    assert answer.status_code == 200, answer.text
    return [user["email"] for user in answer.json()["data"]]


async def test_search_answers_what_its_body_asks(house: Served) -> None:
    for name in ("ann", "bob", "cid"):
        await house.ask("POST", "/users", {"email": f"{name}@example.com", "first_name": name.title()})
    several = {"email": {"_in": [f"{name}@example.com" for name in ("ann", "cid", *map(str, range(40)))]}}
    query = {"filter": several, "sort": ["-email"], "fields": ["email", {"role": ["name"]}], "limit": 10}
    assert await _found(house, {"query": query}, "/users?limit=1&filter[email]=no") == [
        "cid@example.com", "ann@example.com",
    ]  # fmt: skip
    answer = await house.ask("SEARCH", "/users", {"query": {**query, "meta": "*", "page": 2, "limit": 1}})
    assert answer.json() == {
        "data": [{"email": "ann@example.com", "role": None}], "meta": {"total_count": 4, "filter_count": 2},
    }  # fmt: skip
    counted = await house.ask(
        "SEARCH", "/users/", {"query": {"aggregate": {"count": ["*"]}, "search": "BOB"}}
    )
    assert counted.json() == {"data": [{"count": 1}]}
    assert len(await _found(house, None)) == len(await _found(house, {})) == 4
    key = (await house.ask("GET", "/users?filter[email]=bob@example.com")).json()["data"][0]["id"]
    assert await _found(house, {"keys": [key]}) == ["bob@example.com"]
    assert await _found(house, {"keys": []}) == []
    roles = await house.ask("SEARCH", "/roles", {"query": {"fields": "name", "version": "main"}})
    assert roles.json() == {"data": [{"name": "Administrator"}]}


async def test_search_looks_at_what_the_language_shows_alone(house: Served) -> None:
    """A role of generation 8 has a random `external_id`, of which the others know nothing."""
    hidden = (await house.ask("GET", "/default/roles?limit=1")).json()["data"][0]["external_id"]
    for piece in (hidden, hidden[:8], hidden[-6:]):
        found = await house.ask("SEARCH", "/roles", {"query": {"search": piece}})
        assert found.json() == {"data": []}
        older = await house.ask("GET", f"/default/roles?q={piece}&fields=external_id")
        assert older.json() == {"data": [{"external_id": hidden}]}
    shown = await house.ask("GET", "/roles?search=admin&fields=name")
    assert shown.json() == {"data": [{"name": "Administrator"}]}


async def test_search_is_for_members_and_shows_them_their_own(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    assert await _found(house, {"query": {"limit": -1}}, token=token) == ["eve@example.com"]
    assert (await house.ask("SEARCH", "/users", {}, token=None)).status_code == 403


async def test_a_body_that_is_no_question_is_refused(house: Served) -> None:
    refused: list[tuple[object, str]] = [
        ([], "INVALID_PAYLOAD"),
        ({"nope": 1}, "INVALID_PAYLOAD"),
        ({"query": []}, "INVALID_PAYLOAD"),
        ({"query": {"nope": 1}}, "INVALID_PAYLOAD"),
        ({"query": {}, "keys": []}, "INVALID_PAYLOAD"),
        ({"keys": "x"}, "INVALID_PAYLOAD"),
        ({"keys": ["x"]}, "INVALID_QUERY"),
        ({"query": {"limit": 1.5}}, "INVALID_QUERY"),
        ({"query": {"limit": True}}, "INVALID_QUERY"),
        ({"query": {"filter": [1]}}, "INVALID_QUERY"),
        ({"query": {"sort": [{}]}}, "INVALID_QUERY"),
        ({"query": {"fields": [1]}}, "INVALID_QUERY"),
        ({"query": {"search": 1}}, "INVALID_QUERY"),
    ]
    for body, code in refused:
        answer = await house.ask("SEARCH", "/users", body)
        assert refusal(answer) == (400, code), (body, answer.text)
    nested: object = ["x"]
    for _ in range(50):
        nested = [{"role": nested}]
    assert (await house.ask("SEARCH", "/users", {"query": {"fields": nested}})).status_code == 400


async def test_only_collections_are_searched_and_only_by_search(house: Served) -> None:
    assert (await house.ask("POST", "/-/search/users", {})).status_code == 404
    assert (await house.ask("POST", "/-/search/nope", {})).status_code == 404
    assert (await house.ask("SEARCH", "/auth", {})).status_code in (404, 405)
