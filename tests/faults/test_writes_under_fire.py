"""Many writers at once, some failing, some given up: nothing acknowledged is lost, nothing half written."""

import asyncio
import random
import time
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Select, func, insert, literal, select, update
from sqlalchemy import bindparam as bind

from service.database import Database, NotUnique, Transaction, new_key, now
from tests.shelf import books

ADD = insert(books)
PAGES = select(books.c.title, func.count()).group_by(books.c.title)
EVERY = select(books.c.title)


class Unlucky(LookupError):
    """A unit's own failure."""


async def trilogy(tx: Transaction, title: str, fails_at: int | None = None) -> str:
    """Three rows that belong together."""
    for volume in range(3):
        if volume == fails_at:
            raise Unlucky
        await tx.run(ADD, id=new_key(), title=title, author=f"{volume}")
    return title


async def volumes(library: Database) -> dict[str, int]:
    return dict(await library.scan(lambda tx: tx.rows(PAGES)))


async def test_good_units_among_failing_and_forgotten_ones(library: Database) -> None:
    chance = random.Random(7)  # noqa: S311  # the same course each time
    acknowledged: set[str] = set()
    refused: set[str] = set()

    async def caller(number: int) -> None:
        title, way = f"t{number}", chance.choice(["good", "good", "fails", "taken", "leaves", "is cancelled"])
        try:
            if way == "good":
                acknowledged.add(await library.write(trilogy, title))
            elif way == "fails":
                await library.write(trilogy, title, fails_at=chance.randrange(3))
            elif way == "taken":
                await library.write(_twice, title)
            else:
                task = asyncio.create_task(library.write(trilogy, title))
                await asyncio.sleep(chance.random() * 0.02 if way == "is cancelled" else 0)
                task.cancel()
                acknowledged.add(await task)
        except (Unlucky, NotUnique):
            refused.add(title)
        except asyncio.CancelledError:
            pass

    for start in range(0, 900, 300):
        await asyncio.gather(*(caller(number) for number in range(start, start + 300)))
    await library.write(trilogy, "last")
    kept = await volumes(library)
    assert len(acknowledged) > 200
    assert acknowledged <= kept.keys()
    assert not refused & kept.keys()
    assert set(kept.values()) == {3}


async def _twice(tx: Transaction, title: str) -> None:
    key = new_key()
    for author in "ab":
        await tx.run(ADD, id=key, title=title, author=author)


async def dawdle(tx: Transaction, begun: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Hold the writer's thread, or a connection, for a while."""
    loop.call_soon_threadsafe(begun.set)
    if tx.kind == "sqlite":
        time.sleep(0.3)  # noqa: ASYNC251  # the thread is the writer's
    else:
        await tx.rows(select(func.pg_sleep(0.3)))


async def test_a_caller_who_leaves_before_its_turn_changes_nothing(library: Database) -> None:
    begun = asyncio.Event()
    first = [
        asyncio.create_task(library.write(dawdle, begun, asyncio.get_running_loop()))
        for _ in range(1 if library.kind == "sqlite" else 6)
    ]
    await begun.wait()
    queued = [asyncio.create_task(library.write(trilogy, f"t{number}")) for number in range(50)]
    await asyncio.sleep(0.05)
    for task in queued:
        task.cancel()
    answers = await asyncio.gather(*queued, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
    await asyncio.gather(*first)
    await library.write(trilogy, "last")
    assert await volumes(library) == {"last": 3}


async def test_what_has_begun_commits_and_is_announced_without_its_caller(library: Database) -> None:
    heard = asyncio.Event()
    library.on_commit(lambda _: heard.set())
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    async def unit(tx: Transaction) -> None:
        loop.call_soon_threadsafe(begun.set)
        for volume in range(200):
            await tx.run(ADD, id=new_key(), title="begun", author=f"{volume}")
        tx.announce("title", "begun")

    task = asyncio.create_task(library.write(unit))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        await heard.wait()
    assert await volumes(library) == {"begun": 200}


async def test_sixty_four_writers_at_once(library: Database) -> None:
    count = update(books).where(books.c.id == bind("of_id")).values(pages=books.c.pages + 1)
    shared = new_key()
    await library.write(lambda tx: tx.run(ADD, id=shared, title="shared", pages=0))

    async def add(tx: Transaction, title: str, author: str) -> int:
        return await tx.run(ADD, id=new_key(), title=title, author=author)

    async def writer(name: int) -> None:
        for number in range(15):
            await library.write(add, f"{name}", f"{number}")
            await library.write(lambda tx: tx.run(count, of_id=shared))
            assert await library.read(lambda tx: tx.row(EVERY.where(books.c.id == bind("id")), id=shared))

    await asyncio.gather(*(writer(name) for name in range(64)))
    pages = select(books.c.pages).where(books.c.id == bind("id"))
    assert await library.read(lambda tx: tx.row(pages, id=shared)) == (64 * 15,)
    assert Counter((await volumes(library)).values()) == {15: 64, 1: 1}


async def test_two_who_want_the_same_name_and_one_gets_it(library: Database) -> None:
    async def want(name: int) -> bool:
        try:
            await library.write(lambda tx: tx.run(ADD, id=new_key(), title=f"{name}", author="me"))
        except NotUnique as refused:
            assert refused.index == "books_title_author_unique"
            return False
        return True

    got = await asyncio.gather(*(want(number % 50) for number in range(400)))
    assert sum(got) == 50
    assert set((await volumes(library)).values()) == {1}


async def test_claims_are_distinct(library: Database) -> None:
    due = (
        select(books.c.id)
        .where(books.c.read.is_(None))
        .order_by(books.c.id)
        .limit(bind("limit"))
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claim = update(books).where(books.c.id.in_(due)).returning(books.c.id)
    rows = [{"id": new_key(), "title": f"{number}"} for number in range(400)]
    await library.write(lambda tx: tx.run_many(ADD, rows))

    async def worker() -> list[Any]:
        claimed: list[Any] = []
        while found := await library.write(lambda tx: tx.rows(claim, limit=7, read=True, bought=now())):
            claimed += [key for (key,) in found]
        return claimed

    claimed = [key for keys in await asyncio.gather(*(worker() for _ in range(4))) for key in keys]
    assert Counter(claimed) == Counter(row["id"] for row in rows)


def _endless(kind: str) -> Select[Any]:
    if kind == "postgresql":
        return select(func.pg_sleep(20))
    counted = select(literal(1).label("n")).cte("counted", recursive=True)
    return select(func.count()).select_from(counted.union_all(select(counted.c.n + 1)))


async def test_slow_work_leaves_the_fast_lane_free(library: Database) -> None:
    """Scans wait for each other, more of them than there are connections; look-ups and writes go by."""
    scans = [asyncio.create_task(library.scan(lambda tx: tx.rows(_endless(tx.kind)))) for _ in range(8)]
    await asyncio.sleep(0.05)
    try:
        async with asyncio.timeout(15):  # less than a single scan takes
            for number in range(50):
                await library.write(trilogy, f"t{number}")
                assert await library.read(lambda tx: tx.rows(EVERY.limit(1)))
    finally:
        for scan in scans:
            scan.cancel()
        answers = await asyncio.gather(*scans, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
    assert len(await volumes(library)) == 50
