"""How fast letters leave: our worker beside a bare aiosmtplib loop, and how soon a sleeping worker wakes."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import msgspec

from tests.bench.houses import House
from tests.bench.measures import Size, Table
from tests.bench.post import Result, Task
from tests.bench.rounds import Progress, spread
from tests.running import ROOT

AIM = 80  # percent of the bare loop's letters per second
WAKES = 100
WAKE_AIM = 50  # ms, p99
WATCH_AIM = 300  # the same for a worker apart on SQLite, which looks at it every 250 ms
_COMMAND = (sys.executable, "-m", "tests.bench.post")


def letters(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """Letters per second and CPU per letter, with 1, 4 and 16 connections; how soon a worker wakes."""
    rows: list[tuple[str, ...]] = [("", "letters/s", "CPU us/letter", "share of bare %", "aim")]
    count = size.people // 10
    with _sink() as port:
        for connections in (1, 4, 16):
            bare = Task("bare", port=port, connections=connections, count=count)
            tasks = {f"bare aiosmtplib loop, {connections} connections": bare}
            for house in houses:
                ours = msgspec.structs.replace(bare, kind="ours", url=_url(house))
                tasks[f"{house.name}, {connections} connections"] = ours
            rows += _compared(tasks, size.rounds, progress)
        rows += [_woken(house, port, elsewhere, progress) for house in houses for elsewhere in (False, True)]
    return Table("Letters to a local sink, each written and sent", rows)


def _woken(house: House, port: int, elsewhere: bool, progress: Progress) -> tuple[str, ...]:
    progress(f"{house.name}: waking up")
    task = Task("wake", url=_url(house), port=port, count=WAKES, elsewhere=elsewhere)
    waits = sorted(_run(task).waits)
    p99 = 1000 * waits[int(0.99 * len(waits)) - 1]
    aim = WATCH_AIM if elsewhere and house.name == "SQLite" else WAKE_AIM
    told = f"<= {aim} ms: {'met' if p99 <= aim else 'missed'}"
    where = "a worker apart" if elsewhere else "inside serve"
    return (
        f"{house.name}, wake-up of {where}, p50 / p99 ms",
        f"{1000 * median(waits):.0f}",
        f"{p99:.0f}",
        "",
        told,
    )


def _compared(tasks: dict[str, Task], rounds: int, progress: Progress) -> Iterator[tuple[str, ...]]:
    found: dict[str, list[Result]] = {name: [] for name in tasks}
    for number in range(rounds):
        for name in list(tasks) if number % 2 == 0 else list(tasks)[::-1]:
            progress(f"round {number + 1} of {rounds}: {name}")
            found[name].append(_run(tasks[name]))
    bare, *_ = found.values()
    for name, results in found.items():
        count = tasks[name].count
        share = [100 * one.seconds / own.seconds for one, own in zip(bare, results, strict=True)]
        pace = spread([count / result.seconds for result in results])
        cost = spread([1e6 * result.cpu / count for result in results])
        told = f">= {AIM}: {'met' if median(share) >= AIM else 'missed'}"
        yield (name, pace, cost, *(("", "") if results is bare else (spread(share), told)))


def _run(task: Task) -> Result:
    given = msgspec.json.encode(task) + b"\n"
    done = subprocess.run(_COMMAND, cwd=ROOT, input=given, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Result)


@contextmanager
def _sink() -> Iterator[int]:
    """aiosmtpd in a process of its own; gives its port."""
    process = subprocess.Popen(_COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(msgspec.json.encode(Task("sink")) + b"\n")
    process.stdin.flush()
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=30)


def _url(house: House) -> str:
    """A database of its own beside the house's: nobody else carries its letters."""
    return house.database_url.replace("idbridge.sqlite3", "post.sqlite3").replace("/idbridge?", "/post?")
