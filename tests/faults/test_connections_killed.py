"""Processes that are killed while a provider's people come in: what is kept agrees, and work goes on."""

import asyncio
import json
import secrets
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from pathlib import Path

import httpx2

from service.database import Database, open_database
from service.database.tables import activity, imports, sync_log, users
from tests.connecting import connect
from tests.core.people import HOUSE, all_rows

ROOT = Path(__file__).parents[2]
PEOPLE = 3000
KILLS = 5


async def begin(folder: Path, url: str, secret: str, *arguments: str, **variables: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", *arguments),
        cwd=folder,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": url,
            "SECRET": secret,
            **variables,
        },
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )


async def line_of(database: Database) -> int:
    rows = await database.read(all_rows, imports)
    return int(rows[0]["line"]) if rows else 0


async def test_a_load_that_is_killed_goes_on_where_it_was(database_url: str, tmp_path: Path) -> None:
    database = await open_database(database_url)
    await database.write(connect, HOUSE, "okta")
    lines = [json.dumps({"userName": f"p{n}@example.com", "externalId": f"e{n}"}) for n in range(PEOPLE)]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    secret, before, kills = secrets.token_hex(32), 0, 0
    for _ in range(KILLS):
        process = await begin(
            tmp_path, database_url, secret, "scim-import", "people.jsonl", "--provider", "okta"
        )
        for _ in range(1500):
            if await line_of(database) > before or process.returncode is not None:
                break
            await asyncio.sleep(0.02)
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        await process.wait()
        after = await line_of(database)
        kept = await database.scan(all_rows, users)
        assert len(kept) == after, "a piece is there with its people or not at all"
        before = after
    assert kills and before
    process = await begin(tmp_path, database_url, secret, "scim-import", "people.jsonl", "--provider", "okta")
    _, said = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, said.decode()
    assert f"{PEOPLE} made, 0 were there already, 0 refused." in said.decode()
    assert len({row["user_name"] for row in await database.scan(all_rows, users)}) == PEOPLE
    await database.close()


async def _create(client: httpx2.AsyncClient, number: int, made: list[str], enough: asyncio.Event) -> None:
    try:
        answer = await client.post("/scim/v2/Users", json={"userName": f"p{number}@example.com"})
    except httpx2.TransportError:
        return
    assert answer.status_code == 201, answer.text
    made.append(answer.json()["id"])
    if len(made) == 60:
        enough.set()


async def test_what_a_killed_server_wrote_is_in_the_log_and_nothing_else(
    database_url: str, tmp_path: Path
) -> None:
    database = await open_database(database_url)
    token = await database.write(connect, HOUSE, "okta")
    made: list[str] = []
    enough = asyncio.Event()
    process = await begin(tmp_path, database_url, secrets.token_hex(32), "serve", "--port", "0")
    assert process.stderr is not None
    url = ""
    async with asyncio.timeout(60):
        while not url:
            said = json.loads(await process.stderr.readline())
            url = str(said.get("url", "")) if "listening" in said.values() else ""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, verify=False) as client:
        work = asyncio.gather(*(_create(client, number, made, enough) for number in range(300)))
        await asyncio.wait_for(enough.wait(), 60)
        process.send_signal(signal.SIGKILL)
        await work
    await process.communicate()
    there = {row["id"] for row in await database.scan(all_rows, users) if row["connection"] is not None}
    logged = Counter(
        one["id"] for row in await database.scan(all_rows, sync_log) for one in row["changed"] or ()
    )
    happened = {row["item"] for row in await database.scan(all_rows, activity) if row["action"] == "create"}
    assert set(made) <= there, "what was acknowledged is there"
    assert set(logged) == there <= happened and set(logged.values()) == {1}
    await database.close()
