"""A copy of SQLite's file, taken while others write: whole, of one moment, and good to go on from."""

import asyncio
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.database import Unavailable, open_database
from service.database.migrations import migrate, pending
from service.database.sqlite import copies
from service.users import projects
from tests.post.servers import until


def silent(done: int, total: int) -> None:
    assert 0 <= done <= total


def names(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as raw:
        return {name for (name,) in raw.execute("SELECT name FROM projects")}


def inside(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "idbridge.sqlite3"
    await migrate(f"sqlite:///{file}")
    return file


async def test_a_copy_has_all_that_was_acknowledged_before_it_and_can_be_gone_on_from(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_PAGES", 8)  # so that it takes many steps
    database = await open_database(f"sqlite:///{path}")
    acknowledged: list[str] = []
    copied = asyncio.Event()

    async def write() -> None:
        while not copied.is_set():
            await database.write(projects.create, name := f"p{len(acknowledged)}")
            acknowledged.append(name)

    goal: list[int] = []
    written = threading.Event()

    def halfway(done: int, total: int) -> None:
        """Ten more are written between the first step and the last."""
        if not goal:
            goal.append(len(acknowledged) + 10)
        if done * 2 > total:
            assert written.wait(30)

    async def go_on() -> None:
        await until(lambda: bool(goal) and len(acknowledged) >= goal[0], 30)
        written.set()

    writing = asyncio.create_task(write())
    copy = tmp_path / "monday.sqlite3"
    try:
        await until(lambda: len(acknowledged) >= 10, 30)
        before = set(acknowledged[:10])
        await asyncio.gather(asyncio.to_thread(copies.save, path, copy, halfway), go_on())
    finally:
        copied.set()
        await writing
        await database.close()
    assert before | {"default"} <= names(copy) <= {*acknowledged, "default"}
    assert len(acknowledged) - len(names(copy)) >= 8  # of one moment: what came later is not in it
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert inside(tmp_path) == ["data", "monday.sqlite3"]

    kept = names(copy)
    await asyncio.to_thread(copies.restore, copy, path, silent)
    assert names(path) == kept
    url = f"sqlite:///{path}"
    assert not await pending(url)
    database = await open_database(url)
    await database.write(projects.create, "afterwards")
    await database.close()
    assert names(path) == kept | {"afterwards"}
    assert names(copy) == kept


def test_what_is_no_whole_copy_is_not_put_in_place(path: Path, tmp_path: Path) -> None:
    before = names(path)
    copy = tmp_path / "copy.sqlite3"
    copies.save(path, copy, silent)
    whole = copy.read_bytes()
    page = 4096
    damaged = whole[: 8 * page] + bytes(page) * 8 + whole[16 * page :]
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as raw:
        raw.execute("CREATE TABLE cats (name TEXT)")
    for content in (
        b"Dear Ada,",
        whole[: len(whole) // 2],
        damaged,
        (tmp_path / "other.sqlite3").read_bytes(),
    ):
        copy.write_bytes(content)
        with pytest.raises(Unavailable, match=r"copy\.sqlite3: "):
            copies.restore(copy, path, silent)
    assert names(path) == before


def test_a_copy_that_cannot_be_written_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copies.save(path, tmp_path / "none" / "copy.sqlite3", silent)
    path.write_bytes(b"Dear Ada,")
    with pytest.raises(Unavailable, match="no database"):
        copies.save(path, tmp_path / "copy.sqlite3", silent)
    assert inside(tmp_path) == ["data"]
