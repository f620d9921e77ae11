"""@directus/sdk's GraphQL client, unmodified, as the judge of `/graphql/system`: 26 and 13, on both databases."""

import pytest

from tests.judges.conftest import ADMIN
from tests.peers.sdk import Refused, Sdk


async def test_a_client_lives_the_life_of_a_user(admin: Sdk) -> None:
    create = """mutation Create($data: create_directus_users_input!) {
        create_users_item(data: $data) { id email role { name } } }"""
    made = await admin("query", create, {"data": {"email": "ada@example.com", "first_name": "Ada"}}, "system")
    key = made["create_users_item"]["id"]
    assert made["create_users_item"] == {"id": key, "email": "ada@example.com", "role": None}
    read = "query($id: ID!) { users_by_id(id: $id) { first_name last_access_func { year } } }"
    found = await admin("query", read, {"id": key}, "system")
    assert found["users_by_id"] == {"first_name": "Ada", "last_access_func": {"year": None}}
    change = 'mutation($id: ID!) { update_users_item(id: $id, data: { title: "Countess" }) { title } }'
    assert (await admin("query", change, {"id": key}, "system"))["update_users_item"]["title"] == "Countess"
    listed = await admin("query", '{ users(sort: ["email"]) { email } me: users_me { email } }', {}, "system")
    assert [user["email"] for user in listed["users"]] == ["ada@example.com", "admin@example.com", ADMIN]
    assert listed["me"] == {"email": ADMIN}
    remove = "mutation($id: ID!) { delete_users_item(id: $id) { id } }"
    assert (await admin("query", remove, {"id": key}, "system"))["delete_users_item"] == {"id": key}
    assert (await admin("query", read, {"id": key}, "system"))["users_by_id"] is None


async def test_what_is_refused_is_thrown(admin: Sdk) -> None:
    with pytest.raises(Refused) as caught:
        await admin("query", "{ users { shoe_size } }", {}, "system")
    assert caught.value.code == "GRAPHQL_VALIDATION"
