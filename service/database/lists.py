"""Conditions on lists of values, and statements that differ between the two databases."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Dialect, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine

from service.database.shapes import Kind, converter

Built = TypeVar("Built")


def one_of(column: ColumnElement[Any], name: str, kind: Kind) -> ColumnElement[bool]:
    """`column` is one of the values in the list passed as `name`; an empty list matches nothing.

    One bind for any length: `= ANY($1)` on PostgreSQL, `IN (SELECT value FROM json_each(?))` on SQLite,
    both of which use the column's index. `~one_of(...)` is the negation; NULL answers NULL on both.
    """
    values = bindparam(name, type_=_Listed(column.type))
    if kind == "postgresql":
        return column == func.any(values)
    return column.in_(select(func.json_each(values).table_valued("value").c.value))


def by_kind(build: Callable[[Kind], Built]) -> Mapping[Kind, Built]:
    """What `build` makes for each database: `tx.rows(STATEMENT[tx.kind], ...)`."""
    return {"sqlite": build("sqlite"), "postgresql": build("postgresql")}


class _Listed(TypeDecorator[list[Any]]):
    """A list whose values are converted as the column's: an array on PostgreSQL, JSON text on SQLite."""

    impl = Text
    cache_ok = False

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.element) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        convert = converter(self.element, dialect)
        as_json = dialect.name != "postgresql"

        def process(values: Any) -> Any:
            listed = [convert(v) if convert and v is not None else v for v in values]
            return msgspec.json.encode(listed).decode() if as_json else listed

        return process
