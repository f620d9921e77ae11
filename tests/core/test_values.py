"""A value that one of the databases would not keep as it is reaches neither of them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy import bindparam as bind

from service.database import moment, new_key, now
from service.database.shapes import DIALECTS, shape
from service.database.types import Document, Flag, Key, Moment, Words

KINDS = ("sqlite", "postgresql")
things = Table(
    "things",
    MetaData(),
    Column("words", Words),
    Column("text", Text),
    Column("string", String),
    Column("key", Key),
    Column("moment", Moment),
    Column("document", Document),
    Column("flag", Flag),
    Column("small", SmallInteger),
    Column("integer", Integer),
    Column("big", BigInteger),
    Column("number", BigInteger().with_variant(Integer(), "sqlite")),
)

REFUSED = [
    *(
        (column, text)
        for column in ("words", "text", "string")
        for text in ("a\0b", "\udc80", "é\ud800", 1, b"x")
    ),
    ("key", "x"),
    ("key", "01A1FFF7-2F5A-7199-AAB0-25717DE330EC"),
    ("key", "01a1fff72f5a7199aab025717de330ec"),
    ("key", 7),
    ("moment", "2021-02-06"),
    ("moment", "2021-02-05T15:18:13Z"),
    ("moment", "2021-02-05T15:18:13.000+00:00"),
    ("moment", "2021-02-31T15:18:13.000Z"),
    ("moment", "0000-01-01T00:00:00.000Z"),
    ("moment", "٢٠٢١-02-05T15:18:13.000Z"),
    ("moment", 0),
    ("document", {"a": "b\0"}),
    ("document", {"a\0": "b"}),
    ("document", ["\\\0"]),
    ("document", "\udc80"),
    ("document", {1: object()}),
    ("flag", 1),
    ("flag", "true"),
    ("small", 2**15),
    ("integer", 2**31),
    ("integer", -(2**31) - 1),
    ("big", 2**63),
    ("number", -(2**63) - 1),
    *((column, value) for column in ("small", "integer", "big", "number") for value in ("1", 1.0, True)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("column", "value"), REFUSED, ids=lambda value: ascii(value).partition(" at 0x")[0][:40]
)
def test_it_is_refused_by_its_name_alone(kind: Any, column: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{column}: ") as refused:
        shape(insert(things), (column,), kind).arguments({column: value})
    if isinstance(value, str) and len(value) > 7:
        assert value not in str(refused.value)  # values may be secrets, and messages end in logs


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_has_an_end(kind: Any) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^document: "):
        shape(insert(things), ("document",), kind).arguments({"document": deep})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["\0", "\ud800", 2**63])
def test_a_bind_without_a_type_is_checked_too(kind: Any, value: Any) -> None:
    compiled = shape(select(things.c.big).limit(bind("n")), ("n",), kind)
    with pytest.raises(ValueError, match=r"^n: "):
        compiled.arguments({"n": value})


@pytest.mark.parametrize("kind", KINDS)
def test_what_only_looks_like_nul_passes(kind: Any) -> None:
    said = {"a": "\\u0000", "b": "\\\\u0000", "c": "\\"}
    (text,) = shape(insert(things), ("document",), kind).arguments({"document": said})
    assert msgspec.json.decode(text) == said


@given(st.text(st.sampled_from("\\u0a\0"), max_size=12))
def test_nul_is_found_however_it_is_hidden(text: str) -> None:
    compiled = shape(insert(things), ("document",), "sqlite")
    try:
        compiled.arguments({"document": [text]})
        found = False
    except ValueError:
        found = True
    assert found == ("\0" in text)


def test_keys_rise_and_look_like_uuid_version_7() -> None:
    keys = [new_key() for _ in range(1000)]
    assert len(set(keys)) == 1000
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(key) for key in keys)
    stamps = [key[:13] for key in keys]
    assert stamps == sorted(stamps)


def test_moments_are_utc_in_milliseconds() -> None:
    somewhere = datetime(2021, 2, 5, 17, 18, 13, 999_999, timezone(timedelta(hours=2)))
    assert moment(somewhere) == "2021-02-05T15:18:13.999Z"
    assert moment(datetime(2021, 2, 5, tzinfo=UTC)) == "2021-02-05T00:00:00.000Z"
    assert abs(datetime.fromisoformat(now()) - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="zone"):
        moment(datetime(2021, 2, 5))  # noqa: DTZ001  # the naive one is the point


def test_columns_are_made_as_the_two_databases_need_them() -> None:
    def made(kind: Any, type_: Any) -> str:
        return str(type_().compile(dialect=DIALECTS[kind]))

    columns = (Key, Moment, Document, Flag, Words)
    assert [made("sqlite", c) for c in columns] == ["TEXT", "TEXT", "TEXT", "BOOLEAN", "TEXT"]
    assert [made("postgresql", c) for c in columns] == [
        "UUID",
        "TIMESTAMP WITH TIME ZONE",
        "JSONB",
        "BOOLEAN",
        'VARCHAR COLLATE "C"',
    ]
