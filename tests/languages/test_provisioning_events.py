"""Provisioning events (RFC 9967): left by every change of a connection's people, signed, fetched and pushed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import update

from service.api.feed_bells import PLACES
from service.database import Transaction, new_key
from service.database.tables import connections, revisions
from service.database.tables import event_keys as key_table
from service.database.tables import events as event_table
from service.sealing import Sealer
from service.users import event_keys, feed
from service.users.event_keys import EventKeys
from service.users.feed import Target
from tests.core.people import all_rows
from tests.languages.test_connections import a_client, change
from tests.languages.test_scim_users import JENSEN, PATCH, Okta
from tests.served import Served, served

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PROV = "urn:ietf:params:scim:event:prov:"
OLD = "2020-01-01T00:00:00.000Z"


class Application:
    """A receiver with a token of its own, which verifies what it is given by the published keys."""

    def __init__(self, house: Served, connection: str, token: str) -> None:
        self.house, self.connection, self.token = house, connection, token
        self.path = f"/ssf/feeds/{connection}"

    async def ask(self, body: object = None, **more: Any) -> Any:
        return await self.house.ask("POST", self.path, body, token=self.token, **more)

    async def fetch(self, *ack: str, **asked: Any) -> list[dict[str, Any]]:
        """The claims of what waits, in the order in which it came."""
        answer = await self.ask({"returnImmediately": True, "ack": list(ack), **asked})
        assert answer.status_code == 200, answer.text
        sets: Mapping[str, str] = answer.json()["sets"]
        claims = [await self.read(token) for token in sets.values()]
        assert [one["jti"] for one in claims] == list(sets)
        return claims

    async def read(self, token: str) -> dict[str, Any]:
        keys = (await self.house.ask("GET", "/ssf/keys", token=None)).json()
        found = jwt.decode(token, KeySet.import_key_set(keys), ["ES256"])
        assert found.header["typ"] == "secevent+jwt"
        said: dict[str, Any] = found.claims
        assert (said["iss"], said["aud"]) == (self.house.url, self.house.url + self.path)
        return said

    async def drain(self) -> list[dict[str, Any]]:
        """What waits, which does not wait any longer."""
        claims = await self.fetch()
        await self.fetch(*[one["jti"] for one in claims], maxEvents=0)
        return claims


async def told(house: Served, **terms: Any) -> tuple[Okta, Application]:
    """A provider whose changes are told, and the application that is told of them."""
    key, okta = await a_client(house, **{"events": True, **terms})
    made = await house.ask("POST", f"/connections/{key}/tokens", {"kind": "receiver"})
    shown = made.json()["data"]
    assert shown["base_url"] == f"{house.url}/ssf/feeds/{key}"
    assert shown["token"].startswith("idb_events_")
    return okta, Application(house, key, shown["token"])


def names(claims: Mapping[str, Any]) -> list[str]:
    return [name.removeprefix(PROV) for name in claims["events"]]


async def test_the_life_of_a_user_is_told_without_a_value_of_theirs(house: Served) -> None:
    okta, application = await told(house)
    user = await okta.add(password="a long enough secret")
    key = user["id"]
    (made,) = await application.drain()
    assert made["sub_id"] == {"format": "scim", "uri": f"/Users/{key}", "externalId": "bjensen"}
    notice = made["events"][f"{PROV}create:notice"]
    assert {
        "id",
        "userName",
        "externalId",
        "name.givenName",
        "emails",
        "active",
        "password",
        "nickName",
    } <= set(notice["attributes"])
    assert notice["version"] == user["meta"]["version"] and "sub" not in made and made["txn"]

    await okta.patch(key, {"op": "replace", "path": "name.givenName", "value": "Barb"})
    await okta.patch(key, {"op": "replace", "path": "nickName", "value": "Bee"})
    await okta.patch(key, {"op": "replace", "path": "nickName", "value": "Bee"})  # changes nothing
    await okta.patch(key, {"op": "replace", "path": "active", "value": False})
    await okta.ask("PUT", f"/Users/{key}", {**JENSEN, "active": True})
    await okta.ask("DELETE", f"/Users/{key}")
    found = await application.drain()
    assert [names(one) for one in found] == [
        ["patch:notice"], ["patch:notice"], ["patch:notice", "deactivate"], ["put:notice", "activate"], ["delete"],
    ]  # fmt: skip
    payloads = [next(iter(one["events"].values())) for one in found]
    assert payloads[0] == {"attributes": ["name.givenName"], "version": 'W/"2"'}
    assert payloads[1] == {"attributes": ["nickName"], "version": 'W/"3"'}
    assert "active" in payloads[2]["attributes"] and {"active", "nickName"} <= set(payloads[3]["attributes"])
    assert payloads[4] == {}
    for value in ("Barb", "Bee", "Jensen", "secret", "@example.com"):
        assert value not in json.dumps([made, *found])
    assert await application.fetch() == []


async def test_groups_are_told_of_too(house: Served) -> None:
    okta, application = await told(house)
    user = (await okta.add())["id"]
    body = {"schemas": [GROUP], "displayName": "Staff", "externalId": "g1", "members": [{"value": user}]}
    group = (await okta.ask("POST", "/Groups", body)).json()["id"]
    operations = [{"op": "remove", "path": "members", "value": [{"value": user}]}]
    await okta.ask("PATCH", f"/Groups/{group}", {"schemas": [PATCH], "Operations": operations})
    await okta.ask("PUT", f"/Groups/{group}", {**body, "displayName": "Crew", "members": []})
    await okta.ask("DELETE", f"/Groups/{group}")
    found = (await application.drain())[1:]
    assert [names(one) for one in found] == [["create:notice"], ["patch:notice"], ["put:notice"], ["delete"]]
    assert all(one["sub_id"]["uri"] == f"/Groups/{group}" for one in found)
    payloads = [next(iter(one["events"].values())) for one in found]
    assert payloads[:3] == [
        {"attributes": ["displayName", "externalId", "members"], "version": 'W/"1"'},
        {"attributes": ["members"], "version": 'W/"2"'},
        {"attributes": ["displayName"], "version": 'W/"3"'},
    ]


async def test_what_administrators_change_here_is_told_as_well(house: Served) -> None:
    okta, application = await told(house)
    key = (await okta.add())["id"]
    await application.drain()
    for body in (
        {"first_name": "Barb"},
        {"status": "suspended"},
        {"theme_dark": "night"},
        {"status": "archived"},
    ):
        assert (await house.ask("PATCH", f"/users/{key}", body)).status_code == 200
    await house.person("nobodys@example.com")
    found = await application.drain()
    assert [names(one) for one in found] == [
        ["patch:notice"], ["patch:notice", "deactivate"], ["patch:notice"], ["delete"]
    ]  # fmt: skip
    assert found[2]["events"][f"{PROV}patch:notice"]["attributes"] == ["meta"]
    assert (await house.ask("DELETE", f"/users/{key}")).status_code == 204
    assert await application.fetch() == []  # they were gone before


async def test_a_user_who_is_taken_over_joins_the_feed(house: Served) -> None:
    _, first = await a_client(house, provider="first")
    key = (await first.add())["id"]
    owner = (await house.ask("GET", "/connections")).json()["data"][0]["id"]
    assert (await house.ask("DELETE", f"/connections/{owner}")).status_code == 204
    okta, application = await told(house, adopt=True)
    await okta.patch(key, {"op": "replace", "path": "title", "value": "Guide"})
    (found,) = await application.drain()
    assert list(found["events"]) == ["urn:ietf:params:scim:event:feed:add", f"{PROV}patch:notice"]


async def test_nothing_is_told_where_it_is_off_refused_or_rehearsed(house: Served) -> None:
    okta, application = await told(house)
    key = application.connection
    await change(house, key, dry_run=True)
    assert (await okta.ask("POST", "/Users", JENSEN)).status_code == 201
    await change(house, key, dry_run=False)
    await okta.add()
    assert (await okta.ask("POST", "/Users", JENSEN)).status_code == 409
    await change(house, key, events=False)
    await okta.add(userName="off@example.com", externalId="off", emails=[])
    assert len(await application.drain()) == 1
    other, _ = await a_client(house, provider="quiet")
    assert other and await application.fetch() == []


async def test_events_wait_until_they_are_acknowledged_and_come_in_pages(house: Served) -> None:
    okta, application = await told(house)
    for n in range(5):
        await okta.add(userName=f"p{n}@example.com", externalId=f"e{n}", emails=[])
    answer = (await application.ask({"maxEvents": 2, "returnImmediately": True})).json()
    assert (len(answer["sets"]), answer["moreAvailable"]) == (2, True)
    assert (await application.ask({"maxEvents": 0})).json() == {"sets": {}, "moreAvailable": True}
    first = await application.fetch()
    assert [one["sub_id"]["externalId"] for one in first] == [f"e{n}" for n in range(5)]
    assert await application.fetch() == first  # the same claims, word for word
    some = [one["jti"] for one in first[:2]]
    rest = await application.fetch(*some, new_key(), "no id")
    assert rest == first[2:]
    errors = {one["jti"]: {"err": "invalid_request", "description": "what is this"} for one in rest[:1]}
    assert await application.fetch(setErrs=errors) == rest[1:]


async def test_a_poll_waits_for_what_is_to_come(house: Served) -> None:
    okta, application = await told(house)
    polling = asyncio.create_task(application.ask({}))
    await asyncio.sleep(0.5)
    assert not polling.done()
    await okta.add()
    answer = await asyncio.wait_for(polling, 10)
    assert len(answer.json()["sets"]) == 1


async def test_of_many_polls_only_some_are_held(house: Served) -> None:
    okta, application = await told(house)
    polling = [asyncio.create_task(application.ask({})) for _ in range(PLACES + 2)]
    done, held = await asyncio.wait(polling, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert all(one.result().json()["sets"] == {} for one in done) and held
    await okta.add()
    answers = [(await one).json()["sets"] for one in held]
    assert sum(map(len, answers)) >= PLACES
    for path in ("/ssf/keys/%00", "/ssf/keys/" + "x" * 65):
        assert (await house.ask("GET", path, token=None)).status_code == 404
    assert (await house.ask("GET", "/ssf/keys/nobodys", token=None)).json() == {"keys": []}


async def test_a_feed_is_opened_by_its_own_receivers_alone(house: Served) -> None:
    okta, application = await told(house)
    await okta.add()
    _, person = await house.person("eve@example.com")
    for token in (okta.token, person, house.token, "idb_events_nonsense", None):
        refused = await house.ask("POST", application.path, {}, token=token)
        assert (refused.status_code, refused.json()["err"]) == (401, "authentication_failed"), refused.text
    _, other = await told(house, provider="entra")
    refused = await house.ask("POST", application.path, {"returnImmediately": True}, token=other.token)
    assert (refused.status_code, refused.json()["err"]) == (403, "access_denied")
    assert await other.fetch() == []
    for path in ("/Users", "/Groups", "/Me"):
        closed = await house.ask("GET", f"/scim/v2{path}", token=application.token)
        assert closed.status_code == 401
    tokens = (await house.ask("GET", f"/connections/{application.connection}/tokens")).json()["data"]
    (id_,) = [one["id"] for one in tokens if one["kind"] == "receiver"]
    assert (
        await house.ask("DELETE", f"/connections/{application.connection}/tokens/{id_}")
    ).status_code == 204
    assert (await application.ask({})).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        [], 5, "x", {"maxEvents": -1}, {"maxEvents": "5"}, {"maxEvents": 2.5}, {"ack": "x"}, {"ack": [1]},
        {"ack": ["x"] * 1001}, {"setErrs": []}, {"setErrs": {"x": 1}}, {"returnImmediately": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_no_poll_is_refused(house: Served, body: object) -> None:
    _, application = await told(house)
    refused = await application.ask(body)
    assert (refused.status_code, refused.json()["err"]) == (400, "invalid_request"), refused.text


async def test_keys_are_made_once_sealed_published_and_replaced(house: Served) -> None:
    assert (await house.ask("GET", "/ssf/keys", token=None)).json() == {"keys": []}
    okta, application = await told(house)
    await okta.add()
    answer = await application.ask({"returnImmediately": True})
    (token,) = answer.json()["sets"].values()
    database, sealer = house.house.database, house.house.sealer
    several = await asyncio.gather(*(database.write(EventKeys(sealer).settle, "default") for _ in range(5)))
    published = (await house.ask("GET", "/ssf/keys", token=None)).json()["keys"]
    assert [one["kid"] for one in published] == [several[0].kid] and len({one.kid for one in several}) == 1
    assert not published[0].keys() & {"d", "k"}
    (row,) = await database.read(all_rows, key_table)
    assert '"d"' not in row["private"]
    await database.write(_age)
    newer = await database.write(EventKeys(sealer).settle, "default")
    assert newer.kid != several[0].kid
    foreign = await database.write(EventKeys(Sealer(["another secret"])).settle, "default")
    assert len({newer.kid, foreign.kid, several[0].kid}) == 3
    assert (await application.read(token))["events"]  # what was signed before is still verified
    stranger = ECKey.generate_key("P-256", {"kid": published[0]["kid"]})
    forged = jwt.encode(
        {"alg": "ES256", "kid": published[0]["kid"], "typ": "secevent+jwt"}, {}, stranger, ["ES256"]
    )
    with pytest.raises(BadSignatureError):
        await application.read(forged)


async def _age(tx: Transaction) -> None:
    await tx.run(update(key_table), created_at=OLD)
    await tx.run(update(event_table), at=OLD)


async def test_what_nobody_fetches_is_forgotten_in_the_end(house: Served) -> None:
    okta, application = await told(house)
    await okta.add()
    assert len(await application.fetch()) == 1
    database = house.house.database
    await database.write(feed.prune)
    assert len(await application.fetch()) == 1
    await database.write(_age)
    await database.write(EventKeys(house.house.sealer).settle, "default")
    await database.write(feed.prune)
    assert await application.fetch() == []
    await database.write(event_keys.prune)
    assert len(await database.read(all_rows, key_table)) == 2  # the newer one is too young
    await database.write(_age)
    await database.write(event_keys.prune)
    assert len(await database.read(all_rows, key_table)) == 1


async def test_a_removed_connection_takes_its_events_with_it(house: Served) -> None:
    okta, application = await told(house)
    await okta.add()
    assert (await house.ask("DELETE", f"/connections/{application.connection}")).status_code == 204
    assert (await application.ask({})).status_code == 401
    assert await house.house.database.read(all_rows, event_table) == []


async def test_what_can_be_told_is_discovered(house: Served) -> None:
    okta, application = await told(house)
    for token in (None, house.token, application.token, "nonsense"):
        config = await house.ask("GET", "/scim/v2/ServiceProviderConfig", token=token)
        assert "securityEvents" not in config.json()  # which clients that are older than it refuse
    config = (await okta.ask("GET", "/ServiceProviderConfig")).json()
    assert config["securityEvents"]["asyncRequest"] == "request"
    assert f"{PROV}create:notice" in config["securityEvents"]["eventUris"]


async def soon(check: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(600):
        if await check():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about within 30 seconds")


class Place:
    """An application that is pushed to: `answers` are its next statuses, then 202."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[int] = []
        self.said = ""
        self.heads: list[str] = []
        self.got: list[str] = []
        self.refused: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length: ")[1].split("\r\n")[0])
        token = (await reader.readexactly(size)).decode()
        status = self.answers.pop(0) if self.answers else 202
        self.heads.append(head)
        (self.got if status == 202 else self.refused).append(token)
        size = len(self.said)
        writer.write(
            f"HTTP/1.1 {status} -\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{self.said}".encode()
        )
        await writer.drain()
        writer.close()

    async def has(self, number: int) -> None:
        async def enough() -> bool:
            return len(self.got) >= number

        await soon(enough)


@asynccontextmanager
async def a_place() -> AsyncIterator[Place]:
    place = Place()
    server = await asyncio.start_server(place.talk, "127.0.0.1", 0)
    place.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
    async with server:
        yield place


async def test_events_are_pushed_and_pushed_again(database_url: str, tmp_path: Path) -> None:
    allowed = {"OUTBOUND_IP_ALLOW_LIST": "127.0.0.1/32"}
    async with (
        a_place() as place,
        served(database_url, tmp_path, lambda _: allowed, worker=True) as house,
    ):
        okta, application = await told(house, events_url=place.url)
        await okta.add()
        await place.has(1)
        claims = await application.read(place.got[0])
        assert names(claims) == ["create:notice"]
        assert "content-type: application/secevent+jwt" in place.heads[0]
        place.answers = [500]
        await okta.add(userName="two@example.com", externalId="two", emails=[])
        await soon(lambda: _postponed(house))
        assert len(place.refused) == 1
        await house.house.database.write(_due)
        await place.has(2)
        again, refused = await application.read(place.got[1]), await application.read(place.refused[0])
        assert again == refused and again["sub_id"]["externalId"] == "two"
        await soon(lambda: _empty(house))
        assert await application.fetch() == []


async def test_what_came_first_is_pushed_first_whatever_becomes_of_it(house: Served) -> None:
    okta, application = await told(house, events_url="https://nowhere.example.com")
    for n in range(4):
        await okta.add(userName=f"p{n}@example.com", externalId=f"e{n}", emails=[])
    database, target = house.house.database, Target("default", application.connection, "", None)

    async def claimed(limit: int = 9) -> list[str | None]:
        return [one.external_identifier for one in await database.write(feed.claim, target, limit, 60.0)]

    both = await asyncio.gather(claimed(2), claimed(2))
    assert sorted(both) == [[], ["e0", "e1"]]  # whoever came second finds the way taken
    first, second, *_ = await database.read(feed.waiting, "default", application.connection, 9)
    await database.write(feed.settle, "default", application.connection, [first.id])
    await database.write(feed.postpone, target, [second])
    assert await claimed() == []  # those behind it wait
    await database.write(feed.release, target, [second])
    assert await claimed() == ["e1", "e2", "e3"]


async def test_what_an_application_can_never_read_holds_up_nothing(database_url: str, tmp_path: Path) -> None:
    allowed = {"OUTBOUND_IP_ALLOW_LIST": "127.0.0.1/32"}
    async with (
        a_place() as place,
        served(database_url, tmp_path, lambda _: allowed, worker=True) as house,
    ):
        okta, _ = await told(house, events_url=place.url)
        place.answers, place.said = [400], '{"err": "invalid_request", "description": "what is this"}'
        await okta.add()
        await soon(lambda: _empty(house))
        await okta.add(userName="two@example.com", externalId="two", emails=[])
        await place.has(1)
        await soon(lambda: _empty(house))
        place.answers, place.said = [400], '{"err": "invalid_key"}'  # which somebody may mend
        await okta.add(userName="three@example.com", externalId="three", emails=[])
        await soon(lambda: _postponed(house))
        assert (len(place.got), len(place.refused)) == (1, 2)


async def test_pushes_prove_themselves_by_a_header_that_nobody_reads(
    database_url: str, tmp_path: Path
) -> None:
    allowed, header = {"OUTBOUND_IP_ALLOW_LIST": "127.0.0.1/32"}, f"Bearer {new_key()}"
    async with (
        a_place() as place,
        served(database_url, tmp_path, lambda _: allowed, worker=True) as house,
    ):
        okta, application = await told(house, events_url=place.url, events_authorization=header)
        await okta.add()
        await place.has(1)
        assert f"authorization: {header.lower()}\r\n" in place.heads[0]
        key = application.connection
        shown = (await house.ask("GET", f"/connections/{key}")).json()["data"]
        assert shown["events_authorization"] == "**********"
        await change(house, key, **shown)  # what was read is written back, which changes nothing
        await okta.add(userName="two@example.com", externalId="two", emails=[])
        await place.has(2)
        assert header.lower() in place.heads[1]
        for terms in ({"events_authorization": "Bearer x\r\nHost: y"}, {"events_authorization": " "}):
            assert (await house.ask("PATCH", f"/connections/{key}", terms)).status_code == 400
        asked = {"filter[events_authorization][_eq]": header}
        refused = await house.ask("GET", "/connections", params=asked)
        assert refused.status_code in (400, 403), refused.text
        for table in (connections, revisions):
            assert header not in str(await house.house.database.read(all_rows, table))
        await change(house, key, events_authorization=None)
        await okta.add(userName="three@example.com", externalId="three", emails=[])
        await place.has(3)
        assert "authorization" not in place.heads[2]


async def _empty(house: Served) -> bool:
    return await house.house.database.read(all_rows, event_table) == []


async def _postponed(house: Served) -> bool:
    rows = await house.house.database.read(all_rows, event_table)
    return any(row["next_at"] > row["at"] for row in rows) and not any(
        task.get_name() == "push" for task in asyncio.all_tasks()
    )


async def _due(tx: Transaction) -> None:
    await tx.run(update(event_table), next_at=OLD)


async def test_nothing_is_pushed_into_our_own_networks(database_url: str, tmp_path: Path) -> None:
    async with a_place() as place, served(database_url, tmp_path, worker=True) as house:
        okta, application = await told(house, events_url=place.url)
        await okta.add()
        await soon(lambda: _postponed(house))
        assert place.got == place.refused == []
        assert len(await application.fetch()) == 1
