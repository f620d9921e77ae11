"""Lists of values: one bind of any length, with the same answers on both databases."""

import sqlite3
from contextlib import closing
from typing import Any

import asyncpg
import pytest
from sqlalchemy import bindparam as bind
from sqlalchemy import insert, select

from service.database import Database, Transaction, by_kind, new_key, one_of
from service.database.shapes import shape
from service.database.url import sqlite_path
from tests.shelf import books

KEYS = [new_key() for _ in range(4)]
ROWS = [
    {"id": KEYS[0], "title": "a", "author": "x", "pages": 1, "bought": "2021-02-05T15:18:13.000Z"},
    {"id": KEYS[1], "title": "é\"'", "author": "x", "pages": -5, "bought": "2022-02-05T15:18:13.100Z"},
    {"id": KEYS[2], "title": "c", "author": "y", "pages": 2**31 - 1, "bought": None},
    {"id": KEYS[3], "title": "d", "author": "y", "pages": None, "bought": None},
]


@pytest.fixture
async def library(library: Database) -> Database:
    await library.write(lambda tx: tx.run_many(insert(books), ROWS))
    return library


async def found(library: Database, column: str, values: list[Any], *, negated: bool = False) -> str:
    def build(kind: Any) -> Any:
        listed = one_of(books.c[column], "values", kind)
        return select(books.c.title).where(~listed if negated else listed).order_by(books.c.title)

    statement = by_kind(build)

    async def unit(tx: Transaction) -> list[Any]:
        return await tx.rows(statement[tx.kind], values=values)

    return "".join(title[0] for (title,) in await library.read(unit))


async def test_keys_words_numbers_and_moments(library: Database) -> None:
    assert await found(library, "id", [KEYS[1], KEYS[3], new_key()]) == "dé"
    assert await found(library, "title", ["é\"'", "c", "c"]) == "cé"
    assert await found(library, "pages", [-5, 2**31 - 1, 0]) == "cé"
    assert await found(library, "bought", ["2022-02-05T15:18:13.100Z"]) == "é"
    assert await found(library, "id", [new_key() for _ in range(20_000)] + KEYS[:1]) == "a"


async def test_nothing_and_none(library: Database) -> None:
    assert await found(library, "id", []) == ""
    assert await found(library, "id", [], negated=True) == "acdé"
    assert (
        await found(library, "pages", [1], negated=True) == "cé"
    )  # the row without pages is not known to differ
    assert await found(library, "pages", [None, 1]) == "a"
    assert await found(library, "pages", [None, 1], negated=True) == ""


@pytest.mark.parametrize(
    ("column", "value"), [("id", "x"), ("title", "\0"), ("pages", 2**31), ("pages", "1")]
)
async def test_each_value_is_checked(library: Database, column: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^values: "):
        await found(library, column, [value])


async def test_the_index_is_used(library: Database, database_url: str) -> None:
    """Also inside a composite key, where the list is for the second column."""
    build = by_kind(
        lambda kind: select(books.c.id).where(
            books.c.title == bind("title"), one_of(books.c.author, "authors", kind)
        )
    )
    compiled = shape(build[library.kind], ("title", "authors"), library.kind)
    values = compiled.arguments({"title": "a", "authors": ["x", "y"]})
    if path := sqlite_path(database_url):
        with closing(sqlite3.connect(path)) as raw:
            plan = raw.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values).fetchall()
        assert "(title=? AND author=?)" in str(plan)
    else:
        admin = await asyncpg.connect(database_url)
        await admin.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = await admin.fetch(f"EXPLAIN {compiled.sql}", *values)
        await admin.close()
        assert "books_title_author_unique" in str(plan)
        assert "ANY" in str(plan).partition("Index Cond")[2]
