"""Callbacks of sign-ons through an OpenID issuer in this process, and how much of each is ours."""

import asyncio
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench.houses import House
from tests.bench.measures import Size, Table
from tests.bench.processes import cpu_seconds
from tests.bench.rounds import Progress, spread
from tests.bench.vouching import CLIENT, Issuer, vouching
from tests.bench.wire import Answer, Wire, connect
from tests.running import IDBRIDGE, ROOT, Running, running

AT_ONCE = 16  # browsers that come back
PEOPLE = 50
_BARE = "Authlib's exchange alone"


class Round(NamedTuple):
    """What a number of callbacks took: seconds, and CPU seconds of the server."""

    count: int
    seconds: float
    used: float


def sign_ons(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """Callbacks per second: everything from the code in the address to the session, people known already.

    What is not ours is what Authlib, joserfc and httpx2 take for the same exchange in a loop that does nothing
    else: code for tokens, the ID token verified, userinfo.
    """
    with TemporaryDirectory(prefix="idbridge-bench-") as home:
        found = asyncio.run(_measure(houses, size, progress, Path(home)))
    floor = [1e6 * one.used / one.count for one in found[_BARE]]
    rows: list[tuple[str, ...]] = [("", "callbacks/s", "CPU us/callback", "of which ours %")]
    for name, rounds in found.items():
        used = [1e6 * one.used / one.count for one in rounds]
        ours = [100 * (1 - bare / own) for bare, own in zip(floor, used, strict=True)]
        pace = median(one.count / one.seconds for one in rounds)
        rows.append((name, f"{pace:.0f}", spread(used), "" if name == _BARE else spread(ours)))
    return Table(f"Callbacks of sign-ons with OpenID Connect, {AT_ONCE} at once", rows)


async def _measure(
    houses: Sequence[House], size: Size, progress: Progress, home: Path
) -> dict[str, list[Round]]:
    count = max(AT_ONCE * 10, size.people // 10)
    found: dict[str, list[Round]] = {name: [] for name in (_BARE, *(house.name for house in houses))}
    async with vouching() as issuer:
        for house in houses:
            with running(
                (*IDBRIDGE, "serve", "--port", "0"), _environment(house, issuer, home), home
            ) as server:
                await _come_back(server, issuer, PEOPLE)  # once, so that everybody is known
                for number in range(size.rounds):
                    progress(f"round {number + 1} of {size.rounds}: {house.name}, callbacks")
                    found[house.name].append(await _come_back(server, issuer, count))
                    if house is houses[0]:
                        found[_BARE].append(await _exchange(issuer, count))
    return found


def _environment(house: House, issuer: Issuer, home: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": house.database_url, "DATA_DIR": str(home), "SECRET": secrets.token_urlsafe(32),
        "AUTH_PROVIDERS": "bench", "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8", "AUTH_BENCH_DRIVER": "openid",
        "AUTH_BENCH_CLIENT_ID": CLIENT, "AUTH_BENCH_CLIENT_SECRET": "secret", "AUTH_BENCH_ISSUER_URL": issuer.url,
        "AUTH_BENCH_ALLOW_PUBLIC_REGISTRATION": "true",
    }  # fmt: skip


async def _come_back(server: Running, issuer: Issuer, count: int) -> Round:
    """Everybody leaves first, which does not count; then all come back, some at once."""
    wires = [await connect(server.url, Browser) for _ in range(AT_ONCE)]
    left = [await _leave(wires[0], number) for number in range(count)]
    began, used = time.perf_counter(), cpu_seconds(server.pid)
    coming = iter(left)

    async def work(wire: Browser) -> None:
        for asked in coming:
            answer = await wire.ask(asked)
            assert answer.status == 200, answer.body

    await asyncio.gather(*map(work, wires))
    done = Round(count, time.perf_counter() - began, cpu_seconds(server.pid) - used)
    for wire in wires:
        wire.close()
    return done


async def _leave(wire: "Browser", number: int) -> bytes:
    """The request of a callback, after its departure."""
    answer = await wire.ask(b"GET /auth/login/bench HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer.status == 302, answer
    headers = dict(line.split(": ", 1) for line in wire.head.split("\r\n")[1:])
    asked = {name: values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()}
    back = {"state": asked["state"], "code": Issuer.code(asked["nonce"], f"p{number % PEOPLE}")}
    cookie = headers["set-cookie"].partition(";")[0]
    path = f"/auth/login/bench/callback?{urlencode(back)}"
    return f"GET {path} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n".encode()


class Browser(Wire):
    """A connection that remembers the head of the last answer."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self._seen = "", b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        super().data_received(data)

    def take(self, answer: Answer) -> None:
        self.head, self._seen = self._seen.partition(b"\r\n\r\n")[0].decode("latin-1"), b""
        super().take(answer)


async def _exchange(issuer: Issuer, count: int) -> Round:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.exchange",
        issuer.url,
        str(count),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    seconds, used = map(float, said.split())
    return Round(count, seconds, used)
