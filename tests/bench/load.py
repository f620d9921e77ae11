"""The load, in a process of its own: takes a plan as JSON on stdin, gives what came of it on stdout."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count, cycle
from urllib.parse import quote

import msgspec
import uvloop

from tests.bench import seed
from tests.bench.processes import cpu_seconds, family_seconds
from tests.bench.wire import Drain, Repeater, Wire, connect, request

WARM_SECONDS = 0.4


class Plan(msgspec.Struct, kw_only=True):
    """What to do: `ask` as fast as it goes, `create` new users so, `paced` at a rate while people sign in, or
    `sync` new users: look each up first."""

    kind: str = "ask"
    url: str
    server: int  # pid whose CPU is counted
    database: int | None = None  # pid of a PostgreSQL, counted with its children
    token: str | None = None
    method: str = "GET"
    paths: list[str] = []
    bodies: list[str] = []  # each for all paths, one after the other
    connections: int = 16
    seconds: float = 3.0
    rate: float = 200.0  # paced: requests a second
    logins: int = 0  # paced: how many sign-ins are in flight all the time
    login: str = ""  # their body
    exported: str = ""  # paced: the address of an export that is under way all the time
    first: int = 0  # sync: the number of the first person
    count: int = 0  # sync: how many


class Outcome(msgspec.Struct):
    """What came of it: times in seconds, CPU in seconds of the whole window."""

    requests: int
    seconds: float
    server: float
    database: float
    p50: float
    p99: float
    logins: int = 0
    exported: float = 0  # users, each of which is a line


class Window:
    """The time that counts, and the CPU that was used in it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.times: list[float] = []
        self.logins = 0
        self.exported = 0
        self._server, self._database = self._used()
        self._began = time.perf_counter()

    def _used(self) -> tuple[float, float]:
        database = self._plan.database
        return cpu_seconds(self._plan.server), 0.0 if database is None else family_seconds(database)

    def close(self) -> Outcome:
        seconds = time.perf_counter() - self._began
        server, database = self._used()
        ordered = sorted(self.times) or [0.0]
        return Outcome(
            len(self.times),
            seconds,
            server - self._server,
            database - self._database,
            ordered[len(ordered) // 2],
            ordered[int(len(ordered) * 0.99)],
            self.logins,
            self.exported,
        )


async def _ask(wire: Wire, sent: bytes, *good: int) -> bytes:
    answer = await wire.ask(sent)
    assert answer.status in good, f"{answer.status} for {sent[:100]!r}: {answer.body[:300]!r}"
    return answer.body


async def _wires(url: str, number: int) -> list[Wire]:
    return [await connect(url, Wire) for _ in range(number)]


async def _all(work: Callable[[Wire], Awaitable[None]], wires: Sequence[Wire]) -> None:
    async with asyncio.TaskGroup() as group:
        for wire in wires:
            group.create_task(_run(work, wire))


async def _run(work: Callable[[Wire], Awaitable[None]], wire: Wire) -> None:
    await work(wire)
    wire.close()


def _asked(plan: Plan) -> Iterator[bytes]:
    if plan.kind == "create":
        people = map(seed.resource, count(seed.fresh()))
        return (request("POST", "/scim/v2/Users", plan.token, body) for body in people)
    bodies = [body.encode() for body in plan.bodies] or [None]
    return cycle([request(plan.method, path, plan.token, body) for body in bodies for path in plan.paths])


async def ask(plan: Plan) -> Outcome:
    """Every connection asks again as soon as it has its answer."""
    asked = _asked(plan)
    ends = time.perf_counter() + WARM_SECONDS + plan.seconds
    times: list[float] = []
    repeaters = [
        await connect(plan.url, lambda: Repeater(asked, ends, times)) for _ in range(plan.connections)
    ]
    await asyncio.sleep(WARM_SECONDS)
    window = Window(plan)
    times.clear()
    await asyncio.gather(*(repeater.done for repeater in repeaters))
    window.times = times
    return window.close()


async def paced(plan: Plan) -> Outcome:
    """One request after another at a rate, and the time from when each was due; others are busy meanwhile."""
    sent = request("GET", plan.paths[0], plan.token)
    signing_in = request("POST", "/auth/login", body=plan.login.encode())
    wires = await _wires(plan.url, plan.connections)
    others = await _wires(plan.url, plan.logins)
    window, began = Window(plan), time.perf_counter()
    ends = began + plan.seconds
    numbers = count()

    async def client(wire: Wire) -> None:
        while (due := began + next(numbers) / plan.rate) < ends:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _ask(wire, sent, 200)
            window.times.append(time.perf_counter() - due)

    async def person(wire: Wire) -> None:
        while time.perf_counter() < ends:
            await _ask(wire, signing_in, 200)
            window.logins += 1

    async def exporter() -> None:
        while plan.exported and time.perf_counter() < ends:
            window.exported += await _export(plan, ends)

    async with asyncio.TaskGroup() as group:
        group.create_task(_all(client, wires))
        group.create_task(_all(person, others))
        group.create_task(exporter())
    return window.close()


async def _export(plan: Plan, ends: float) -> int:
    """How many users came of an export until its end, or until the time is over."""
    drain = await connect(plan.url, Drain)
    drain.send(request("GET", plan.exported, plan.token))
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, ends - time.perf_counter())):
            await drain.done
    drain.close()
    assert drain.status in (0, 200), drain.status  # 0: the time was over before the first byte
    return drain.lines


async def sync(plan: Plan) -> Outcome:
    """What an identity provider does with new people: looks each up, finds nobody, creates them."""
    numbers = iter(range(plan.first, plan.first + plan.count))

    async def client(wire: Wire) -> None:
        for number in numbers:
            began = time.perf_counter()
            wanted = quote(f'userName eq "{seed.user_name(number)}"')
            found = await _ask(wire, request("GET", f"/scim/v2/Users?filter={wanted}", plan.token), 200)
            assert b'"totalResults":0' in found, found
            body = seed.resource(number)
            await _ask(wire, request("POST", "/scim/v2/Users", plan.token, body), 201)
            window.times.append(time.perf_counter() - began)

    wires = await _wires(plan.url, plan.connections)
    window = Window(plan)
    await _all(client, wires)
    return window.close()


KINDS = {"ask": ask, "create": ask, "paced": paced, "sync": sync}

if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(KINDS[given.kind](given))))
