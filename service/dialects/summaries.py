"""Sums over rows, and the groups that they are counted in: `aggregate` and `groupBy`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    bindparam,
    cast,
    distinct,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from service.database import Transaction
from service.database.shapes import Kind as DatabaseKind
from service.dialects.asking import Asking, remembered, taking
from service.dialects.dialect import words
from service.dialects.fields import Language
from service.dialects.paths import Path
from service.dialects.sight import Sight
from service.dialects.statements import Shape, met_by, ordered
from service.users.model import Kind

Operation = Literal[
    "count", "countAll", "countDistinct", "sum", "sumDistinct", "avg", "avgDistinct", "min", "max"
]
Column = ColumnElement[Any]

_COMPARED: Final[frozenset[Kind]] = frozenset({"string", "text", "timestamp", "integer"})
_EQUAL: Final[frozenset[Kind]] = _COMPARED | {"uuid", "boolean"}
_ALL: Final[frozenset[Kind]] = _EQUAL | {"json", "tags"}
_NUMBERS: Final[frozenset[Kind]] = frozenset({"integer"})
# What each takes. Of secrets nothing is summed, not even how many there are.
KINDS: Final[Mapping[Operation, frozenset[Kind]]] = {
    "count": _ALL, "countAll": frozenset(), "countDistinct": _EQUAL, "sum": _NUMBERS, "sumDistinct": _NUMBERS,
    "avg": _NUMBERS, "avgDistinct": _NUMBERS, "min": _COMPARED, "max": _COMPARED,
}  # fmt: skip


class Sum(msgspec.Struct, frozen=True):
    """One operation on a path; without a path it counts rows."""

    operation: Operation
    path: Path | None = None


class Summary(msgspec.Struct, frozen=True):
    """What is summed in which groups. `order` names places in the answer's rows: groups first, then sums."""

    sums: tuple[Sum, ...]
    groups: tuple[Path, ...]
    order: tuple[tuple[int, bool], ...] = ()


def _average(column: Column, unique: bool) -> Column:
    """The same double on both, which their own averages are not."""
    of = distinct(column) if unique else column
    average = cast(func.sum(of), Double()) / func.nullif(func.count(of), 0)
    return type_coerce(average, NullType())  # the driver's float as it is: no Decimal in between


_SUMS: Final[Mapping[Operation, Callable[[Column], Column]]] = {
    "count": func.count,
    "countDistinct": lambda column: func.count(distinct(column)),
    "sum": lambda column: cast(func.sum(column), BigInteger()),
    "sumDistinct": lambda column: cast(func.sum(distinct(column)), BigInteger()),
    "avg": lambda column: _average(column, unique=False),
    "avgDistinct": lambda column: _average(column, unique=True),
    "min": func.min,
    "max": func.max,
}


@remembered
def _statement(shape: Shape, summary: Summary, kind: DatabaseKind) -> Asking:
    sight = Sight(shape.language, shape.collection, shape.scope, kind, rules=shape.rules)
    groups = [sight.valued(path) for path in summary.groups]
    sums = [
        func.count() if one.path is None else _SUMS[one.operation](sight.valued(one.path))
        for one in summary.sums
    ]
    columns = [column.label(f"c{place}") for place, column in enumerate((*groups, *sums))]
    met = met_by(sight, shape)
    statement = select(*columns).select_from(sight.source).where(*met)
    if not groups:
        return taking(statement, kind)
    rest = [(place, False) for place in range(len(groups))]
    # By their places, so that an expression with values of its own is not asked for twice.
    order = [ordered(literal_column(str(place + 1)), down) for place, down in (*summary.order, *rest)]
    by: list[Column] = [literal_column(str(place + 1)) for place in range(len(groups))]
    limit, offset = bindparam("limit", type_=BigInteger()), bindparam("offset", type_=BigInteger())
    return taking(statement.group_by(*by).order_by(*order).limit(limit).offset(offset), kind)


async def summed(
    tx: Transaction, shape: Shape, summary: Summary, values: Mapping[str, object]
) -> list[dict[str, object]]:
    """An object for each group: its words, and under each operation a number or an object of numbers."""
    asking = _statement(shape, summary, tx.kind)
    return [_object(shape, summary, row) for row in await asking.rows(tx, values)]


def _object(shape: Shape, summary: Summary, row: tuple[Any, ...]) -> dict[str, object]:
    made: dict[str, object] = {
        path.key: _loaded(shape.language, shape.collection, path, value)
        for path, value in zip(summary.groups, row, strict=False)
    }
    for one, value in zip(summary.sums, row[len(summary.groups) :], strict=True):
        if one.path is None:
            made[one.operation] = value
        else:
            there = made.setdefault(one.operation, {})
            if isinstance(there, dict):
                there[one.path.key] = value
    return made


def _loaded(language: Language, collection: str, path: Path, value: object) -> object:
    field = words(language, collection).get(path.word)
    load = field.cells[language].load if field and path.function is None else None
    return load(value) if load and value is not None else value
