"""Processes that are killed while people come in and applications are told: no change without its event."""

import asyncio
import json
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import update

from service.database import Database, Transaction, open_database
from service.database.migrations import migrate
from service.database.tables import events, users
from service.server import listen
from service.users import event_keys
from tests.connecting import connect
from tests.core.people import HOUSE, all_rows
from tests.faults.test_connections_killed import begin

KILLS = 3
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@asynccontextmanager
async def an_application(got: set[str]) -> AsyncIterator[str]:
    """The address of one that takes whatever it is given."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            got.add(
                (await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))).decode()
            )
            writer.write(b"HTTP/1.1 202 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever spoke was killed
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def bring_in(url: str, token: str, name: str, number: int) -> None:
    """People, as far as the server lives."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=10) as client:
        for n in range(number):
            body = {"schemas": [USER], "userName": f"{name}-{n}@example.com", "externalId": f"{name}-{n}"}
            try:
                await client.post("/scim/v2/Users", content=json.dumps(body))
            except httpx2.HTTPError:
                return


async def is_up(url: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(300):
            try:
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return True
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.1)
    return False


async def told(database: Database, got: set[str]) -> set[str]:
    """The people of whom the application knows, by tokens that are all good."""
    keys = KeySet.import_key_set({"keys": list(await database.read(event_keys.published, "default"))})
    return {jwt.decode(token, keys, ["ES256"]).claims["sub_id"]["uri"] for token in got}


async def test_whoever_is_kept_is_told_of(database_url: str, tmp_path: Path) -> None:
    got: set[str] = set()
    await migrate(database_url)
    database = await open_database(database_url)
    secret = secrets.token_hex(32)
    async with an_application(got) as address:
        token = await database.write(connect, HOUSE, "okta", events=True, events_url=address)
        for round_ in range(KILLS + 1):
            opened = listen("127.0.0.1", 0)
            port = opened.getsockname()[1]
            opened.close()
            more = {"OUTBOUND_IP_ALLOW_LIST": "127.0.0.1/32"}
            process = await begin(tmp_path, database_url, secret, "serve", "--port", str(port), **more)
            url = f"http://127.0.0.1:{port}"
            assert await is_up(url)
            coming = asyncio.create_task(bring_in(url, token, str(round_), 400 if round_ < KILLS else 3))
            if round_ < KILLS:
                before = len(got)
                for _ in range(300):
                    if len(got) > before + 3:
                        break
                    await asyncio.sleep(0.02)
                process.send_signal(signal.SIGKILL)
                await process.wait()
            await coming
            kept = {
                f"/Users/{row['id']}" for row in await database.scan(all_rows, users) if row["connection"]
            }
            waiting = {row["subject"] for row in await database.scan(all_rows, events)}
            assert kept <= waiting | await told(database, got) and waiting <= kept
        await _hurry(database, kept, got)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 40) == 0
    await database.close()


async def _hurry(database: Database, kept: set[str], got: set[str]) -> None:
    """Until all is told: what the dead had claimed is due when its lease is over, here at once."""

    async def due(tx: Transaction) -> None:
        await tx.run(update(events), next_at="2020-01-01T00:00:00.000Z")

    for _ in range(60):
        if kept <= await told(database, got):
            return
        await database.write(due)
        await asyncio.sleep(1)
    raise AssertionError("some were not told of")
