"""What stands in JSON, as columns: a text at a path, the objects of a list as rows; and rows written as it.

Paths are those of a schema of ours, never a caller's. Both databases answer alike: texts compare by code
point, true and false are the texts `true` and `false`, and what is not there is NULL.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    case,
    cast,
    collate,
    column,
    func,
    literal_column,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from service.database.shapes import DIALECTS, Kind
from service.database.types import AsJson, Flag


class Entries(NamedTuple):
    """The rows of a list, and what of each is the object; NULL where it is none."""

    source: FromClause
    entry: ColumnElement[Any]


def _quoted(text: str) -> ColumnElement[str]:
    return literal_column("'" + text.replace("'", "''") + "'", Text())


def _steps(path: Sequence[str], end: str = "") -> ColumnElement[str]:
    """A path as the JSON paths of both databases are written."""
    return _quoted("$" + "".join(f'."{name}"' for name in path) + end)


def text_at(document: ColumnElement[Any], path: Sequence[str], kind: Kind) -> ColumnElement[str]:
    """The value at a path of names; an object or a list is some text that is not NULL."""
    if kind == "postgresql":
        return collate(func.jsonb_extract_path_text(document, *map(_quoted, path)), "C")
    where, raw = _steps(path), type_coerce(document, Text())
    flag = func.json_type(raw, where)
    return case((flag.in_([_quoted("true"), _quoted("false")]), flag), else_=func.json_extract(raw, where))


def leading(document: ColumnElement[Any], path: Sequence[str], kind: Kind) -> ColumnElement[Any]:
    """Of the objects of a list the first that says to be primary, else the first of all; NULL of none."""
    if kind == "postgresql":
        ways = [_steps(path, end) for end in ('[*] ? (@."primary" == true)', "[0]")]
        return func.coalesce(*(func.jsonb_path_query_first(document, cast(way, JSONPATH())) for way in ways))
    listed, entry = entries(document, path, kind)
    primary = func.json_extract(entry, _quoted("$.primary"), type_=Integer()) == 1
    chosen = select(entry).select_from(listed).where(primary).limit(1).correlate_except(listed)
    raw, where = type_coerce(document, Text()), _steps(path, "[0]")
    first = case((func.json_type(raw, where) == _quoted("object"), func.json_extract(raw, where)))
    return func.coalesce(chosen.scalar_subquery(), first)


def entries(document: ColumnElement[Any], path: Sequence[str], kind: Kind) -> Entries:
    """The values of a list at a path, one row each."""
    if kind == "postgresql":
        found = func.jsonb_path_query(document, cast(_steps(path, "[*]"), JSONPATH()))
        listed = found.table_valued(column("entry", JSONB())).render_derived()
        return Entries(listed, listed.c.entry)
    raw = func.json_each(type_coerce(document, Text()), _steps(path))
    each = raw.table_valued(column("value", Text()), column("type", Text()))
    return Entries(each, case((each.c.type == _quoted("object"), each.c.value)))


_MOST_WRITTEN: Final = 60  # values of one object: a function of SQLite takes no more than 127 arguments


def written(columns: Mapping[str, ColumnElement[Any]], kind: Kind) -> ColumnElement[str] | None:
    """The JSON text of an object, written by the database; None where that does not pay, or cannot be.

    SQLite writes a row faster than Python values are made of it, one by one. PostgreSQL would need four times
    what the rows alone cost it, and all processes share it.
    """
    if kind == "postgresql" or len(columns) > _MOST_WRITTEN:
        return None
    values = [_written(column) for column in columns.values()]
    found = [value for value in values if value is not None]
    if len(found) < len(columns):
        return None
    names = map(_quoted, columns)
    return func.json_object(*(one for pair in zip(names, found, strict=True) for one in pair), type_=Text())


def _written(column: ColumnElement[Any]) -> ColumnElement[Any] | None:
    """A value as JSON holds it; None for one that only its type can read."""
    if isinstance(column.type, AsJson):
        return func.json(column)
    if isinstance(column.type, Flag):
        return func.json(case((column.is_(None), null()), (column, _quoted("true")), else_=_quoted("false")))
    sqlite = DIALECTS["sqlite"]
    return column if column.type.dialect_impl(sqlite).result_processor(sqlite, None) is None else None
