"""@directus/sdk-js 9.0.0-rc.34, unmodified, as the judge of what early clients of the 9 generation ask for."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.languages.eights import invitation
from tests.languages.factors import code
from tests.peers import clients, node
from tests.peers.clients import Client
from tests.served import PASSWORD, Served

NEW_PASSWORD = "a river of quiet stones"


class Refused(Exception):
    """The service had refused what the SDK asked."""

    def __init__(self, status: int, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.status, self.code = status, errors[0]["extensions"]["code"]


class Sdk9:
    """One client of the SDK; `wire` is what its last call asked and got."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.wire: list[dict[str, Any]] = []

    async def __call__(self, call: str, *given: Any) -> Any:
        """Call a method of the client, as `users.tfa.enable`. Raises Refused."""
        answer = await self._client.say({"call": call, "with": given})
        self.wire = answer["wire"]
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer["value"]


@pytest.fixture
async def sdk(house: Served) -> AsyncIterator[Sdk9]:
    """A client in which the administrator has signed in."""
    if why := node.missing("directus-sdk-9"):
        pytest.skip(why)
    assert (await house.ask("PATCH", "/users/me", {"password": PASSWORD})).status_code == 200
    async with clients.running("sdk9.mjs", house.url) as client:
        sdk = Sdk9(client)
        await sdk("auth.login", {"email": "admin@example.com", "password": PASSWORD})
        yield sdk


async def test_the_life_of_users(house: Served, sdk: Sdk9) -> None:
    assert (await sdk("users.me.read", {"fields": ["email"]}))["data"] == {"email": "admin@example.com"}
    role = (await sdk("roles.create", {"name": "Editor"}))["data"]["id"]
    bodies = [{"email": f"{name}@example.com", "first_name": name, "role": role} for name in ("ada", "bob")]
    made = (await sdk("users.create", bodies))["data"]
    ada, bob = (one["id"] for one in made)

    query = {"filter": {"first_name": {"_in": ["ada", "bob"]}}, "fields": ["id", "role.name"], "meta": "*"}
    listed = await sdk("users.read", {**query, "sort": "-first_name"})
    assert sdk.wire[0]["path"].startswith("/users/?")
    assert listed["data"] == [{"id": key, "role": {"name": "Editor"}} for key in (bob, ada)]
    assert listed["meta"] == {"total_count": 3, "filter_count": 2}
    alone = await sdk("users.read", {"filter": {"first_name": {"_eq": "ada"}}, "single": True})
    assert alone["data"]["id"] == ada

    both = (await sdk("users.read", [bob, ada], {"fields": ["first_name"]}))["data"]
    assert sdk.wire[0]["path"].startswith(f"/users/{bob},{ada}")
    assert both == [{"first_name": "bob"}, {"first_name": "ada"}]
    assert (await sdk("users.update", ada, {"title": "Countess"}))["data"]["title"] == "Countess"
    alike = (await sdk("users.update", [ada, bob], {"location": "London"}, {"fields": ["location"]}))["data"]
    assert alike == [{"location": "London"}] * 2
    history = await sdk("revisions.read", {"filter": {"item": {"_eq": ada}}, "sort": "id"})
    assert [one["delta"] for one in history["data"]][1:] == [{"title": "Countess"}, {"location": "London"}]
    await sdk("utils.revert", history["data"][1]["id"])
    back = (await sdk("users.read", ada))["data"]
    assert (back["title"], back["location"]) == ("Countess", None)
    assert (await sdk("activity.read", {"limit": 1}))["data"][0]["id"]

    await sdk("users.delete", [ada, bob])
    assert sdk.wire[0]["path"] == f"/users/{ada},{bob}"
    with pytest.raises(Refused) as gone:
        await sdk("users.read", ada)
    assert (gone.value.status, gone.value.code) == (403, "FORBIDDEN")


async def test_an_invited_person_comes_in_and_sets_up_a_second_factor(house: Served, sdk: Sdk9) -> None:
    await sdk("users.invite", "eve@example.com", house.role)
    token = await invitation(house, "eve@example.com")
    await sdk("users.acceptInvite", token, NEW_PASSWORD)
    eve = {"email": "eve@example.com", "password": NEW_PASSWORD}
    await sdk("auth.login", eve)
    assert (await sdk("users.me.update", {"first_name": "Eve"}))["data"]["first_name"] == "Eve"

    await sdk("users.tfa.enable", NEW_PASSWORD)
    assert sdk.wire[0]["path"] == "/users/tfa/enable"
    told = sdk.wire[0]["got"]["data"]
    assert told.keys() == {"secret", "otpauth_url"}
    await sdk("auth.login", {**eve, "otp": code(told["secret"])})
    with pytest.raises(Refused) as refused:
        await sdk("auth.login", eve)
    assert refused.value.code == "INVALID_OTP"
    await sdk("users.tfa.disable", code(told["secret"], 1))
    assert sdk.wire[0]["path"] == "/users/tfa/disable"
    await sdk("auth.login", eve)


async def test_tokens_are_renewed_and_end(house: Served, sdk: Sdk9) -> None:
    first = await sdk("auth.token")
    await sdk("auth.refresh")
    second = await sdk("auth.token")
    assert (await sdk("users.me.read"))["data"]["email"] == "admin@example.com"
    assert first.count(".") == second.count(".") == 2
    with pytest.raises(Refused) as refused:
        await sdk("auth.login", {"email": "admin@example.com", "password": "wrong"})
    assert (refused.value.status, refused.value.code) == (401, "INVALID_CREDENTIALS")
    await sdk("auth.password.request", "admin@example.com")
    with pytest.raises(Refused) as refused:
        await sdk("auth.password.reset", "e30.e30.e30", NEW_PASSWORD)
    assert (refused.value.status, refused.value.code) == (403, "INVALID_TOKEN")
    assert await sdk("server.ping") == "pong"
    await sdk("auth.logout")  # after which it can ask for nothing more: its header is `undefined`
    assert sdk.wire[0]["sent"] is None
    for token in (first, second):
        assert (await house.ask("GET", "/users/me", token=token)).status_code == 401
