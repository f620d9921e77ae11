"""Statements are compiled once, and one that could do something else than it says is not compiled at all."""

import gc
import re
import weakref
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy import bindparam as bind

from service.database import new_key, tables
from service.database.kept import LARGE, ROOM
from service.database.shapes import shape
from service.database.sqlite.problems import names
from service.database.types import Document, Flag, Key, Moment, Words

KINDS = ("sqlite", "postgresql")
things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("size", Integer),
)
kept = Table(
    "kept",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("kind", Text),
    Column("words", Words),
    Column("key", Key),
    Column("moment", Moment),
    Column("flag", Flag),
    Column("document", Document),
    Column("small", Integer),
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_statement_is_compiled_once_for_the_same_names(kind: Any) -> None:
    add = insert(things)
    assert shape(add, ("id", "name"), kind) is shape(add, ("id", "name"), kind)
    assert shape(add, ("id",), kind).sql != shape(add, ("id", "name"), kind).sql


@pytest.mark.parametrize("kind", KINDS)
def test_a_default_of_python_is_refused(kind: Any) -> None:
    made = Table(
        "made",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("name", Text, default="x", onupdate="y"),
    )
    for statement in (insert(made), update(made)):
        with pytest.raises(TypeError, match="default"):
            shape(statement, ("id",), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_expanding_list_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="one_of"):
        shape(select(things.c.id).where(things.c.id.in_(bind("ids", expanding=True))), ("ids",), kind)
    with pytest.raises(TypeError, match="one_of"):
        shape(select(things.c.id).where(things.c.id.in_([1, 2])), (), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_may_stand_in_two_places(kind: Any) -> None:
    twice = select(things.c.id).where((things.c.size > bind("n")) | (things.c.id == bind("n")))
    compiled = shape(twice, ("n",), kind)
    assert compiled.arguments({"n": 7}) == ([7, 7] if kind == "sqlite" else [7])


@pytest.mark.parametrize("kind", KINDS)
def test_constants_are_kept_with_the_shape_and_values_are_not(kind: Any) -> None:
    compiled = shape(
        select(things.c.id).where(things.c.name == "fixed", things.c.size == bind("n")), ("n",), kind
    )
    assert compiled.arguments({"n": 1}) == ["fixed", 1]
    assert compiled.arguments({"n": None}) == ["fixed", None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_may_be_written_into_the_text(kind: Any) -> None:
    due = select(things.c.id).where(things.c.name == literal("due", literal_execute=True))
    compiled = shape(due, (), kind)
    assert "'due'" in compiled.sql
    assert compiled.arguments({}) == []


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_names_mix(kind: Any) -> None:
    change = update(things).where(things.c.id == bind("of_id")).values(size=things.c.size + 1)
    compiled = shape(change, ("of_id", "name"), kind)
    assert "size=" in compiled.sql
    assert "name=" in compiled.sql
    assert sorted(compiled.arguments({"of_id": 3, "name": "x"}), key=str) == [1, 3, "x"]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_asks_for_a_key_that_nobody_wants(kind: Any) -> None:
    assert "RETURNING" not in shape(insert(things), ("name",), kind).sql
    assert "RETURNING" in shape(insert(things).returning(things.c.id), ("name",), kind).sql


def test_statements_that_callers_invent_do_not_pile_up() -> None:
    for size, limit in ((1, 2048), (2 * LARGE, ROOM // 2 - 1)):
        invented = [select(literal_column("n" * size + f"{n}")) for n in range(limit + 100)]
        for statement in invented:
            assert shape(statement, (), "sqlite") is shape(statement, (), "sqlite")
        made = [weakref.ref(statement) for statement in invented]
        del invented, statement
        gc.collect()
        assert len([one for one in made if one() is not None]) == limit


def test_no_two_unique_indexes_of_ours_look_the_same_to_sqlite() -> None:
    known = names(tables.metadata)
    assert known[frozenset({"users.project", "users.id"})] == "users_project_id_unique"
    twins = MetaData()
    columns = (Column("id", Integer), Column("name", Text))
    Table(
        "twins",
        twins,
        *columns,
        UniqueConstraint("id", "name", name="other"),
        Index("twin", "name", "id", unique=True),
    )
    with pytest.raises(TypeError, match="apart"):
        names(twins)


MANY: list[tuple[str, list[Any]]] = [
    ("words", ["a", None, "a", "Zoë", ""]),
    ("words", ["a", "b\0", "c"]),
    ("words", ["\ud83d", "\ude00"]),  # together they would be a character
    ("words", ["a", 1]),
    ("words", ["a", ["b"]]),
    ("key", [new_key(), None, new_key()]),
    ("key", [new_key(), "x"]),
    ("moment", ["2021-02-05T15:18:13.000Z", None, "2021-02-05T15:18:13.000Z"]),
    ("moment", ["2021-02-05T15:18:13.000Z", "2021-02-31T15:18:13.000Z"]),
    ("flag", [True, False, None]),
    ("flag", [True, 1]),
    ("document", [{"a": [1]}, None, "x"]),
    ("document", [{"a": 1}, {"a": "\0"}]),
    ("small", [1, None, 2]),
    ("small", [1, True]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "values"), MANY)
def test_many_rows_are_taken_as_each_of_them_would_be(kind: Any, name: str, values: list[Any]) -> None:
    compiled = shape(insert(kept).values(kind="fixed"), ("id", name), kind)
    rows = [{"id": number, name: value} for number, value in enumerate(values)]
    try:
        expected: list[Any] = [compiled.arguments(row) for row in rows]
    except ValueError as refusal:
        with pytest.raises(ValueError, match=re.escape(str(refusal))):
            compiled.many(rows)
    else:
        assert list(map(list, compiled.many(rows))) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_different_names_are_refused(kind: Any) -> None:
    compiled, first = shape(insert(things), ("id", "name"), kind), {"id": 1, "name": "a"}
    for second in ({"id": 2, "size": 3}, {"id": 2}, {**first, "size": 3}):
        with pytest.raises(TypeError, match="differ"):
            compiled.many([first, second])


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_statement_has_before_it_counts_as_writing(kind: Any) -> None:
    written = update(things).values(size=things.c.size + 1).returning(things.c.id)
    inner = select(written.cte("inner_").c.id).cte("outer_")
    assert shape(select(select(written.cte("w").c.id).subquery().c.id), (), kind).writes
    assert shape(select(things.c.id).where(things.c.id.in_(select(inner.c.id))), (), kind).writes
    assert not shape(select(select(things.c.id).cte("r").c.id), (), kind).writes
