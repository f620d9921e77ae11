"""SQLite when the disk is full, the file is locked or the process dies."""

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, insert, literal, select, true

from service.database import Database, NotUnique, Transaction, Unavailable, new_key, open_database
from service.database.migrations import perform
from service.database.sqlite import database as doors
from service.database.sqlite import file, writer
from tests.shelf import books, kept, metadata
from tests.stopwatch import within

ADD = insert(books)
HALF = "x" * 8_000  # with its twin, a few pages of the file


async def pair(tx: Transaction, title: str) -> str:
    """Two rows that belong together."""
    for author in ("a", "b"):
        await tx.run(ADD, id=new_key(), title=title, author=author, about=HALF)
    return title


async def refused(tx: Transaction, key: str) -> None:
    await tx.run(ADD, id=key, title=new_key())
    await tx.run(ADD, id=key, title=new_key())


def _mount(path: Path, *options: str) -> bool:
    """A tmpfs of so many bytes at `path`; False where this process may not mount."""
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", path]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class SmallDisk:
    """Where only 3 MB fit: a real file system, or else a writer that is told how many pages there are."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self._writer: sqlite3.Connection | None = None
        self.mounted = _mount(path, "size=3m")
        if not self.mounted:
            unlimited = file.connect_writer

            def limited(path: Path) -> sqlite3.Connection:
                self._writer = unlimited(path)
                self._writer.execute("PRAGMA max_page_count=700")
                return self._writer

            monkeypatch.setattr(doors, "connect_writer", limited)

    def grow(self) -> None:
        if self._writer is None:
            assert _mount(self.path, "remount", "size=16m")
        else:
            self._writer.execute("PRAGMA max_page_count=10000")

    def end(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=True)


@pytest.fixture(params=["disk", "pages"])
def small_disk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallDisk]:
    if request.param == "pages":
        monkeypatch.setattr(sys.modules[__name__], "_mount", lambda *_: False)
    disk = SmallDisk(tmp_path, monkeypatch)
    yield disk
    disk.end()


async def test_a_full_disk_loses_nothing_and_heals(small_disk: SmallDisk) -> None:
    path = small_disk.path / "idbridge.db"
    await perform(f"sqlite:///{path}", metadata.create_all)
    database = await open_database(f"sqlite:///{path}")
    acknowledged: set[str] = set()
    failed: dict[str, BaseException] = {}

    async def write(title: str) -> None:
        try:
            acknowledged.add(await database.write(pair, title))
        except Unavailable as full:
            failed[title] = full

    try:
        for start in range(0, 400, 40):
            await asyncio.gather(*(write(f"t{number}") for number in range(start, start + 40)))
        assert len(acknowledged) > 20
        assert len(failed) > 20
        assert "full" in str(next(iter(failed.values())))
        assert await kept(database) == dict.fromkeys(acknowledged, 2)  # reads go on meanwhile
        with pytest.raises((NotUnique, Unavailable)):
            await database.write(refused, new_key())

        small_disk.grow()
        again = list(failed)[:20]
        await asyncio.gather(*(write(title) for title in again))
        assert acknowledged >= set(again)
        assert await kept(database) == dict.fromkeys(acknowledged, 2)
    finally:
        await database.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path}/idbridge.db"
    await perform(url, metadata.create_all)
    opened = await open_database(url)
    yield opened
    await opened.close()


async def test_another_process_that_writes_is_waited_for(library: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "idbridge.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(library.write(pair, "late"))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    assert await kept(library) == {}
    other.execute("COMMIT")
    assert await waiting == "late"
    other.close()


async def test_a_file_that_stays_locked_is_unavailable_and_then_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_BUSY_SECONDS", 0.5)
    path = tmp_path / "idbridge.db"
    await perform(f"sqlite:///{path}", metadata.create_all)
    database = await open_database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = (database.write(pair, f"t{n}") for n in range(20))
        with within(3):  # once for all, or for the first and then for the others
            answers = await asyncio.gather(*writing, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unavailable}
        other.execute("ROLLBACK")
    await database.write(pair, "now")
    assert await kept(database) == {"now": 2}
    await database.close()


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on the way" / "idbridge.db"
    database = await open_database(f"sqlite:///{path}")
    await database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Unavailable):
        await open_database(f"sqlite:///{path}/no-directory.db")


def _counting(most: int | None) -> Select[Any]:
    """Counts to `most`, or without end."""
    counted = select(literal(1).label("n")).cte("counted", recursive=True)
    further = select(counted.c.n + 1).where(true() if most is None else counted.c.n < most)
    return select(func.count()).select_from(counted.union_all(further))


def _endless() -> Select[Any]:
    return _counting(None)


async def test_a_scan_that_takes_too_long_is_cut_off(
    library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_SCAN_SECONDS", 0.2)
    for _ in range(4):  # more often than there are connections to scan with
        with pytest.raises(Unavailable, match="too long"):
            await library.scan(lambda tx: tx.rows(_endless()))


async def test_a_scan_whose_caller_leaves_is_stopped(library: Database) -> None:
    for _ in range(4):
        scanning = asyncio.create_task(library.scan(lambda tx: tx.rows(_endless())))
        await asyncio.sleep(0.05)
        scanning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scanning
    async with asyncio.timeout(20):
        assert await kept(library) == {}


async def test_a_read_that_is_no_look_up_goes_on_outside_of_the_loop(library: Database) -> None:
    few = _counting(1_000_000)  # more steps than the loop allows
    assert await library.read(lambda tx: tx.rows(few)) == [(1_000_000,)]
    reading = asyncio.create_task(library.read(lambda tx: tx.rows(_endless())))
    await asyncio.sleep(0.05)
    assert not reading.done()
    async with asyncio.timeout(20):
        assert await kept(library) == {}
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_closing_stops_a_scan(library: Database) -> None:
    scanning = asyncio.create_task(library.scan(lambda tx: tx.rows(_endless())))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(20):
        await library.close()
    with pytest.raises(Unavailable):
        await scanning


async def test_a_queue_without_end_is_refused(library: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_WAITING", 20)
    titles = [f"t{number}" for number in range(200)]
    answers = await asyncio.gather(*(library.write(pair, t) for t in titles), return_exceptions=True)
    refusals = {str(answer) for answer in answers if not isinstance(answer, str)}
    assert refusals == {"sqlite: too many writes are waiting"}
    assert await kept(library) == dict.fromkeys((a for a in answers if isinstance(a, str)), 2)


ROOT = Path(__file__).parents[2]
WRITE_FOREVER = """
import asyncio, sys
from service.database import open_database
from tests.faults.test_sqlite_disk import pair

async def main(url, client, clients):
    database = await open_database(url)
    async def write(worker):
        for number in range(100_000):
            print(await database.write(pair, f"{client}-{worker}-{number}"), flush=True)
    await asyncio.gather(*(write(worker) for worker in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/idbridge.db"
    await perform(url, metadata.create_all)
    acknowledged: set[str] = set()
    for client in range(4):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WRITE_FOREVER, url, str(client), "4"),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        for _ in range(30 + 40 * client):
            acknowledged.add((await process.stdout.readline()).decode().strip())
        process.send_signal(signal.SIGKILL)
        rest = (await process.stdout.read()).decode()
        acknowledged.update(rest.splitlines() if rest.endswith("\n") else rest.splitlines()[:-1])
        await process.wait()
    database = await open_database(url)
    found = await kept(database)
    await database.close()
    assert len(acknowledged) > 200
    assert acknowledged <= found.keys()
    assert set(found.values()) == {2}


async def test_a_process_that_closes_its_database_ends(tmp_path: Path) -> None:
    script = f"""
import asyncio
from service.database import open_database
async def main():
    database = await open_database("sqlite:///{tmp_path}/idbridge.db")
    await database.close()
    try:
        await open_database("sqlite:////proc/1/no/idbridge.db")
    except Exception as reason:
        print(type(reason).__name__)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    async with asyncio.timeout(20):
        said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, "Unavailable")
