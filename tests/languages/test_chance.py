"""`/utils/random/string` and `/utils/hash`: made for who is signed in, and never at the cost of signing in."""

import asyncio
import re

import pytest
from argon2 import PasswordHasher

from service.users.passwords import Hasher
from service.users.problems import TooMany
from tests.served import Served

# As the documented server makes them, and as nobody should have us make them.
THEIRS = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
DEAR = "$argon2id$v=19$m={},t={},p={}$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


async def test_a_text_by_chance_has_the_length_that_was_asked_for(house: Served) -> None:
    texts = set()
    for query, length in (("", 32), ("?length=", 32), ("?length=1", 1), ("?length=500", 500)):
        text = (await house.ask("GET", f"/utils/random/string{query}")).json()["data"]
        assert re.fullmatch(r"[A-Za-z0-9_-]+", text) and len(text) == length
        texts.add(text)
    assert len(texts) == 4
    for query in ("0", "-1", "501", "x", "1e2", "99999999999999999999"):
        answer = await house.ask("GET", f"/utils/random/string?length={query}")
        assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_QUERY", query


async def test_what_was_hashed_is_known_again(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    for text in ("a", "correct horse", "e\u0301\u00e9\U0001f600", "x" * 8192):
        made = await house.ask("POST", "/utils/hash/generate", {"string": text}, token=token)
        assert made.json()["data"].startswith("$argon2id$")
        for string, verdict in ((text, True), (text + "b", False)):
            asked = {"string": string[:8192], "hash": made.json()["data"]}
            answer = await house.ask("POST", "/utils/hash/verify", asked, token=token)
            assert answer.json() == {"data": verdict or len(text) == 8192}
    asked = {"string": "theirs", "hash": THEIRS.hash("theirs")}
    assert (await house.ask("POST", "/utils/hash/verify", asked)).json() == {"data": True}


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "$2b$12$x",
        "$argon2id$",
        DEAR.format(4_000_000, 1, 1),
        DEAR.format(65_536, 4_000_000, 1),
        DEAR.format(65_536, 1, 8_000),
    ],
)
async def test_other_hashes_and_dear_ones_are_nobodys(house: Served, kept: str) -> None:
    answer = await house.ask("POST", "/utils/hash/verify", {"string": "x", "hash": kept})
    assert (answer.status_code, answer.json()) == (200, {"data": False})


async def test_bodies_are_bounded_and_the_public_is_refused(house: Served) -> None:
    for path, body in (
        ("generate", {}), ("generate", {"string": 5}), ("generate", {"string": "x" * 8193}),
        ("generate", {"string": "x", "hash": "x"}), ("verify", {"string": "x"}), ("verify", {"hash": "x"}),
    ):  # fmt: skip
        answer = await house.ask("POST", f"/utils/hash/{path}", body)
        assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD", body
    for method, path in (
        ("GET", "/utils/random/string"),
        ("POST", "/utils/hash/generate"),
        ("POST", "/utils/hash/verify"),
    ):
        answer = await house.ask(method, path, {"string": "x", "hash": "x"}, token=None)
        assert answer.status_code == 403, path


async def test_such_work_waits_for_nobody_and_nobody_for_more_than_one_of_it() -> None:
    hasher = Hasher(threads=1)
    try:
        first = asyncio.ensure_future(hasher.hash_idly("x"))
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await hasher.hash_idly("y")
        with pytest.raises(TooMany):
            await hasher.verify_idly(THEIRS.hash("x"), "x")
        signing_in = asyncio.ensure_future(hasher.hash("a password"))
        assert await hasher.verify(await signing_in, "a password")
        await first
        assert await hasher.verify_idly(await hasher.hash_idly("z"), "z")
    finally:
        hasher.close()
