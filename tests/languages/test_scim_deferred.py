"""Asynchronous SCIM requests (RFC 9967, 2.5.1): accepted, done with effect once, and told of as events."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from providers.scim import bulk
from service.api.scim_noting import Interrupted
from service.api.scim_performing import perform
from service.database import Database, Transaction, Unavailable, new_key
from service.database.tables import deferred_outcomes, deferred_requests, users
from service.performing import Performer
from service.sealing import Sealer
from service.users import deferred
from service.users.deferred import Held, Lost
from tests.core.people import all_rows
from tests.languages.test_connections import change, the_log
from tests.languages.test_provisioning_events import PROV, Application, soon, told
from tests.languages.test_scim_bulk import _making as making
from tests.languages.test_scim_users import JENSEN, PATCH, USER, Okta
from tests.served import PASSWORD, Served, served

ANSWER = "urn:ietf:params:scim:event:misc:asyncresp"
ASYNC = {"Prefer": "respond-async"}
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


async def later(okta: Okta, method: str, path: str, body: object = None, **more: Any) -> Any:
    """The txn and the address of a request that is accepted."""
    headers = {**ASYNC, **more}
    answer = await okta.house.ask(method, f"/scim/v2{path}", body, token=okta.token, headers=headers)
    assert (answer.status_code, answer.content) == (202, b""), answer.text
    assert answer.headers["preference-applied"] == "respond-async"
    return answer.headers["set-txn"], answer.headers.get("location")


async def outcomes(application: Application, *txns: str) -> dict[str, Any]:
    """The claims of these, by their txn, once all are there; what else is told is taken away on the way."""
    found: dict[str, Any] = {}
    for _ in range(20):
        asked = await application.ask({"ack": [one["jti"] for one in found.values()]})
        claims = [await application.read(token) for token in asked.json()["sets"].values()]
        found |= {one["txn"]: one for one in claims if ANSWER in one["events"]}
        if found.keys() >= set(txns):
            return found
        await application.fetch(*[one["jti"] for one in claims], maxEvents=0)
    raise AssertionError(f"{txns} were not told of, but {sorted(found)}")


async def outcome(application: Application, txn: str) -> Any:
    return (await outcomes(application, txn))[txn]


async def test_the_example_of_2_5_1(house: Served) -> None:
    okta, application = await told(house)
    key = (await okta.add())["id"]
    txn, place = await later(okta, "PUT", f"/Users/{key}", {**JENSEN, "nickName": "Barb"})
    assert place == f"{house.url}/scim/v2/Users/{key}"
    claims = await outcome(application, txn)
    assert claims["sub_id"] == {"format": "scim", "uri": f"/Users/{key}"}
    assert claims["events"] == {
        ANSWER: {"location": place, "method": "PUT", "version": 'W/"2"', "status": "200"}
    }
    assert (await okta.ask("GET", f"/Users/{key}")).json()["nickName"] == "Barb"


async def test_every_method_and_its_txn_in_all_events_of_the_request(house: Served) -> None:
    okta, application = await told(house)
    txn, place = await later(okta, "POST", "/Users", {**JENSEN, "password": PASSWORD})
    made = await outcome(application, txn)
    key = place.rpartition("/")[2]
    assert made["events"][ANSWER]["status"] == "201" and made["sub_id"]["uri"] == f"/Users/{key}"
    (row,) = await house.house.database.read(all_rows, users, id=key)
    assert await house.house.hasher.verify(row["password_hash"], PASSWORD)
    await application.drain()
    operations = [{"op": "replace", "path": "active", "value": False}]
    txn, _ = await later(okta, "PATCH", f"/Users/{key}", {"schemas": [PATCH], "Operations": operations})
    await soon(lambda: _told(application, 2))
    both = await application.drain()
    assert [one["txn"] for one in both] == [txn, txn]
    assert {name for one in both for name in one["events"]} == {
        f"{PROV}patch:notice",
        f"{PROV}deactivate",
        ANSWER,
    }
    group = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": key}]}
    txn, place = await later(okta, "POST", "/Groups", group)
    await outcome(application, txn)
    assert (await okta.ask("GET", f"/Groups/{place.rpartition('/')[2]}")).json()["meta"]["location"] == place
    txn, place = await later(okta, "DELETE", f"/Users/{key}")
    gone = await outcome(application, txn)
    assert gone["events"][ANSWER] == {"location": place, "method": "DELETE", "status": "204"}
    assert (await okta.ask("GET", f"/Users/{key}")).status_code == 404


async def _told(application: Application, number: int) -> bool:
    return len(await application.fetch()) == number


async def test_what_goes_wrong_is_told_as_an_error(house: Served) -> None:
    okta, application = await told(house)
    key = (await okta.add())["id"]
    stranger = new_key()
    tried = [
        ("POST", "/Users", JENSEN, {}, 409, "uniqueness", "/Users"),
        ("POST", "/Users", {"schemas": [USER]}, {}, 400, "invalidValue", "/Users"),
        ("PUT", f"/Users/{stranger}", JENSEN, {}, 404, None, f"/Users/{stranger}"),
        ("PUT", f"/Users/{key}", JENSEN, {"If-Match": 'W/"7"'}, 412, None, f"/Users/{key}"),
        ("PUT", f"/Users/{key}", [JENSEN], {}, 400, "invalidSyntax", f"/Users/{key}"),
        ("DELETE", f"/Groups/{key}", None, {}, 404, None, f"/Groups/{key}"),
    ]  # fmt: skip
    for method, path, body, headers, status, type_, subject in tried:
        txn, _ = await later(okta, method, path, body, **headers)
        claims = await outcome(application, txn)
        answer = claims["events"][ANSWER]
        assert (answer["method"], answer["status"]) == (method, str(status)), answer
        assert answer["response"]["status"] == str(status) and answer["response"].get("scimType") == type_
        assert claims["sub_id"]["uri"] == subject
    assert (await okta.ask("GET", f"/Users/{key}")).json()["meta"]["version"] == 'W/"1"'


async def test_what_cannot_be_a_request_is_refused_at_once(house: Served) -> None:
    okta, application = await told(house)
    key, headers = (await okta.add())["id"], ASYNC
    await application.drain()
    too_many = {"schemas": [bulk.BULK_REQUEST], "Operations": [making("x", str(n)) for n in range(1001)]}
    for method, path, body, status in (
        ("PUT", "/Users/nobody", JENSEN, 404), ("PATCH", f"/Users/{key}", {"Operations": []}, 400),
        ("POST", "/Bulk", {"Operations": 5}, 400), ("POST", "/Bulk", too_many, 413), ("POST", "/Nothing", {}, 404),
    ):  # fmt: skip
        refused = await okta.ask(method, path, body, headers=headers)
        assert refused.status_code == status and refused.json()["detail"], (path, refused.text)
    broken = await house.ask(
        "POST",
        "/scim/v2/Users",
        token=okta.token,
        content=b"{",
        headers={**headers, "content-type": "application/json"},
    )
    assert broken.status_code == 400
    for token in (None, "nonsense", application.token):
        assert (
            await house.ask("POST", "/scim/v2/Users", JENSEN, token=token, headers=headers)
        ).status_code == 401
    assert await house.house.database.read(all_rows, deferred_requests) == []


async def test_each_operation_of_a_bulk_is_told_of(house: Served) -> None:
    okta, application = await told(house)
    key = (await okta.add())["id"]
    body = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "bulkId:b"}, {"value": key}]}
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": body},
        making("a"), making("bjensen@example.com", "taken"), making("b"),
        {"method": "DELETE", "path": f"/Users/{key}"},
        {"method": "FETCH\0", "path": f"/{'x' * 500}\0"},
    ]  # fmt: skip
    txn, place = await later(
        okta, "POST", "/Bulk", {"schemas": [bulk.BULK_REQUEST], "Operations": operations}
    )
    assert place is None
    names = [f"{txn}:{n}" for n in range(6)]
    found = await outcomes(application, *names)
    answers = [found[name]["events"][ANSWER] for name in names]
    assert [one["status"] for one in answers] == ["201", "201", "409", "201", "204", "400"]
    assert [one.get("bulkId") for one in answers] == ["g", "a", "taken", "b", None, None]
    assert (
        found[names[0]]["sub_id"]["uri"].startswith("/Groups/")
        and found[names[5]]["sub_id"]["uri"] == "/Bulk"
    )
    assert found[names[2]]["sub_id"]["uri"] == "/Users" and answers[2]["response"]["scimType"] == "uniqueness"
    names = [one["txn"] for one in await application.drain() if ANSWER not in one["events"]]
    assert set(names) <= {txn}


async def test_what_fail_on_errors_leaves_alone_is_told_too(house: Served) -> None:
    okta, application = await told(house)
    await okta.add()
    operations = [making("bjensen@example.com", "taken"), making("a"), making("b")]
    body = {"schemas": [bulk.BULK_REQUEST], "Operations": operations, "failOnErrors": 1}
    txn, _ = await later(okta, "POST", "/Bulk", body)
    found = await outcomes(application, *(f"{txn}:{n}" for n in range(3)))
    statuses = [found[f"{txn}:{n}"]["events"][ANSWER]["status"] for n in range(3)]
    assert statuses[0] == "409" and statuses[1:] in (["424", "424"], ["201", "201"]), statuses
    assert (await okta.ask("GET", "/Users", params={"count": 0})).json()["totalResults"] == 1


async def test_who_waits_a_while_gets_the_usual_answer(house: Served) -> None:
    okta, _ = await told(house)
    headers = {"Prefer": "respond-async, wait=20"}
    made = await okta.ask("POST", "/Users", JENSEN, headers=headers)
    key = made.json()["id"]
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"') and made.headers["location"].endswith(
        key
    )
    assert (await okta.ask("POST", "/Users", JENSEN, headers=headers)).json()["scimType"] == "uniqueness"
    patched = await okta.patch(key, {"op": "replace", "path": "title", "value": "Guide"}, headers=headers)
    assert (patched.status_code, patched.json()["title"]) == (200, "Guide")
    many = await okta.ask(
        "POST", "/Bulk", {"schemas": [bulk.BULK_REQUEST], "Operations": [making("a")]}, headers=headers
    )
    assert many.json()["Operations"][0]["status"] == "201"
    assert (await okta.ask("DELETE", f"/Users/{key}", headers=headers)).status_code == 204


async def test_where_nobody_is_told_the_preference_is_passed_over(house: Served) -> None:
    okta, application = await told(house)
    await change(house, application.connection, events=False)
    answer = await okta.ask("POST", "/Users", JENSEN, headers=ASYNC)
    assert answer.status_code == 201 and "preference-applied" not in answer.headers
    await change(house, application.connection, events=True)
    read = await okta.ask("GET", f"/Users/{answer.json()['id']}", headers=ASYNC)
    found = await okta.ask("POST", "/Users/.search", {"filter": "userName pr"}, headers=ASYNC)
    assert (read.status_code, found.status_code) == (200, 200)


async def test_the_log_has_it_as_accepted_and_as_done(house: Served) -> None:
    okta, application = await told(house)
    await okta.add()
    txn, _ = await later(okta, "POST", "/Users", {**JENSEN, "password": PASSWORD})
    await outcome(application, txn)
    txn, _ = await later(okta, "POST", "/Users", {"schemas": [USER], "userName": "a", "password": PASSWORD})
    await outcome(application, txn)
    await soon(lambda: _nothing_waits(house))
    log = await the_log(house, application.connection)
    assert [(one["method"], one["path"], one["status"]) for one in log] == [
        ("POST", "/scim/v2/Users", 201), ("POST", "/scim/v2/Users", 202),
        ("POST", "/scim/v2/Users", 409), ("POST", "/scim/v2/Users", 202), ("POST", "/scim/v2/Users", 201),
    ]  # fmt: skip
    assert log[0]["changed"][0]["action"] == "create" and log[1]["changed"] is None and log[2]["advice"]
    assert log[0]["request_id"] == log[1]["request_id"]
    assert PASSWORD not in str(log)


async def _nothing_waits(house: Served) -> bool:
    return await house.house.database.read(all_rows, deferred_requests) == []


async def test_a_rehearsal_is_told_of_and_changes_nothing(house: Served) -> None:
    okta, application = await told(house)
    await change(house, application.connection, dry_run=True)
    txn, _ = await later(okta, "POST", "/Users", JENSEN)
    claims = await outcome(application, txn)
    assert claims["events"][ANSWER]["status"] == "201"
    assert [row for row in await house.house.database.read(all_rows, users) if row["connection"]] == []


async def test_a_project_of_its_own_keeps_its_prefix(house: Served) -> None:
    okta, application = await told(house)
    answer = await house.ask("POST", "/default/scim/v2/Users", JENSEN, token=okta.token, headers=ASYNC)
    place = answer.headers["location"]
    assert place.startswith(f"{house.url}/default/scim/v2/Users/")
    claims = await outcome(application, answer.headers["set-txn"])
    assert claims["events"][ANSWER]["location"] == place and claims["sub_id"]["uri"].startswith("/Users/")


async def test_requests_are_done_in_their_order(house: Served) -> None:
    okta, application = await told(house)
    txn, place = await later(okta, "POST", "/Users", JENSEN)
    path = place.removeprefix(f"{house.url}/scim/v2")
    for n in range(8):
        body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": f"{n}"}]}
        txn, _ = await later(okta, "PATCH", path, body)
    assert (await outcome(application, txn))["events"][ANSWER]["version"] == 'W/"9"'
    assert (await okta.ask("GET", path)).json()["title"] == "7"


@pytest.fixture
async def idle(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A house in which requests stay where they are until a test does them itself."""

    async def run(_: Performer) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Performer, "run", run)
    async with served(database_url, tmp_path / "data") as house:
        yield house


async def held(house: Served) -> Held:
    (waiting,) = await house.house.database.read(deferred.ready)
    found = await house.house.database.write(deferred.claim, waiting, new_key())
    assert found is not None
    assert await house.house.database.read(deferred.ready) == []
    assert await house.house.database.write(deferred.claim, waiting, new_key()) is None
    return found


async def _expire(tx: Transaction) -> None:
    await tx.run(update(deferred_requests), held_until="2020-01-01T00:00:00.000Z")


async def people(house: Served) -> int:
    return len([row for row in await house.house.database.read(all_rows, users) if row["connection"]])


async def test_what_is_kept_is_sealed_until_it_is_done(idle: Served) -> None:
    okta, application = await told(idle)
    txn, _ = await later(okta, "POST", "/Users", {**JENSEN, "password": PASSWORD})
    (row,) = await idle.house.database.read(all_rows, deferred_requests)
    assert row["id"] == txn and PASSWORD not in str(row) and "bjensen" not in str(row)
    await perform(idle.house, await held(idle), most=1)
    assert await _nothing_waits(idle)
    assert await idle.house.database.read(all_rows, deferred_outcomes) == []
    assert (await outcome(application, txn))["events"][ANSWER]["status"] == "201"


async def test_whoever_lost_a_request_changes_nothing(idle: Served) -> None:
    okta, application = await told(idle)
    await later(okta, "POST", "/Users", JENSEN)
    slow = await held(idle)
    await idle.house.database.write(_expire)
    quick = await held(idle)
    with pytest.raises(Lost):
        await perform(idle.house, slow, most=9)
    assert await people(idle) == 0 and await application.fetch() == []
    await perform(idle.house, quick, most=9)
    assert await people(idle) == 1
    with pytest.raises(Lost):
        await perform(idle.house, slow, most=9)
    assert len(await application.fetch()) == 2


class Cut(Exception):
    """The end of a process, as far as its database sees it."""


async def test_whoever_goes_on_leaves_alone_what_is_done(
    idle: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    okta, application = await told(idle)
    key = (await okta.add())["id"]
    await application.drain()
    made = [making(f"m{n}@example.com", str(n)) for n in range(3)]
    title = [{"op": "add", "path": "phoneNumbers", "value": [{"value": "1"}]}]
    patch = {"method": "PATCH", "path": f"/Users/{key}", "data": {"schemas": [PATCH], "Operations": title}}
    member = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "bulkId:0"}]}
    group = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": member}
    wrong = {"method": "DELETE", "path": f"/Users/{new_key()}"}
    operations = [wrong, *made, patch, group]
    txn, _ = await later(okta, "POST", "/Bulk", {"schemas": [bulk.BULK_REQUEST], "Operations": operations})
    whole, cuts = deferred.tell, 0

    async def tell_and_die(*args: Any) -> None:
        """The first effect of each attempt stays, the second is cut off within its transaction."""
        nonlocal cuts
        await whole(*args)
        cuts += 1
        if cuts % 2 == 0:
            raise Cut

    monkeypatch.setattr(deferred, "tell", tell_and_die)
    for _ in range(2):
        with pytest.raises(Cut):
            await perform(idle.house, await held(idle), most=9)
        await idle.house.database.write(_expire)
    monkeypatch.undo()
    assert (await people(idle), len(await idle.house.database.read(all_rows, deferred_outcomes))) == (4, 5)
    await perform(idle.house, await held(idle), most=9)
    claims = [one for one in await application.drain() if ANSWER in one["events"]]
    assert sorted(one["txn"] for one in claims) == [f"{txn}:{n}" for n in range(6)]
    statuses = {one["txn"][-1]: one["events"][ANSWER]["status"] for one in claims}
    assert statuses == {"0": "404", "1": "201", "2": "201", "3": "201", "4": "200", "5": "201"}
    user = (await okta.ask("GET", f"/Users/{key}")).json()
    assert user["phoneNumbers"] == [*JENSEN["phoneNumbers"], {"value": "1"}]
    (staff,) = (await okta.ask("GET", "/Groups")).json()["Resources"]
    assert len(staff["members"]) == 1 and await people(idle) == 4


class Away:
    """A database that is away after so many writes."""

    def __init__(self, database: Database, writes: int) -> None:
        self.database, self.writes = database, writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)

    async def write(self, unit: Any, *args: Any, **kwargs: Any) -> Any:
        self.writes -= 1
        if self.writes < 0:
            raise Unavailable
        return await self.database.write(unit, *args, **kwargs)


async def test_a_database_that_is_away_fails_no_operation(idle: Served) -> None:
    okta, application = await told(idle)
    body = {"schemas": [GROUP], "displayName": "Staff"}
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": f"{n}", "data": {**body, "displayName": f"{n}"}}
        for n in range(3)
    ]
    txn, _ = await later(okta, "POST", "/Bulk", {"schemas": [bulk.BULK_REQUEST], "Operations": operations})
    for writes in (0, 1, 1):
        house = msgspec.structs.replace(idle.house, database=Away(idle.house.database, writes))
        with pytest.raises(Interrupted):
            await perform(house, await held(idle), most=9)
        await idle.house.database.write(_expire)
    await perform(idle.house, await held(idle), most=9)
    found = await outcomes(application, *(f"{txn}:{n}" for n in range(3)))
    assert {one["events"][ANSWER]["status"] for one in found.values()} == {"201"}


async def test_what_can_never_be_done_is_given_up_and_told(idle: Served) -> None:
    okta, application = await told(idle)
    first, _ = await later(okta, "POST", "/Users", JENSEN)
    second, _ = await later(okta, "POST", "/Users", JENSEN)
    await perform(idle.house, await held(idle), most=0)
    house = msgspec.structs.replace(idle.house, sealer=Sealer(["another secret"]))
    await perform(house, await held(idle), most=1)
    found = await outcomes(application, first, second)
    assert {one["events"][ANSWER]["status"] for one in found.values()} == {"500"}
    assert await people(idle) == 0 and await _nothing_waits(idle)


async def test_of_a_bulk_that_is_given_up_each_operation_is_told_that_was_not_done(idle: Served) -> None:
    okta, application = await told(idle)
    key = (await okta.add())["id"]
    changing = {"method": "PATCH", "path": f"/Users/{key}", "data": [{"op": "remove", "path": "title"}]}
    body = {"schemas": [bulk.BULK_REQUEST], "Operations": [making("a"), changing, making("b")]}
    txn, _ = await later(okta, "POST", "/Bulk", body)
    request = await held(idle)
    begun = msgspec.structs.replace(request, noted={0: {"status": "201", "method": "POST"}})
    await perform(idle.house, begun, most=0)
    found = await outcomes(application, f"{txn}:1", f"{txn}:2")
    assert set(found) == {f"{txn}:1", f"{txn}:2"}  # what was done was told when it was
    answers = [found[f"{txn}:{n}"]["events"][ANSWER] for n in (1, 2)]
    assert {one["status"] for one in answers} == {"500"}
    assert found[f"{txn}:1"]["sub_id"]["uri"] == f"/Users/{key}" and answers[1]["bulkId"] == "b"
    again, _ = await later(okta, "POST", "/Bulk", body)
    await perform(idle.house, msgspec.structs.replace(await held(idle), attempts=9), most=1)
    assert (await outcomes(application, again))[again]["sub_id"]["uri"] == "/Bulk"  # nobody looked again


async def test_of_what_waits_there_is_an_end(idle: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    okta, _ = await told(idle)
    monkeypatch.setattr(deferred, "_MOST", 2)
    for _ in range(2):
        await later(okta, "POST", "/Users", JENSEN)
    refused = await okta.ask("POST", "/Users", JENSEN, headers=ASYNC)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    other, _ = await told(idle, provider="entra")
    await later(other, "POST", "/Users", JENSEN)


async def test_what_a_removed_connection_asked_for_goes_with_it(idle: Served) -> None:
    okta, application = await told(idle)
    await later(okta, "POST", "/Users", JENSEN)
    request = await held(idle)
    assert (await idle.ask("DELETE", f"/connections/{application.connection}")).status_code == 204
    await perform(idle.house, request, most=1)
    assert await _nothing_waits(idle) and await people(idle) == 0
