"""`idbridge serve` and `worker` as processes of their own: the first start, replicas, a port that is taken."""

import asyncio
import json
import re
import secrets
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from service.users import invitations
from service.users.model import house
from tests.core.prompt import begin, folder, idbridge, kept
from tests.post.servers import until

__all__ = ["folder"]


class Serving:
    """The service in a process of its own: its address, and all that it wrote."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.url = ""
        self.log: list[dict[str, object]] = []

    async def until_it_listens(self) -> None:
        assert self.process.stderr is not None
        while not self.url:
            line = await asyncio.wait_for(self.process.stderr.readline(), 30)
            assert line, "it ended"
            self.log.append(json.loads(line))
            self.url = str(self.log[-1].get("url", ""))

    async def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(self.process.communicate(), 30)
        self.log += [json.loads(line) for line in err.splitlines()]
        assert self.process.returncode == 0, self.log
        return out.decode()

    async def ask(self, method: str, path: str, body: object = None, token: str = "") -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60, verify=False) as client:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return await client.request(method, path, json=body, headers=headers)


@asynccontextmanager
async def serving(folder: Path, *arguments: str, **variables: str) -> AsyncIterator[Serving]:
    served = Serving(await begin(folder, "serve", "--port", "0", *arguments, **variables))
    try:
        await served.until_it_listens()
        yield served
    finally:
        if served.process.returncode is None:
            served.process.kill()
            await served.process.wait()


async def test_the_first_start_needs_nothing_and_prints_one_password_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as first:
        assert (await first.ask("GET", "/server/ping")).text == "pong"
        out = await first.stop()
    found = re.search(r"administrator is (\S+) with the password (\S+)", out)
    assert found is not None
    async with serving(tmp_path) as second:
        answer = await second.ask("POST", "/auth/login", {"email": found[1], "password": found[2]})
        assert answer.status_code == 200
        token = answer.json()["data"]["access_token"]
        assert (await second.ask("GET", "/users/me", token=token)).json()["data"]["email"] == found[1]
        assert await second.stop() == ""
    told = [line["message"] for line in second.log if line["logger"] == "service.server"]
    assert told == ["listening", "ending", "ended"]  # who reads the log knows a stop from a crash
    for text in (found[2], token, (tmp_path / "data" / "secret").read_text().strip()):
        assert text not in json.dumps(first.log + second.log)
    asked = [line for line in second.log if line["logger"] == "access"]
    assert [(line["method"], line["path"], line["status"]) for line in asked] == [
        ("POST", "/auth/login", 200),
        ("GET", "/users/me", 200),
    ]
    assert len({line["request"] for line in asked}) == 2


async def test_the_first_administrator_is_as_the_environment_says_on_postgresql(
    tmp_path: Path, postgresql_url: str
) -> None:
    token, secret = secrets.token_hex(16), secrets.token_hex(32)
    given = {
        "ADMIN_EMAIL": "ada@example.com",
        "ADMIN_PASSWORD": "correct horse battery",
        "ADMIN_TOKEN": token,
    }
    place = {"DATABASE_URL": postgresql_url, "SECRET": secret}
    async with (
        serving(tmp_path, "--no-worker", **given, **place) as one,
        serving(tmp_path, **given, **place) as other,
    ):
        for replica in (one, other):
            answer = await replica.ask("GET", "/users", token=token)
            assert [user["email"] for user in answer.json()["data"]] == ["ada@example.com"]
        login = {"email": "ada@example.com", "password": "correct horse battery"}
        access = (await one.ask("POST", "/auth/login", login)).json()["data"]["access_token"]
        assert (await other.ask("GET", "/users/me", token=access)).status_code == 200
        assert [await one.stop(), await other.stop()] == ["", ""]
    assert not any(
        text in json.dumps(one.log + other.log) for text in (token, secret, access, "correct horse")
    )


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = await idbridge(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("Cannot listen on 127.0.0.1 port")
    assert len(ended.err.splitlines()) == 1


async def test_the_worker_runs_by_itself_until_it_is_told_to_stop(folder: Path) -> None:
    async with kept(folder) as database:
        await database.write(
            invitations.invite, house("default"), ["a@example.com"], None, invitations.Terms(60)
        )
    process = await begin(folder, "worker", LOG_LEVEL="debug")
    await until(lambda: bool([*folder.glob("data/outbox/*.eml")]) or process.returncode is not None, 30)
    assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    out, log = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (0, b"")
    told = [
        line["message"] for line in map(json.loads, log.splitlines()) if line["logger"].endswith("worker")
    ]
    assert told == ["at work", "ending", "ended"]
