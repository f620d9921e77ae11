"""Processes that are killed at what they have accepted to do later: each is done and told, with effect once."""

import asyncio
import json
import secrets
import signal
from collections import Counter
from pathlib import Path

import httpx2
from sqlalchemy import update

from providers.scim import bulk
from service.database import Database, Transaction, open_database
from service.database.migrations import migrate
from service.database.tables import activity, deferred_requests, events, groups, users
from service.server import listen
from tests.connecting import connect
from tests.core.people import HOUSE, all_rows
from tests.faults.test_connections_killed import begin
from tests.faults.test_events_killed import USER, is_up

KILLS = 2
PEOPLE = 6  # of each bulk, and as many groups, which are a transaction each
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def _bulk(name: str) -> dict[str, object]:
    """People, a group for each, and a phone number more for the first of them."""
    made = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": f"u{n}",
            "data": {"schemas": [USER], "userName": f"{name}-{n}"},
        }
        for n in range(PEOPLE)
    ]
    teams = [
        {
            "method": "POST", "path": "/Groups", "bulkId": f"g{n}",
            "data": {"displayName": f"{name}-{n}", "members": [{"value": f"bulkId:u{n}"}]},
        }
        for n in range(PEOPLE)
    ]  # fmt: skip
    added = [{"op": "add", "path": "phoneNumbers", "value": [{"value": "1"}]}]
    patch = {"method": "PATCH", "path": "/Users/bulkId:u0", "data": {"schemas": [PATCH], "Operations": added}}
    return {"schemas": [bulk.BULK_REQUEST], "Operations": [*made, *teams, patch]}


async def ask(url: str, token: str, name: str, number: int) -> dict[str, int]:
    """The txns of what is accepted, as far as the server lives, and how many operations each has."""
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/scim+json",
        "prefer": "respond-async",
    }
    accepted: dict[str, int] = {}
    async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=10) as client:
        for n in range(number):
            many = _bulk(f"{name}-{n}")
            one = {"schemas": [USER], "userName": f"{name}-{n}"}
            for path, body, size in (("/Bulk", many, 2 * PEOPLE + 1), ("/Users", one, 1)):
                try:
                    answer = await client.post(f"/scim/v2{path}", content=json.dumps(body))
                except httpx2.HTTPError:
                    return accepted
                assert answer.status_code == 202, answer.text
                accepted[answer.headers["set-txn"]] = size
    return accepted


async def test_what_was_accepted_is_done_and_told_once(database_url: str, tmp_path: Path) -> None:
    await migrate(database_url)
    database = await open_database(database_url)
    token = await database.write(connect, HOUSE, "okta", events=True)
    secret, accepted = secrets.token_hex(32), dict[str, int]()
    for round_ in range(KILLS + 1):
        opened = listen("127.0.0.1", 0)
        port = opened.getsockname()[1]
        opened.close()
        process = await begin(tmp_path, database_url, secret, "serve", "--port", str(port))
        assert await is_up(f"http://127.0.0.1:{port}")
        asking = asyncio.create_task(
            ask(f"http://127.0.0.1:{port}", token, str(round_), 12 if round_ < KILLS else 1)
        )
        if round_ < KILLS:
            before = len(await database.scan(all_rows, groups))
            for _ in range(300):
                if len(await database.scan(all_rows, groups)) > before + 2:
                    break
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        accepted |= await asking
    await _until_done(database)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 40) == 0
    told = Counter(row["txn"] for row in await database.scan(all_rows, events) if "answer" in row["told"])
    assert set(told.values()) == {1}
    for txn, size in accepted.items():
        names = [txn] if size == 1 else [f"{txn}:{n}" for n in range(size)]
        assert all(told[name] for name in names), txn
    people = [row for row in await database.scan(all_rows, users) if row["connection"]]
    assert len({row["user_name"] for row in people}) == len(people)
    assert {len((row["auth_data"] or {}).get("phoneNumbers", [])) for row in people} == {0, 1}
    teams = await database.scan(all_rows, groups)
    done = Counter((row["action"], row["item"]) for row in await database.scan(all_rows, activity))
    assert all(done["create", row["id"]] == 1 for row in (*people, *teams))
    statuses = Counter(
        row["told"]["answer"]["status"]
        for row in await database.scan(all_rows, events)
        if "answer" in row["told"]
    )
    assert statuses.keys() == {"200", "201"}, statuses
    assert statuses["201"] == len(people) + len(teams)
    await database.close()


async def _until_done(database: Database) -> None:
    """What the dead held is due when their lease is over, here at once."""

    async def due(tx: Transaction) -> None:
        await tx.run(
            update(deferred_requests).where(deferred_requests.c.attempts > 0),
            held_until="2020-01-01T00:00:00.000Z",
        )

    await database.write(due)
    for _ in range(300):
        if not await database.scan(all_rows, deferred_requests):
            return
        await asyncio.sleep(0.1)
    left = await database.scan(all_rows, deferred_requests)
    raise AssertionError([(row["id"], row["attempts"], row["held_until"], row["owner"]) for row in left])
