"""@directus/sdk-js 6.3.0, unmodified, as the judge of the 8 generation: the life of a user."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.languages.eights import WORDS, another, ben
from tests.peers import clients, node
from tests.peers.clients import Client
from tests.served import PASSWORD, Served

PROJECT = "thumper"


class Refused(Exception):
    """The SDK threw what the service had answered."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Sdk8:
    """One client of the SDK."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, call: str, *given: Any) -> Any:
        """Call a method of the client. Raises Refused."""
        answer = await self._client.say({"call": call, "with": given})
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer["value"]


@pytest.fixture
async def sdk(house: Served) -> AsyncIterator[Sdk8]:
    """A client in which the administrator of a project has signed in."""
    if why := node.missing("directus-sdk-8"):
        pytest.skip(why)
    token = await another(house, PROJECT)
    body = {"password": PASSWORD}
    assert (await house.ask("PATCH", f"/{PROJECT}/users/me", body, token=token)).status_code == 200
    async with clients.running("sdk8.mjs", house.url, PROJECT) as client:
        sdk = Sdk8(client)
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

    both = [{"id": number, "title": "Chef"}, {"id": me["id"], "title": "Chief"}]
    changed = (await sdk("updateItems", "directus_users", both))["data"]
    assert [(one["id"], one["title"]) for one in changed] == [(number, "Chef"), (me["id"], "Chief")]
    with pytest.raises(Refused) as nowhere:
        await sdk("revert", "directus_users", number, revisions[0]["id"])
    told = f"Route /{PROJECT}/users/{number}/revert/{revisions[0]['id']} not found"
    assert (nowhere.value.code, str(nowhere.value)) == (1, told)

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
