"""Former states of rows, as revisions hold them, without what a reader may not know."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, type_coerce

from service.database.shapes import Kind

Column = ColumnElement[Any]


def without(column: Column, collection: Column, hidden: Mapping[str, Sequence[str]], kind: Kind) -> Column:
    """The objects in `column` without the names that are `hidden` in the collection that a row speaks of;
    of any other collection, nothing. Names are ours, never a caller's."""
    nothing: Column = literal_column("'{}'")
    cut = [(collection == own, _minus(column, names, kind)) for own, names in hidden.items()]
    return type_coerce(case(*cut, else_=nothing) if cut else nothing, column.type)


def _minus(column: Column, names: Sequence[str], kind: Kind) -> Column:
    if not names:
        return column
    if kind == "postgresql":
        listed = ", ".join(f"'{name}'" for name in names)
        return column.op("-")(literal_column(f"ARRAY[{listed}]::text[]"))
    return func.json_remove(column, *(literal_column(f"'$.{name}'") for name in names))
