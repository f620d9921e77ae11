"""A server that is told to stop answers all that it was asked, cuts off nobody, and is gone soon."""

import asyncio
import json
import secrets
import signal
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.running import IDBRIDGE, PATIENCE, ROOT, clean, run_idbridge

TOKEN = secrets.token_hex(16)
AUTHORIZATION = {"authorization": f"Bearer {TOKEN}"}
SOON = 10.0  # seconds; a poll may be held for 20


class Served:
    """`idbridge serve` on SQLite."""

    def __init__(self, folder: Path) -> None:
        self.variables = {"DATA_DIR": str(folder / "data"), "ADMIN_TOKEN": TOKEN, "LOG_LEVEL": "info"}
        self.process = subprocess.Popen(
            (*IDBRIDGE, "serve", "--port", "0"),
            cwd=ROOT,
            env=clean(self.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        self.url = str(json.loads(self.process.stderr.readline())["url"])

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        place = urlsplit(self.url)
        return await asyncio.open_connection(place.hostname, place.port)

    async def end(self) -> int:
        return await asyncio.wait_for(asyncio.to_thread(self.process.wait, PATIENCE), SOON)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path)
    yield server
    server.process.kill()
    server.process.communicate()


def asking(method: str, path: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def answered(reader: StreamReader) -> tuple[int, str]:
    """Status and head of the next answer; its body is read and dropped."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SOON)).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    await reader.readexactly(length)
    return int(head.split()[1]), head


async def test_what_was_asked_is_answered_and_nothing_more(served: Served) -> None:
    idle, half = await served.connect(), await served.connect()
    idle[1].write(asking("GET", "/users/me"))
    assert (await answered(idle[0]))[0] == 200
    body = json.dumps({"email": "ada@example.com"}).encode()
    half[1].write(asking("POST", "/users", body)[: -len(body)])
    await half[1].drain()
    idle[1].write(asking("GET", "/server/ping"))  # by now the half of the other request is known, too
    assert "connection: close" not in (await answered(idle[0]))[1]

    served.process.send_signal(signal.SIGTERM)
    await refused(served)
    idle[1].write(asking("GET", "/users/me"))  # it could not know
    status, head = await answered(idle[0])
    assert (status, "connection: close" in head) == (200, True)
    assert await idle[0].read() == b""
    half[1].write(body)
    status, head = await answered(half[0])
    assert (status, "connection: close" in head) == (200, True)
    assert await served.end() == 0
    for _, writer in (idle, half):
        writer.close()


async def refused(served: Served) -> None:
    """Wait until nobody new is let in."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                _, writer = await served.connect()
            except (ConnectionRefusedError, ConnectionResetError):  # the latter just when it stops listening
                return
            writer.close()
            await asyncio.sleep(0.01)


async def test_who_waits_for_events_is_answered_at_once(served: Served) -> None:
    async with httpx2.AsyncClient(base_url=served.url, trust_env=False, timeout=SOON) as client:
        terms = {"provider": "okta", "events": True}
        made = await client.post("/connections", json=terms, headers=AUTHORIZATION)
        connection = made.json()["data"]
        token = await asyncio.to_thread(
            run_idbridge, served.variables, "scim-token", "create", "--provider", "okta", "--receiver"
        )
        poll = asyncio.create_task(
            client.post(
                f"/ssf/feeds/{connection['id']}",
                json={"maxEvents": 5, "returnImmediately": False},
                headers={"authorization": f"Bearer {token}"},
            )
        )
        assert not (await asyncio.wait({poll}, timeout=0.5))[0], poll.result().text  # it is held
        served.process.send_signal(signal.SIGTERM)
        answer = await asyncio.wait_for(poll, SOON)
    assert (answer.status_code, answer.json()["sets"]) == (200, {})
    assert await served.end() == 0
