"""What a unit owes is done in its order, with its commit or not at all, and alike on both databases."""

from typing import Any

import pytest
from sqlalchemy import bindparam as bind
from sqlalchemy import delete, insert, select, update

from service.database import Database, MissingReference, NotUnique, Transaction, new_key
from service.database.door import meant_as_it_is
from service.database.postgres.owed import Part, batches, joined
from tests.shelf import books, shelves

BOOK, SHELF = insert(books), insert(shelves)
RETITLE = update(books).where(books.c.id == bind("of_id"))
REMOVE = delete(shelves).where(shelves.c.id == bind("of_id"))
TITLES = select(books.c.title).order_by(books.c.title)


async def titles(tx: Transaction) -> list[Any]:
    return [title for (title,) in await tx.rows(TITLES)]


class Refused(Exception):
    pass


def refused(problem: Exception) -> Exception:
    return Refused(str(problem))


async def test_what_refers_to_what_is_owed_may_be_owed_with_it(library: Database) -> None:
    async def unit(tx: Transaction) -> None:
        shelf = new_key()
        tx.owe(SHELF, [{"id": shelf, "label": "new"}])
        tx.owe(BOOK, [{"id": new_key(), "title": "a", "shelf": shelf}])

    await library.write(unit)
    assert await library.read(titles) == ["a"]


async def test_the_next_statement_sees_what_was_owed(library: Database) -> None:
    async def unit(tx: Transaction) -> list[Any]:
        tx.owe(BOOK, [{"id": new_key(), "title": title} for title in "bca"])
        return await titles(tx)

    assert await library.write(unit) == ["a", "b", "c"]


async def test_very_many_rows_are_kept_as_each_of_them_is(library: Database) -> None:
    at, about = "2021-02-05T15:18:13.000Z", {"a": [1, None, "Zoë"], "b": '{x,"y\\'}
    whole = {
        "author": 'N,U"L\\L',
        "small": 7,
        "pages": 70_000,
        "letters": 2**40,
        "bought": at,
        "about": about,
    }
    empty: dict[str, Any] = dict.fromkeys(("shelf", *whole, "read"))
    rows = [
        {
            **empty,
            "id": new_key(),
            "title": f"{n:04}",
            **(whole if n % 2 else {"read": n % 4 == 0, "author": ""}),
        }
        for n in range(2_001)
    ]

    async def unit(tx: Transaction) -> None:
        await tx.run_many(BOOK, rows)

    async def kept(tx: Transaction) -> list[Any]:
        return await tx.rows(select(*(books.c[name] for name in rows[0])).order_by(books.c.title))

    await library.write(unit)
    assert await library.read(kept) == [tuple(row.values()) for row in rows]


async def test_of_many_rows_one_that_is_there_undoes_all(library: Database) -> None:
    async def unit(tx: Transaction, *titles: str) -> None:
        tx.owe(BOOK, [{"id": new_key(), "title": title, "author": "x"} for title in titles], refused)

    await library.write(unit, "a", "b")
    for some in (("c", "b", "d"), ("e", "f", "e")):
        with pytest.raises(Refused, match="books_title_author_unique"):
            await library.write(unit, *some)
    assert await library.read(titles) == ["a", "b"]


async def test_one_row_may_be_changed_twice(library: Database) -> None:
    key = new_key()

    async def unit(tx: Transaction) -> None:
        tx.owe(BOOK, [{"id": key, "title": "a"}])
        tx.owe(RETITLE, [{"of_id": key, "title": "b"}])
        tx.owe(RETITLE, [{"of_id": key, "title": "c"}])

    await library.write(unit)
    assert await library.read(titles) == ["c"]


async def test_a_problem_has_the_meaning_that_it_was_given_and_undoes_all(library: Database) -> None:
    key = new_key()

    async def unit(tx: Transaction) -> None:
        tx.owe(SHELF, [{"id": new_key(), "label": "x"}])
        tx.owe(BOOK, [{"id": key, "title": "a"}], refused)

    await library.write(unit)
    with pytest.raises(Refused):
        await library.write(unit)
    assert await library.read(titles) == ["a"]
    assert len(await library.read(lambda tx: tx.rows(select(shelves.c.id)))) == 1


async def test_a_problem_without_a_meaning_stays_what_it_is(library: Database) -> None:
    async def unit(tx: Transaction) -> None:
        tx.owe(SHELF, [{"id": new_key(), "label": "x"}])
        tx.owe(BOOK, [{"id": new_key(), "title": "a", "shelf": new_key()}])

    with pytest.raises(MissingReference):
        await library.write(unit)
    assert await library.read(titles) == []


async def test_of_two_problems_the_one_that_was_owed_first_is_told(library: Database) -> None:
    shelf, book = new_key(), new_key()

    async def unit(tx: Transaction) -> None:
        tx.owe(SHELF, [{"id": shelf, "label": "x"}])
        tx.owe(BOOK, [{"id": book, "title": "a"}])

    await library.write(unit)
    with pytest.raises(NotUnique) as found:
        await library.write(unit)
    assert "shelves" in found.value.index


async def test_of_many_rows_of_one_statement_all_are_kept_or_none(library: Database) -> None:
    async def unit(tx: Transaction, keys: list[str]) -> None:
        tx.owe(BOOK, [{"id": key, "title": key} for key in keys], refused)

    one, other = new_key(), new_key()
    await library.write(unit, [one])
    with pytest.raises(Refused):
        await library.write(unit, [other, one])
    assert await library.read(titles) == [one]


async def test_to_settle_is_to_meet_the_problem_now(library: Database) -> None:
    key, passed = new_key(), []

    async def unit(tx: Transaction) -> None:
        tx.owe(BOOK, [{"id": key, "title": "a"}])
        await tx.settle()
        passed.append(key)

    await library.write(unit)
    with pytest.raises(NotUnique):
        await library.write(unit)
    assert passed == [key]


async def test_a_read_owes_nothing(library: Database) -> None:
    async def unit(tx: Transaction) -> None:
        tx.owe(BOOK, [{"id": new_key(), "title": "a"}])

    for door in (library.read, library.scan):
        with pytest.raises(RuntimeError):
            await door(unit)


async def test_nothing_is_owed_to_a_transaction_that_is_over(library: Database) -> None:
    kept: list[Transaction] = []

    async def unit(tx: Transaction) -> None:
        kept.append(tx)

    await library.write(unit)
    with pytest.raises(RuntimeError):
        kept[0].owe(BOOK, [{"id": new_key(), "title": "a"}])


def _part(statement: Any, sql: str, *rows: list[Any]) -> Part:
    return Part(statement, sql, list(rows), meant_as_it_is)


def test_parts_of_different_tables_are_one_statement() -> None:
    shelf = _part(SHELF, "INSERT $1, $2", [1, 2])
    book = _part(BOOK, "WITH noted AS (SELECT $1) INSERT $2", [3, 4])
    (batch,) = batches([shelf, book])
    assert joined(batch) == (
        "WITH owed_0 AS (INSERT $1, $2), noted AS (SELECT $3) INSERT $4",
        [[1, 2, 3, 4]],
    )


def test_what_may_not_go_together_goes_one_after_the_other() -> None:
    shelf, other = _part(SHELF, "INSERT $1", [1]), _part(REMOVE, "DELETE $1", [1])
    many = _part(BOOK, "INSERT $1", [1], [2])
    led = [_part(SHELF, "WITH a AS (x) y", []), _part(BOOK, "WITH b AS (x) y", [])]
    assert [len(batch) for batch in batches([shelf, other])] == [1, 1]
    assert [len(batch) for batch in batches([shelf, many, other])] == [1, 1, 1]
    assert [len(batch) for batch in batches(led)] == [1, 1]
