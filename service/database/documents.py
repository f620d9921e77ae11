"""What stands in a JSON document, as columns: a text at a path, and the objects of a list as rows.

Names are those of a schema of ours, never a caller's. Both databases answer alike: texts compare by code
point, true and false are the texts `true` and `false`, and what is not there is NULL.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    case,
    cast,
    collate,
    column,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from service.database.shapes import Kind


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


def entries(document: ColumnElement[Any], path: Sequence[str], kind: Kind) -> Entries:
    """The values of a list at a path, one row each."""
    if kind == "postgresql":
        found = func.jsonb_path_query(document, cast(_steps(path, "[*]"), JSONPATH()))
        listed = found.table_valued(column("entry", JSONB())).render_derived()
        return Entries(listed, listed.c.entry)
    raw = func.json_each(type_coerce(document, Text()), _steps(path))
    each = raw.table_valued(column("value", Text()), column("type", Text()))
    return Entries(each, case((each.c.type == _quoted("object"), each.c.value)))
