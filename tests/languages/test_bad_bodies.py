"""Bodies that nobody should send: a clear refusal in the path's language, and nothing changed."""

import gzip

from tests.served import Served, refusal

REST = ("POST", "/users")
SCIM = ("POST", "/scim/v2/Users")
PLACES = [REST, ("POST", "/auth/login"), ("POST", "/users/invite"), ("POST", "/users/invite/accept"), SCIM]


async def _count(house: Served) -> int:
    total: int = (await house.ask("GET", "/users?meta=total_count&limit=0")).json()["meta"]["total_count"]
    return total


async def test_json_that_is_broken_deep_or_not_text(house: Served) -> None:
    scim = await house.scim_token()
    deep = b"[" * 1000 + b"]" * 1000
    deeper = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    for method, path in PLACES:
        token = scim if path.startswith("/scim") else house.token
        for body in (b"{", b'{"a":1', b"nonsense", b'"\\ud800"', b"\xff\xfe", deep, deeper, b"[1]", b"5"):
            answer = await house.ask(
                method, path, token=token, content=body, headers={"content-type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, (path, body[:20], answer.text)
            assert "Traceback" not in answer.text
            told = answer.json()
            if path.startswith("/scim"):
                assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
                assert told["scimType"] in ("invalidSyntax", "invalidValue")
                assert answer.headers["content-type"].startswith("application/scim+json")
            else:
                assert told["errors"][0]["extensions"]["code"]
    assert await _count(house) == 1


async def test_a_body_above_its_limit(house: Served) -> None:
    scim = await house.scim_token()
    for method, path in PLACES:
        token, limit = (scim, 8 << 20) if path.startswith("/scim") else (house.token, 1 << 20)
        answer = await house.ask(
            method,
            path,
            token=token,
            content=b" " * (limit + 1),
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413, (path, answer.text)
        if path.startswith("/scim"):
            assert answer.json()["status"] == "413"
        else:
            assert answer.json()["errors"][0]["extensions"]["code"] == "CONTENT_TOO_LARGE"
    assert await _count(house) == 1


async def test_a_body_that_comes_in_pieces_is_counted_too(house: Served) -> None:
    async def pieces() -> object:
        for _ in range(20):
            yield b" " * (1 << 16)

    async with house.client(house.token) as client:
        answer = await client.post("/users", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_other_media_are_refused_unless_there_is_no_body(house: Served) -> None:
    packed = gzip.compress(b'{"email":"z@example.com"}')
    for media, body in (
        ("text/plain", b"email=x"),
        ("application/xml", b"<a/>"),
        ("multipart/form-data", b"--x"),
    ):
        answer = await house.ask("POST", "/users", content=body, headers={"content-type": media})
        assert refusal(answer) == (415, "UNSUPPORTED_MEDIA_TYPE"), media
    zipped = {"content-type": "application/json", "content-encoding": "gzip"}
    assert (await house.ask("POST", "/users", content=packed, headers=zipped)).status_code in (400, 415)
    form = {"content-type": "application/x-www-form-urlencoded"}
    empty = await house.ask("POST", "/auth/logout", token=None, content=b"", headers=form)
    assert empty.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"
    assert await _count(house) == 1


async def test_paths_that_lead_nowhere_answer_in_their_language(house: Served) -> None:
    rest = await house.ask("GET", "/nowhere/at/all")
    assert rest.json()["errors"][0]["extensions"] == {"code": "ROUTE_NOT_FOUND", "path": "/nowhere/at/all"}
    scim = await house.ask("GET", "/scim/v2/Nowhere")
    assert (scim.status_code, scim.json()["status"]) == (404, "404")
    assert scim.headers["content-type"].startswith("application/scim+json")
    wrong = await house.ask("PUT", "/scim/v2/Users")
    assert (wrong.status_code, wrong.json()["status"]) == (405, "405")
    assert "GET" in wrong.headers["allow"]


async def test_a_change_is_an_object_or_nothing_at_all(house: Served) -> None:
    for path in ("/users/me", f"/users/{house.admin}", f"/roles/{house.role}", f"/connections/{house.admin}"):
        for body in (b"[]", b'""', b"0", b"false"):
            answer = await house.ask(
                "PATCH", path, content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code == 400, (path, body, answer.text)
            assert answer.json()["errors"][0]["extensions"]["reason"] == '"value" must be of type object'
    assert (await house.ask("PATCH", "/users/me")).status_code == 200
