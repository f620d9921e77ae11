"""What is measured: idbridge on SQLite and on PostgreSQL, each with the same people, and bare handlers."""

import asyncio
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2

from tests.bench import seed
from tests.postgresql import PostgreSQL
from tests.running import IDBRIDGE, Running, run_idbridge, running

TOGETHER = 1000  # users in one POST
ADMIN = "admin@example.com"
# The tests' PostgreSQL forgets what a power cut would cost; here it counts, as it does for SQLite.
_DURABLE = ("fsync", "full_page_writes")


@dataclass(frozen=True)
class House:
    """A running idbridge with its people in it."""

    name: str  # of the database, as people write it
    server: Running
    database_url: str
    database_pid: int | None  # a PostgreSQL's; SQLite lives in the server
    static_token: str
    access_token: str
    scim_token: str
    password: str
    count: int
    bare: Running  # a bare Litestar handler beside it, and a list straight from the same database

    @property
    def paths(self) -> list[str]:
        """Addresses of people from all over the table."""
        return [f"/users/{seed.key(number * 37 % self.count)}" for number in range(min(1000, self.count))]

    @property
    def login(self) -> str:
        """The body of a sign-in."""
        return json.dumps({"email": ADMIN, "password": self.password})


@contextmanager
def houses(directory: Path, count: int) -> Iterator[list[House]]:
    """One on each database; all of it ends with the block."""
    with ExitStack() as stack:
        server = PostgreSQL()
        stack.callback(server.end)
        url, pid = asyncio.run(_durable(server))
        yield [
            _open(stack, "SQLite", f"sqlite:///{directory / 'idbridge.sqlite3'}", None, directory, count),
            _open(stack, "PostgreSQL", url, pid, directory, count),
        ]


async def _durable(server: PostgreSQL) -> tuple[str, int]:
    connection = await asyncpg.connect(server.url())
    for name in _DURABLE:
        await connection.execute(f"ALTER SYSTEM SET {name} = on")
    await connection.execute("SELECT pg_reload_conf()")
    for name in ("idbridge", "raw"):
        await connection.execute(f"CREATE DATABASE {name}")
    pid = int((await connection.fetchval("SELECT pg_read_file('postmaster.pid')")).split()[0])
    await connection.close()
    return server.url("idbridge"), pid


def _open(stack: ExitStack, name: str, url: str, pid: int | None, directory: Path, count: int) -> House:
    home = directory / name
    home.mkdir()
    static, password = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    environment = {
        "DATABASE_URL": url,
        "DATA_DIR": str(home),
        "SECRET": secrets.token_urlsafe(32),
        "ADMIN_EMAIL": ADMIN,
        "ADMIN_PASSWORD": password,
        "ADMIN_TOKEN": static,
        "ACCESS_TOKEN_TTL": "1h",  # so that none ends while it is measured
    }
    server = stack.enter_context(running((*IDBRIDGE, "serve", "--port", "0"), environment, home, "idbridge"))
    body = home / "body.json"
    body.write_bytes(_fill(server.url, static, count))
    command = (sys.executable, "-m", "tests.bench.bare", str(body), url)
    return House(
        name=name,
        server=server,
        database_url=url,
        database_pid=pid,
        static_token=static,
        access_token=_sign_in(server.url, password),
        scim_token=run_idbridge(environment, "scim-token", "create", "--provider", "bench"),
        password=password,
        count=count,
        bare=stack.enter_context(running(command, {}, home, "bare")),
    )


def _fill(url: str, token: str, count: int) -> bytes:
    """Create the people over REST; give what GET answers for one of them."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=120) as client:
        for first in range(0, count, TOGETHER):
            people = [seed.person(number) for number in range(first, min(first + TOGETHER, count))]
            client.post("/users?fields=id", json=people).raise_for_status()
        return client.get(f"/users/{seed.key(0)}").raise_for_status().content


def _sign_in(url: str, password: str) -> str:
    body = {"email": ADMIN, "password": password}
    answer = httpx2.post(f"{url}/auth/login", json=body, trust_env=False).raise_for_status()
    return str(answer.json()["data"]["access_token"])
