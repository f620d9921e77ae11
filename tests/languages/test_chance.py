"""`/utils/random/string` and `/utils/hash`: made for who is signed in, and never at the cost of signing in."""

import asyncio
import re

import pytest
from argon2 import PasswordHasher

from service.users.passwords import IDLERS, Hasher
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


async def test_such_work_takes_turns_and_who_signs_in_waits_for_one_of_it() -> None:
    hasher = Hasher(threads=1)
    ended: list[str] = []
    try:
        idle = [asyncio.ensure_future(hasher.hash_idly(str(number))) for number in range(IDLERS)]
        for one in idle:
            one.add_done_callback(lambda _: ended.append("idle"))
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await hasher.hash_idly("one too many")
        idle[0].cancel()  # who goes away does not have the next one begin before it is done
        signing_in = asyncio.ensure_future(hasher.hash("a password"))
        signing_in.add_done_callback(lambda _: ended.append("signed in"))
        assert await hasher.verify(await signing_in, "a password")
        assert ended.index("signed in") <= 2
        assert len(set(await asyncio.gather(*idle[1:]))) == IDLERS - 1
        assert await hasher.verify_idly(await hasher.hash_idly("z"), "z")
    finally:
        hasher.close()
