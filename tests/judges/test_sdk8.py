"""@directus/sdk-js 6.3.0, unmodified, as the judge of the 8 generation: the life of a user."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.languages.eights import WORDS, another, ben
from tests.peers.oidc import PEERS, node
from tests.served import PASSWORD, Served

PATIENCE = 30  # seconds for one answer
PROJECT = "thumper"


class Refused(Exception):
    """The SDK threw what the service had answered."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Sdk8:
    """One client of the SDK."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def __call__(self, call: str, *given: Any) -> Any:
        """Call a method of the client. Raises Refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, "with": given}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert line, f"node ended at {call}"
        answer = json.loads(line)
        assert "broken" not in answer, answer["broken"]
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer["value"]


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Sdk8]:
    """A client for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        node() or "node",
        "sdk8.mjs",
        url,
        PROJECT,
        cwd=PEERS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    try:
        yield Sdk8(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


@pytest.fixture
async def sdk(house: Served) -> AsyncIterator[Sdk8]:
    """A client in which the administrator of a project has signed in."""
    if node() is None or not (PEERS / "node_modules" / "directus-sdk-8").is_dir():
        pytest.skip("the npm peers are not installed (make setup-test)")
    token = await another(house, PROJECT)
    body = {"password": PASSWORD}
    assert (await house.ask("PATCH", f"/{PROJECT}/users/me", body, token=token)).status_code == 200
    async with client(house.url) as sdk:
        told = await sdk("login", {"email": "admin@example.com", "password": PASSWORD})
        assert told["data"]["user"]["email"] == "admin@example.com"
        yield sdk


async def test_the_life_of_a_user(sdk: Sdk8) -> None:
    assert await sdk("isLoggedIn") is True
    me = (await sdk("getMe"))["data"]
    assert (me["role"], tuple(me)) == (1, WORDS)

    role = (await sdk("createRole", {"name": "Editor"}))["data"]["id"]
    made = (await sdk("createUser", ben(role=role)))["data"]
    assert made["role"] == role
    number = made["id"]
    listed = await sdk("getUsers", {"filter": {"first_name": {"eq": "Ben"}}, "fields": ["id"], "meta": "*"})
    assert listed["data"] == [{"id": number}]
    assert listed["meta"]["filter_count"] == 1
    assert (await sdk("getUser", number, {"fields": ["email", "role.name"]}))["data"] == {
        "email": "demo@example.com",
        "role": {"name": "Editor"},
    }
    assert (await sdk("updateUser", number, {"title": "Chief"}))["data"]["title"] == "Chief"
    revisions = (await sdk("getItemRevisions", "directus_users", number))["data"]
    assert [one["delta"] for one in revisions][1:] == [{"title": "Chief"}]
    assert (await sdk("getActivity", {"limit": 1}))["data"][0]["id"] > 0

    await sdk("deleteItem", "directus_users", number)
    with pytest.raises(Refused) as gone:
        await sdk("getUser", number)
    assert gone.value.code == 203


async def test_a_token_is_renewed_and_ends(sdk: Sdk8) -> None:
    token = await sdk("token")
    newer = (await sdk("refresh", token))["data"]["token"]
    assert newer.count(".") == 2
    await sdk("logout")
    with pytest.raises(Refused) as refused:
        await sdk("getMe")
    assert refused.value.code in (3, 101)


async def test_who_gets_it_wrong_is_told(sdk: Sdk8) -> None:
    for given, code in (
        ({"email": "admin@example.com", "password": "wrong"}, 100),
        ({"email": "nobody@example.com", "password": PASSWORD}, 100),
    ):
        with pytest.raises(Refused) as refused:
            await sdk("login", given)
        assert refused.value.code == code
