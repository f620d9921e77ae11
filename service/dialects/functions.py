"""Functions on columns: parts of a moment and the length of a list, the same numbers on both databases."""

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, extract, func, type_coerce

from service.database.shapes import Kind as DatabaseKind
from service.users.model import Kind

COUNT: Final = "count"
RANDOM: Final = "random"  # of no column: an order that nobody knows before
# Where the digits of a part stand in a moment's text (2021-02-05T15:18:13.000Z), counted from 1.
_DIGITS: Final = {
    "year": (1, 4), "month": (6, 2), "day": (9, 2), "hour": (12, 2), "minute": (15, 2), "second": (18, 2),
}  # fmt: skip
_POSTGRESQL: Final = {"week": "week", "weekday": "dow"}
PARTS: Final = frozenset({*_DIGITS, *_POSTGRESQL})
FUNCTIONS: Final = PARTS | {COUNT}
_LISTS: Final[frozenset[Kind]] = frozenset({"json", "tags"})

Column = ColumnElement[Any]


def fits(name: str, kind: Kind) -> bool:
    """Whether a function takes columns of this kind."""
    return kind == "timestamp" if name in PARTS else name == COUNT and kind in _LISTS


def apply(name: str, column: Column, database: DatabaseKind) -> Column:
    """The function of a column: a whole number, or NULL for a row without a value."""
    if name == COUNT:
        return _length(column, database)
    if database == "postgresql":
        # By UTC, whatever the server's zone; floor, because a cast would round 59.6 seconds up.
        there = func.timezone("UTC", column)
        return cast(func.floor(extract(_POSTGRESQL.get(name, name), there)), BigInteger())
    text = type_coerce(column, Text())
    if name == "weekday":
        return cast(func.strftime("%w", text), BigInteger())
    if name == "week":  # ISO 8601: the week is that of its Thursday
        thursday = func.date(text, "-3 days", "weekday 4")
        return (cast(func.strftime("%j", thursday), BigInteger()) - 1) // 7 + 1
    return cast(func.substr(text, *_DIGITS[name]), BigInteger())


def _length(column: Column, database: DatabaseKind) -> Column:
    """The members of a list; what is no list has none."""
    if database == "postgresql":
        return case(
            (column.is_(None), None),
            (func.jsonb_typeof(column) == "array", func.jsonb_array_length(column)),
            else_=0,
        )
    return func.json_array_length(type_coerce(column, Text()), type_=BigInteger())
