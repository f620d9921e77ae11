"""Subscriptions message by message: whom they let in, what they tell to whom, and how they end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from service.api import watch
from service.api.graphql import sockets, telling
from service.api.places import Places
from tests.languages.graph import refused
from tests.served import PASSWORD, Served, served

PROTOCOL = "graphql-transport-ws"
PATIENCE = 5  # seconds
USERS = "subscription { directus_users_mutated { key event data { email } } }"


class Socket:
    """One that is open."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> Any:
        return json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE))

    async def start(self, token: str) -> None:
        await self.say({"type": "connection_init", "payload": {"access_token": token}})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, id_: str = "1") -> None:
        """Begin; what is heard next was said after the service has heard of it."""
        await self.say({"type": "subscribe", "id": id_, "payload": {"query": query}})
        await self.say({"type": "ping"})
        assert await self.hear() == {"type": "pong"}

    async def end(self) -> int:
        """The code that the service closes with; nothing comes before."""
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(self.connection.recv(), PATIENCE)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code


@asynccontextmanager
async def opened(
    house: Served, protocol: str = PROTOCOL, path: str = "/graphql", **headers: str
) -> AsyncIterator[Socket]:
    """A socket for as long as the block lasts."""
    url = f"ws{house.url.removeprefix('http')}{path}"
    spoken = [Subprotocol(protocol)]
    async with connect(url, subprotocols=spoken, additional_headers=headers, proxy=None) as connection:
        yield Socket(connection)


def told(key: str, event: str, email: str | None, id_: str = "1") -> object:
    data = None if email is None else {"email": email}
    payload = {"data": {"directus_users_mutated": {"key": key, "event": event, "data": data}}}
    return {"type": "next", "id": id_, "payload": payload}


async def test_another_subprotocol_is_not_spoken(house: Served) -> None:
    async with opened(house, "graphql-ws") as socket:
        assert await socket.end() == 4406


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("nonsense", 4400),
        (b"\x00\x01", 4400),
        ("[" * 5000, 4400),
        ('{"type": "shout"}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}', 4401),
        ('{"type": "connection_init"}', 4403),
        ('{"type": "connection_init", "payload": {"access_token": 7}}', 4403),
        ('{"type": "connection_init", "payload": {"access_token": "of-nobody\\r\\n"}}', 4403),
        ('{"type": "connection_init", "payload": {"access_token": "\\u00fc"}}', 4403),
        (json.dumps({"type": "ping", "payload": "x" * 70_000}), 1009),
    ],
)
async def test_whoever_begins_otherwise_is_sent_away(house: Served, said: str | bytes, code: int) -> None:
    async with opened(house) as socket:
        await socket.connection.send(said)
        assert await socket.end() == code


async def test_text_that_is_none_ends_the_socket_without_a_word_in_the_log(
    house: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    async with opened(house) as socket:
        await socket.connection.send(b"\xff\xfe", text=True)
        assert await socket.end() == 1007
    assert "Traceback" not in capfd.readouterr().err


async def test_who_says_nothing_is_not_waited_for(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "INIT", 0.1)
    async with opened(house) as socket:
        assert await socket.end() == 4408


async def test_cookies_and_addresses_let_nobody_in(house: Served) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "mode": "session"}
    await house.person("ada@example.com")
    answer = await house.ask("POST", "/auth/login", body, token=None)
    cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    assert cookie
    async with opened(house, path=f"/graphql?access_token={house.token}", cookie=cookie) as socket:
        await socket.say({"type": "connection_init"})
        assert await socket.end() == 4403


async def test_a_second_beginning_ends_the_socket(house: Served) -> None:
    async with opened(house) as socket:
        await socket.start(house.token)
        await socket.say({"type": "connection_init"})
        assert await socket.end() == 4429


async def test_a_name_that_is_taken_ends_the_socket_and_one_that_was_given_back_is_free(
    house: Served,
) -> None:
    async with opened(house) as socket:
        await socket.start(house.token)
        await socket.subscribe(USERS)
        await socket.say({"type": "complete", "id": "1"})
        await socket.subscribe(USERS)
        await socket.say({"type": "subscribe", "id": "1", "payload": {"query": USERS}})
        assert await socket.end() == 4409


@pytest.mark.parametrize(
    "query",
    [
        "{ server_ping }",
        'mutation { delete_users_item(id: "1") { id } }',
        "subscription { directus_users_mutated { nothing } }",
        "subscription { directus_users_mutated { event } directus_roles_mutated { event } }",
        "subscription { directus_users_mutated @skip(if: true) { event } }",
        "subscription { __typename }",
        "subscription { directus_activity_mutated { event } }",
        "subscription { directus_users_mutated { a: data { id } b: data { id } } }",
        "subscription { directus_users_mutated(event: login) { event } }",
        "subscription { directus_users_mutated { data {" + "role { users {" * 9 + "id" + "} }" * 9 + "} } }",
        "subscription {",
    ],
)
async def test_only_sound_subscriptions_begin(house: Served, query: str) -> None:
    async with opened(house) as socket:
        await socket.start(house.token)
        await socket.say({"type": "subscribe", "id": "x", "payload": {"query": query}})
        answer = await socket.hear()
        assert (answer["type"], answer["id"]) == ("error", "x")
        assert answer["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION"
        await socket.subscribe(USERS, "x")  # the name is free, and the socket stands


async def test_http_says_where_subscriptions_are(house: Served) -> None:
    (message,) = await refused(house, USERS)
    assert "WebSocket" in message
    assert "graphql-transport-ws" in message


async def test_a_socket_holds_so_many_subscriptions(house: Served) -> None:
    async with opened(house) as socket:
        await socket.start(house.token)
        for number in range(sockets.MOST):
            await socket.subscribe(USERS, str(number))
        await socket.say({"type": "subscribe", "id": "more", "payload": {"query": USERS}})
        answer = await socket.hear()
        assert (answer["type"], answer["id"]) == ("error", "more")
        assert "at most 20" in answer["payload"][0]["message"]


async def test_a_person_has_so_many_sockets(house: Served) -> None:
    async with opened(house) as first:
        await first.start(house.token)
        for _ in range(9):
            other = await connect(
                f"ws{house.url.removeprefix('http')}/graphql",
                subprotocols=[Subprotocol(PROTOCOL)],
                proxy=None,
            )
            await Socket(other).start(house.token)
        async with opened(house) as one_more:
            await one_more.say({"type": "connection_init", "payload": {"access_token": house.token}})
            assert await one_more.end() == 1013
        await other.close()
        async with opened(house) as in_its_place:
            await in_its_place.start(house.token)


async def test_people_are_told_of_what_they_may_read(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    rule = {
        "role": role,
        "collection": "directus_users",
        "action": "read",
        "fields": ["id", "email", "title"],
    }
    rule["permissions"] = {"title": {"_eq": "Open"}}
    assert (await house.ask("POST", "/permissions", rule)).status_code == 200
    _, token = await house.person("reader@example.com", role=role)
    shown, _ = await house.person("shown@example.com", title="Open")
    hidden, _ = await house.person("hidden@example.com")
    async with opened(house) as socket:
        await socket.start(token)
        await socket.subscribe(USERS)
        await house.ask("PATCH", f"/users/{hidden}", {"location": "here"})
        await house.ask("PATCH", f"/users/{shown}", {"location": "here"})
        assert await socket.hear() == told(shown, "update", "shown@example.com")
        await house.ask("PATCH", f"/users/{shown}", {"title": "Closed"})  # out of sight
        await house.ask("DELETE", f"/users/{hidden}")
        await house.ask("DELETE", f"/users/{shown}")
        assert await socket.hear() == told(shown, "delete", None)


async def test_who_loses_the_right_to_read_is_told_no_more(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    rule = {"role": role, "collection": "directus_users", "action": "read", "fields": ["id", "email"]}
    number = (await house.ask("POST", "/permissions", rule)).json()["data"]["id"]
    _, token = await house.person("reader@example.com", role=role)
    async with opened(house) as socket:
        await socket.start(token)
        await socket.subscribe(USERS)
        key, _ = await house.person("ada@example.com")
        assert await socket.hear() == told(key, "create", "ada@example.com")
        await house.ask("DELETE", f"/permissions/{number}")
        await house.person("grace@example.com")
        await house.ask("PATCH", "/users/me", {"title": "x"}, token=token)
        answer = await socket.hear()
        if answer["type"] == "next":  # of their own row
            assert answer["payload"]["data"]["directus_users_mutated"]["data"] == {
                "email": "reader@example.com"
            }
        else:
            assert answer["type"] == "error"


async def test_a_session_that_ends_takes_its_socket_with_it(house: Served) -> None:
    await house.person("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    tokens = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    async with opened(house) as socket:
        await socket.start(tokens["access_token"])
        await socket.subscribe(USERS)
        await house.ask("POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]}, token=None)
        assert await socket.end() == 4403


async def test_a_token_that_expires_ends_its_socket(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "LOOK", 0.1)
    async with served(database_url, tmp_path / "data", lambda _: {"ACCESS_TOKEN_TTL": "1s"}) as house:
        await house.person("ada@example.com")
        body = {"email": "ada@example.com", "password": PASSWORD}
        tokens = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
        async with opened(house) as socket:
            await socket.start(tokens["access_token"])
            assert await socket.end() == 4403


async def test_nobody_looks_while_nobody_is_told(house: Served) -> None:
    watching = house.house.watch
    assert not watching.looking
    async with opened(house) as socket:
        await socket.start(house.token)
        assert watching.looking
    for _ in range(100):  # until the service has read that the client left
        if not watching.looking:
            break
        await asyncio.sleep(0.05)
    assert not watching.looking
    async with opened(house) as socket:  # the next one is told all the same
        await socket.start(house.token)
        await socket.subscribe(USERS)
        key, _ = await house.person("ada@example.com")
        assert await socket.hear() == told(key, "create", "ada@example.com")


async def test_all_the_sockets_of_a_process_are_bounded(house: Served) -> None:
    watching = house.house.watch
    watching.people, watching.strangers = Places(each=10, most=1), Places(each=20, most=1)
    _, token = await house.person("ada@example.com")
    async with opened(house) as first, opened(house) as another:
        assert await another.end() == 1013  # while the first has not said whose it is
        await first.start(house.token)
        async with opened(house) as of_somebody_else:
            await of_somebody_else.say({"type": "connection_init", "payload": {"access_token": token}})
            assert await of_somebody_else.end() == 1013
        await first.subscribe(USERS)


async def test_who_reads_too_slowly_is_let_go(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    key, _ = await house.person("ada@example.com", description="x" * 500_000)
    long = "{ directus_users_mutated { data { a: description b: description } } }"
    async with opened(house) as socket:
        await socket.start(house.token)
        await socket.subscribe(f"subscription {long}")
        socket.connection.transport.pause_reading()
        for number in range(16):  # 16 MB, which no buffer on the way holds
            await house.ask("PATCH", f"/users/{key}?fields=id", {"title": str(number)})
            await asyncio.sleep(2 * watch.REST)
        socket.connection.transport.resume_reading()
        heard = 0
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await asyncio.wait_for(socket.connection.recv(), PATIENCE)
                heard += 1
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert 0 < heard < 16


@pytest.mark.parametrize("path", ["/users", "/graphql/other", "/"])
async def test_nothing_else_is_a_socket(house: Served, path: str) -> None:
    headers = {"connection": "Upgrade", "upgrade": "websocket"}
    answer = await house.ask("GET", path, headers=headers)
    assert answer.status_code in (200, 303, 404)
    assert (await house.ask("GET", "/graphql")).status_code == 404
