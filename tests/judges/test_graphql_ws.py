"""graphql-ws, unmodified, as the judge of GraphQL subscriptions, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers import subscribing
from tests.peers.subscribing import Subscriber
from tests.served import Served, served

USERS = "subscription { directus_users_mutated { key event data { id email role { name } } } }"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application."""
    if why := subscribing.missing():
        pytest.skip(why)
    async with served(database_url, tmp_path) as house:
        yield house


@pytest.fixture(params=["/graphql", "/graphql/system"], ids=["directus", "system"])
async def admin(request: pytest.FixtureRequest, house: Served) -> AsyncIterator[Subscriber]:
    """A client with an administrator's token."""
    async with subscribing.subscriber(house.url, request.param) as client:
        assert await client.open(house.token) == "connected"
        yield client


async def test_a_subscriber_sees_a_user_come_change_and_go(house: Served, admin: Subscriber) -> None:
    await admin.subscribe(USERS)
    made = await house.ask("POST", "/users", {"email": "ada@example.com"})
    key = made.json()["data"]["id"]
    told = {"key": key, "event": "create", "data": {"id": key, "email": "ada@example.com", "role": None}}
    assert await admin.next() == {"value": {"data": {"directus_users_mutated": told}}}
    await house.ask("PATCH", f"/users/{key}", {"email": "lovelace@example.com", "role": house.role})
    told["event"] = "update"
    told["data"] = {"id": key, "email": "lovelace@example.com", "role": {"name": "Administrator"}}
    assert await admin.next() == {"value": {"data": {"directus_users_mutated": told}}}
    await house.ask("DELETE", f"/users/{key}")
    told = {"key": key, "event": "delete", "data": None}
    assert await admin.next() == {"value": {"data": {"directus_users_mutated": told}}}


async def test_an_event_is_chosen_by_a_variable(house: Served, admin: Subscriber) -> None:
    asked = "subscription($event: EventEnum) { told: directus_roles_mutated(event: $event) { key event } }"
    await admin.subscribe(asked, {"event": "delete"})
    key = (await house.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    await house.ask("DELETE", f"/roles/{key}")
    assert await admin.next() == {"value": {"data": {"told": {"key": key, "event": "delete"}}}}


async def test_what_is_refused_is_told_to_its_subscriber_alone(house: Served, admin: Subscriber) -> None:
    await admin.subscribe("subscription { directus_users_mutated { shoe_size } }")
    (error,) = (await admin.next())["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION"
    await admin.subscribe("subscription { directus_users_mutated { event } }")
    await house.ask("POST", "/users", {"email": "ada@example.com"})
    assert await admin.next() == {"value": {"data": {"directus_users_mutated": {"event": "create"}}}}


async def test_a_stranger_is_not_let_in(house: Served) -> None:
    async with subscribing.subscriber(house.url) as client:
        assert await client.open("a-token-of-nobody") == {"closed": 4403}


async def test_who_is_suspended_is_let_go_at_once(house: Served) -> None:
    key, token = await house.person("ada@example.com")
    async with subscribing.subscriber(house.url) as client:
        assert await client.open(token) == "connected"
        await client.subscribe("subscription { directus_users_mutated { key } }")
        await house.ask("PATCH", f"/users/{key}", {"status": "suspended"})
        assert await client.next() == {"closed": 4403}


async def test_what_another_replica_commits_is_told(house: Served, database_url: str, tmp_path: Path) -> None:
    async with served(database_url, tmp_path / "other") as other, subscribing.subscriber(house.url) as client:
        assert await client.open(house.token) == "connected"
        await client.subscribe("subscription { directus_users_mutated { event data { email } } }")
        made = await other.ask("POST", "/users", {"email": "ada@example.com"}, token=house.token)
        assert made.status_code == 200, made.text
        told = {"event": "create", "data": {"email": "ada@example.com"}}
        assert await client.next() == {"value": {"data": {"directus_users_mutated": told}}}
