"""The two doors keep their promises, and answer alike on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from traceback import format_exception
from typing import Any

import pytest
from sqlalchemy import Text, insert, literal, literal_column, select, type_coerce, update
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects.postgresql import insert as insert_or

from service.database import (
    Database,
    MissingReference,
    NotUnique,
    TooDeep,
    Transaction,
    Unavailable,
    new_key,
    open_database,
)
from tests.shelf import books, shelves

ADD = insert(books)
TITLES = select(books.c.title).order_by(books.c.title)
ONE = select(books).where(books.c.id == bind("id"))


async def add(tx: Transaction, title: str, **values: Any) -> str:
    key = new_key()
    await tx.run(ADD, id=key, title=title, **values)
    return key


async def titles(tx: Transaction) -> list[Any]:
    return [title for (title,) in await tx.rows(TITLES)]


async def test_every_type_comes_back_as_it_went_in(library: Database) -> None:
    shelf, book = new_key(), new_key()
    about = {"é": [1, 2.5, None, True, "\\u0000 as text"], "n": {"deep": 2**63 - 1, "wide": 2**65}}

    async def keep(tx: Transaction) -> None:
        assert await tx.run(insert(shelves), id=shelf, label=None) == 1
        await tx.run(
            ADD,
            id=book,
            title="Ω 😀 %_'\"",
            shelf=shelf,
            small=-(2**15),
            pages=2**31 - 1,
            letters=-(2**63),
            bought="2021-02-05T15:18:13.120Z",
            about=about,
            read=False,
        )

    await library.write(keep)
    for door in (library.read, library.scan, library.write):
        row = await door(lambda tx: tx.row(ONE, id=book))
        assert row == (
            book,
            "Ω 😀 %_'\"",
            None,
            shelf,
            -(2**15),
            2**31 - 1,
            -(2**63),
            "2021-02-05T15:18:13.120Z",
            about,
            False,
        )
        assert type(row) is tuple
        assert row[9] is False


async def test_nothing_comes_back_as_none(library: Database) -> None:
    book = await library.write(add, "bare", about=None, bought=None, read=None)
    row = await library.read(lambda tx: tx.row(ONE, id=book))
    assert row == (book, "bare", *[None] * 8)
    nulls = select(books.c.id).where(books.c.about.is_(None))
    assert await library.read(lambda tx: tx.rows(nulls)) == [(book,)]
    assert await library.read(lambda tx: tx.row(ONE, id=new_key())) is None


async def test_a_document_can_be_read_as_its_text(library: Database) -> None:
    book = await library.write(add, "raw", about={"a": "b"})
    raw = select(type_coerce(books.c.about, Text)).where(books.c.id == bind("id"))
    row = await library.read(lambda tx: tx.row(raw, id=book))
    assert row is not None
    assert row[0].replace(" ", "") == '{"a":"b"}'


async def test_an_update_returns_what_it_made(library: Database) -> None:
    book = await library.write(add, "first", pages=1, about={"v": 1})
    change = (
        update(books)
        .where(books.c.id == bind("of_id"))
        .values(pages=books.c.pages + 1)
        .returning(books.c.pages, books.c.about, books.c.read)
    )
    row = await library.write(lambda tx: tx.row(change, of_id=book, about=[2], read=True))
    assert row == (2, [2], True)


async def test_counts_say_how_many_rows_were_touched(library: Database) -> None:
    async def work(tx: Transaction) -> list[int]:
        for title in ("a", "b", "c"):
            await add(tx, title, pages=1)
        change = update(books).where(books.c.pages == bind("of_pages"))
        once = insert_or(books).on_conflict_do_nothing(index_elements=["id"])
        key = new_key()
        return [
            await tx.run(change, of_pages=1, read=True),
            await tx.run(change, of_pages=9, read=True),
            await tx.run(once, id=key, title="d"),
            await tx.run(once, id=key, title="e"),
            await tx.run(books.delete().where(books.c.title != bind("title")), title="a"),
        ]

    assert await library.write(work) == [3, 0, 1, 0, 3]


async def test_text_sorts_by_code_point(library: Database) -> None:
    async def fill(tx: Transaction) -> None:
        rows = [{"id": new_key(), "title": t} for t in ("ä", "b", "Z", "a", "_", "😀", "\uffee")]
        await tx.run_many(ADD, rows)

    await library.write(fill)
    assert await library.read(titles) == ["Z", "_", "a", "b", "ä", "\uffee", "😀"]


@pytest.mark.parametrize("names", [{}, {"id": "x", "other": 1}, {"other": 1}])
async def test_names_are_exactly_those_of_the_statement(library: Database, names: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="names"):
        await library.read(lambda tx: tx.row(ONE, **names))


async def test_a_unit_that_fails_leaves_nothing(library: Database) -> None:
    async def fail(tx: Transaction) -> None:
        await add(tx, "lost")
        assert await titles(tx) == ["lost"]
        raise LookupError("not found")

    with pytest.raises(LookupError, match="not found"):
        await library.write(fail)
    assert await library.read(titles) == []


async def test_the_index_that_refuses_has_its_name(library: Database) -> None:
    shelf = new_key()
    await library.write(lambda tx: tx.run(insert(shelves), id=shelf, label="x"))
    book = await library.write(add, "one", author="me", shelf=shelf)

    async def index(**values: Any) -> str:
        with pytest.raises(NotUnique) as refused:
            await library.write(lambda tx: tx.run(ADD, **values))
        return refused.value.index

    assert await index(id=book, title="two") == "books_key"
    assert await index(id=new_key(), title="one", author="me") == "books_title_author_unique"
    assert await index(id=new_key(), title="oneself", shelf=shelf) == "books_first_letter_unique"
    assert await library.read(titles) == ["one"]


async def test_a_reference_leads_somewhere(library: Database) -> None:
    shelf = new_key()
    with pytest.raises(MissingReference):
        await library.write(add, "homeless", shelf=shelf)
    await library.write(lambda tx: tx.run(insert(shelves), id=shelf, label="x"))
    await library.write(add, "at home", shelf=shelf)
    with pytest.raises(MissingReference):
        await library.write(lambda tx: tx.run(shelves.delete().where(shelves.c.id == bind("id")), id=shelf))


async def test_after_a_problem_the_transaction_is_over(library: Database) -> None:
    book = await library.write(add, "one")

    async def swallow(tx: Transaction) -> str:
        await add(tx, "two")
        try:
            await tx.run(ADD, id=book, title="again")
        except NotUnique:
            return "as if nothing had happened"
        return "unreached"

    async def go_on(tx: Transaction) -> None:
        try:
            await tx.run(ADD, id=book, title="again")
        except NotUnique:
            await add(tx, "three")

    for unit in (swallow, go_on):
        with pytest.raises(NotUnique):
            await library.write(unit)
    assert await library.read(titles) == ["one"]


async def test_announcements_come_after_the_commit_and_before_the_answer(library: Database) -> None:
    heard: list[frozenset[tuple[str, str]]] = []

    def broken(_: frozenset[tuple[str, str]]) -> None:
        raise LookupError("a listener of its own making")

    library.on_commit(broken)
    library.on_commit(heard.append)

    async def say(tx: Transaction, *keys: str, fail: bool = False) -> None:
        await add(tx, keys[0])
        for key in keys:
            tx.announce("book", key)
        if fail:
            raise LookupError

    await library.write(say, "a", "b", "a")
    assert heard == [{("book", "a"), ("book", "b")}]
    with pytest.raises(LookupError):
        await library.write(say, "c", fail=True)
    await library.write(add, "silent")
    assert len(heard) == 1


async def _sleep_no_time() -> None:
    await asyncio.sleep(0)


async def _sleep() -> None:
    await asyncio.sleep(0.01)


async def _connect() -> None:
    await asyncio.open_connection("127.0.0.1", 9)


async def _wait_for_a_future() -> None:
    await asyncio.Future()


@pytest.mark.parametrize("door", ["write", "read", "scan"])
@pytest.mark.parametrize("foreign", [_sleep_no_time, _sleep, _connect, _wait_for_a_future])
async def test_a_unit_awaits_nothing_but_its_transaction(
    library: Database, door: str, foreign: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async def unit(tx: Transaction) -> None:
        await titles(tx)
        if door == "write":
            await add(tx, "half")
        try:
            await foreign()
        except RuntimeError:
            if foreign is not _sleep_no_time:
                raise  # and even when it is swallowed, it is refused

    open_door = getattr(library, door)
    with pytest.raises(RuntimeError, match="awaits nothing but its transaction"):
        await open_door(unit)
    await library.write(add, "whole")
    assert await library.read(titles) == ["whole"]
    async with asyncio.timeout(5):  # the loop is as it was: nothing is left of what was refused
        listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        for _ in range(8):
            reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
            assert await reader.read() == b""
            writer.close()
        listener.close()


async def test_a_read_changes_nothing(library: Database) -> None:
    returning = ADD.returning(books.c.id)
    within = insert(books).values(id=new_key(), title="x").returning(books.c.id).cte()
    for unit in (
        lambda tx: tx.run(ADD, id=new_key(), title="x"),
        lambda tx: tx.rows(returning, id=new_key(), title="x"),
        lambda tx: tx.rows(select(within.c.id)),
        lambda tx: tx.run_many(ADD, [{"id": new_key(), "title": "x"}]),
    ):
        for door in (library.read, library.scan):
            with pytest.raises(RuntimeError, match="use write"):
                await door(unit)
    assert await library.read(titles) == []


async def test_reads_at_once_have_an_answer_each(library: Database) -> None:
    keys = [await library.write(add, f"book {number}", small=number) for number in range(40)]

    async def look(tx: Transaction, key: str) -> tuple[Any, list[Any]]:
        found = await tx.row(select(books.c.title, books.c.small).where(books.c.id == bind("id")), id=key)
        return found, await tx.rows(select(books.c.id).where(books.c.title == bind("title")), title="book 7")

    async def lose() -> None:
        async with asyncio.timeout(0):
            await library.read(look, keys[0])

    asked = [*keys, new_key(), *keys[::-1]]
    reads = [library.read(look, key) for key in asked]
    found, left = await asyncio.gather(
        asyncio.gather(*reads), asyncio.gather(*(lose() for _ in range(9)), return_exceptions=True)
    )
    numbers = [*range(40), None, *range(39, -1, -1)]
    wanted = [None if number is None else (f"book {number}", number) for number in numbers]
    assert [first for first, _ in found] == wanted
    assert all(second == [(keys[7],)] for _, second in found)
    assert all(isinstance(one, TimeoutError) for one in left if library.kind == "postgresql")


async def test_of_reads_at_once_the_one_that_writes_is_refused_alone(library: Database) -> None:
    key = await library.write(add, "kept")

    async def look(tx: Transaction) -> Any:
        return await tx.row(select(books.c.title).where(books.c.id == bind("id")), id=key)

    async def change(tx: Transaction) -> Any:
        return await tx.rows(insert(books).values(id=new_key(), title="new").returning(books.c.id))

    units = [look, change] * 5
    found = await asyncio.gather(*(library.read(unit) for unit in units), return_exceptions=True)
    assert found[::2] == [("kept",)] * 5
    assert all(isinstance(one, RuntimeError) for one in found[1::2])
    assert await library.read(titles) == ["kept"]


async def test_a_transaction_ends_with_its_unit(library: Database) -> None:
    kept: list[Transaction] = []

    async def keep(tx: Transaction) -> None:
        kept.append(tx)

    for door in (library.write, library.read, library.scan):
        await door(keep)
    for tx in kept:
        with pytest.raises(RuntimeError, match="over"):
            await tx.rows(TITLES)


async def test_a_unit_sees_the_context_of_its_caller(library: Database) -> None:
    request: ContextVar[str] = ContextVar("request", default="none")
    request.set("r-1")

    async def who(_: Transaction) -> str:
        return request.get()

    assert [await door(who) for door in (library.write, library.read, library.scan)] == ["r-1"] * 3


async def test_constants_stay_with_their_statement(library: Database) -> None:
    for number in (1, 2, 3):
        echo = select(literal(number), literal(f"n{number}"), literal(number > 1))
        assert await library.read(lambda tx, echo=echo: tx.row(echo)) == (number, f"n{number}", number > 1)


async def test_a_closed_database_says_so(library: Database) -> None:
    last = [asyncio.create_task(library.write(add, f"t{number}")) for number in range(4)]
    await asyncio.sleep(0)
    await asyncio.gather(library.close(), library.close())
    assert len(await asyncio.gather(*last)) == 4  # what was begun is finished
    for door in (library.write, library.read, library.scan):
        with pytest.raises(Unavailable, match="closed"):
            await door(titles)
    await library.close()


async def test_an_error_of_the_database_does_not_repeat_the_row(library: Database) -> None:
    hidden = new_key()

    async def forget_the_title(tx: Transaction) -> None:
        await tx.run(ADD, id=new_key(), author=hidden, title=None)

    with pytest.raises(Exception) as raised:  # whatever the driver calls it
        await library.write(forget_the_title)
    told = "".join(format_exception(raised.value))
    assert "title" in told
    assert hidden not in told


async def test_what_is_too_deep_for_postgresql_is_told_as_such(postgresql_url: str) -> None:
    database = await open_database(postgresql_url)
    deep = select(literal_column("repeat('[', 100000)::jsonb", Text()))
    with pytest.raises(TooDeep):
        await database.read(lambda tx: tx.row(deep))
    await database.close()
