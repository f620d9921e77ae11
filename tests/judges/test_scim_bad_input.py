"""Bodies, filters and tokens that nobody should send: refused as RFC 7644, 3.12 says, nothing changed."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.judges.scim_client import ENTERPRISE, MEDIA, PATCH_OP, Client
from tests.judges.scim_kept import USER, Kept
from tests.served import Served

LIMIT = 8 * 1024 * 1024


def deep(levels: int) -> bytes:
    """A list within a list, and so on."""
    return b"[" * levels + b"]" * levels


def holding(value: bytes, name: str = "nickName") -> bytes:
    """A user whose attribute has this JSON text for a value."""
    return (
        json.dumps({**USER, "userName": "new@x.org", "externalId": "2", name: 0})
        .encode()
        .replace(b": 0}", b": %b}" % value)
    )


async def test_what_is_no_json_or_no_object(house: Served) -> None:
    kept = await Kept.of(house)
    for raw in (
        b"", b" ", b"{", b'{"a":1', b"nonsense", b"null", b"true", b"5", b"[]", b"[{}]", b'"x"', b"\xff\xfe{}", b'{"a": 1e}',
        b'{"userName": "\\ud800"}', b"\x00", deep(1000), deep(2000), deep(100_000), b'{"a":' * 1000 + b"1" + b"}" * 1000,
        b'{"schemas":[' + deep(2000) + b"]}",
    ):  # fmt: skip
        for answer in await kept.everywhere(raw):
            assert answer.json()["scimType"] == "invalidSyntax", raw[:40]
    await kept.check()


@pytest.mark.parametrize(
    "name", ["nickName", "name", "emails", "active", ENTERPRISE, "userName", "externalId", "roles"]
)
async def test_a_value_of_any_depth_where_one_is_known(house: Served, name: str) -> None:
    kept = await Kept.of(house)
    for levels in (30, 100, 900, 2000):
        await kept.send("POST", "/Users", holding(deep(levels), name))
        operation = b'{"op":"replace","path":"%b","value":%b}' % (name.encode(), deep(levels))
        body = b'{"schemas":["%b"],"Operations":[%b]}' % (PATCH_OP.encode(), operation)
        answer = await kept.client.ask(
            "PATCH", f"/Users/{kept.key}", content=body, headers={"content-type": MEDIA}
        )
        assert answer.status_code in (400, 413), (name, levels, answer.text)
    await kept.check()


async def test_a_value_of_any_depth_where_nothing_is_known(house: Served) -> None:
    client = await Client.of(house, "okta")
    deepest = await client.ask(
        "POST", "/Users", content=holding(deep(500), "x"), headers={"content-type": MEDIA}
    )
    assert deepest.status_code == 201
    assert "x" not in deepest.json()
    too_deep = await client.ask(
        "POST", "/Users", content=holding(deep(1000), "x"), headers={"content-type": MEDIA}
    )
    assert (too_deep.status_code, too_deep.json()["scimType"]) == (400, "invalidSyntax")


async def test_a_body_above_the_limit(house: Served) -> None:
    kept = await Kept.of(house)
    for answer in await kept.everywhere(b" " * (LIMIT + 1)):
        assert answer.status_code == 413
        assert answer.json()["status"] == "413"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 65_536 + 1):
            yield b" " * 65_536

    async with house.client(kept.client.token) as wire:
        answer = await wire.post("/scim/v2/Users", content=pieces(), headers={"content-type": MEDIA})
    assert (answer.status_code, answer.json()["status"]) == (413, "413")
    large = holding(b'"%b"' % (b"x" * (LIMIT - 1000)))
    made = await kept.client.ask("POST", "/Users", content=large, headers={"content-type": MEDIA})
    assert made.status_code == 201
    assert (await kept.client.ask("DELETE", f"/Users/{made.json()['id']}")).status_code == 204
    await kept.check()


async def test_other_media(house: Served) -> None:
    kept = await Kept.of(house)
    body = json.dumps({**USER, "userName": "new@x.org", "externalId": "2"}).encode()
    for media in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "x",
    ):
        for answer in await kept.everywhere(body, media):
            assert answer.status_code == 415, media
    await kept.check()
    for number, media in enumerate(("application/json", f"{MEDIA}; charset=utf-8", "APPLICATION/JSON")):
        sent = json.dumps({**USER, "userName": f"m{number}", "externalId": f"m{number}"}).encode()
        made = await kept.client.ask("POST", "/Users", content=sent, headers={"content-type": media})
        assert made.status_code == 201, media


async def test_filters_without_end(house: Served) -> None:
    kept = await Kept.of(house)
    for text in (
        " or ".join(['userName eq "x"'] * 1000),
        "(" * 500 + "userName pr" + ")" * 500,
        "not (" * 100 + "userName pr" + ")" * 100,
    ):
        answer = await kept.client.ask("GET", "/Users", params={"filter": text})
        assert answer.status_code == 400
        assert answer.json()["scimType"] in ("invalidFilter", "tooMany")
    for text in (" or ".join(['userName eq "x"'] * 10_000), "x" * 1_000_000, "(" * 100_000):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": text}
        answer = await kept.client.ask("POST", "/.search", body)
        assert answer.status_code == 400
        assert answer.json()["scimType"] in ("invalidFilter", "tooMany")
    await kept.check()


async def test_tokens_that_are_none_of_the_connection_s(house: Served) -> None:
    kept = await Kept.of(house)
    ended = await house.scim_token("ended", lifetime=-1.0)
    for token in (None, "nonsense", "a.b.c", house.token, kept.client.token + "x", ended, "é"):
        headers = {} if token is None else {"authorization": f"Bearer {token}".encode()}
        for method, path in (
            ("GET", "/Users"),
            ("POST", "/Users"),
            ("DELETE", f"/Users/{kept.key}"),
            ("POST", "/.search"),
        ):
            answer = await house.ask(method, f"/scim/v2{path}", token=None, headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (401, "401"), token
    basic = await house.ask("GET", "/scim/v2/Users", token=None, headers={"authorization": "Basic eDp5"})
    assert (basic.status_code, basic.headers["www-authenticate"]) == (401, "Bearer")
    await kept.check()


@pytest.mark.parametrize("levels", [8, 16, 24, 31])
async def test_filters_of_any_depth_are_answered_or_refused(house: Served, levels: int) -> None:
    """SQLite's own parser reads fewer levels than a filter may have."""
    client = await Client.of(house, "okta")
    await client.add(USER)
    for before, after in (
        ("not (", ")"),
        ("(", ")"),
        ("not (title pr or ", ")"),
        ("not (emails.value pr and ", ")"),
    ):
        text = before * levels + 'userName eq "nobody"' + after * levels
        answer = await client.ask("GET", "/Users", params={"filter": text})
        assert answer.status_code in (200, 400), (before, answer.text)
        if answer.status_code == 400:
            assert answer.json()["scimType"] == "invalidFilter"


async def test_filters_of_rest_are_answered_whatever_their_depth(house: Served) -> None:
    filter_: object = {"email": {"_eq": "nobody@example.com"}}
    for level in range(18):
        filter_ = {("_and", "_or")[level % 2]: [{"title": {"_eq": str(level)}}, filter_]}
    answer = await house.ask("SEARCH", "/users", {"query": {"filter": filter_}})
    assert answer.status_code == 200, answer.text
    filter_ = {"name": {"_eq": "Nobody"}}
    for level in range(8):
        filter_ = {("role", "users")[level % 2]: {"_or": [{"id": {"_null": True}}, filter_]}}
    answer = await house.ask("SEARCH", "/roles", {"query": {"filter": filter_}})
    assert answer.status_code == 200, answer.text
