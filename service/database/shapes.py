"""Statements compiled once: each shape keeps its text for the driver, its binds and its loads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import BigInteger, Insert, Integer, SmallInteger, String, Update
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.sql.expression import BindParameter, SelectBase, UpdateBase
from sqlalchemy.types import NullType, TypeEngine

from service.database.fitting import fit_column, fit_integer, fit_text
from service.database.kept import kept
from service.database.types import Fitted

Kind = Literal["sqlite", "postgresql"]
Statement = SelectBase | UpdateBase
Row = tuple[Any, ...]
_DIFFER = "rows whose names differ from the first one's"

DIALECTS: Mapping[Kind, Dialect] = {
    "sqlite": make_url("sqlite://").get_dialect()(),
    "postgresql": make_url("postgresql+asyncpg://").get_dialect()(),
}


class Shape:
    """One statement with one set of names on one database, ready for the driver."""

    __slots__ = ("_binds", "_loads", "_template", "sql", "writes")

    def __init__(
        self,
        sql: str,
        template: list[Any],
        binds: tuple[tuple[int, str, Callable[[Any], Any] | None], ...],
        loads: tuple[tuple[int, Callable[[Any], Any]], ...],
        writes: bool,
    ) -> None:
        self.sql = sql
        self.writes = writes
        self._template = template
        self._binds = binds
        self._loads = loads

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """What goes to the driver, in its order; ValueError names the value that does not fit its column."""
        filled, name = self._template.copy(), ""
        try:
            for position, name, convert in self._binds:
                value = values[name]
                filled[position] = value if value is None or convert is None else convert(value)
        except ValueError as reason:
            raise ValueError(f"{name}: {reason}") from reason
        return filled

    def many(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[Any]]:
        """The same for many rows of values, column by column; TypeError when their names differ."""
        if len(rows) < 2 or not self._template:
            return [self.arguments(row) for row in rows]
        columns, name = [[constant] * len(rows) for constant in self._template], ""
        try:
            for position, name, convert in self._binds:
                column = [row[name] for row in rows]
                columns[position] = column if convert is None else fit_column(convert, column)
        except ValueError as reason:
            raise ValueError(f"{name}: {reason}") from reason
        except KeyError:
            raise TypeError(_DIFFER) from None
        if set(map(len, rows)) != {len(rows[0])}:  # each has the names that are asked for; and no others
            raise TypeError(_DIFFER)
        return list(zip(*columns, strict=True))

    def load(self, fetched: Iterable[Iterable[Any]]) -> list[Row]:
        """The driver's rows as plain tuples of Python values."""
        if not self._loads:
            return list(map(tuple, fetched))
        rows = list(map(list, fetched))
        for position, load in self._loads:  # outside, so that the loops over the rows are as short as can be
            for row in rows:
                value = row[position]
                if value is not None:
                    row[position] = load(value)
        return list(map(tuple, rows))

    def load_row(self, fetched: Iterable[Any]) -> Row:
        if not self._loads:
            return tuple(fetched)
        row = list(fetched)
        for position, load in self._loads:
            value = row[position]
            if value is not None:
                row[position] = load(value)
        return tuple(row)


# Bounded, because callers invent shapes; every constant of the code fits in several times over.
@kept(2048, lambda one: len(one.sql))
def shape(statement: Statement, names: tuple[str, ...], kind: Kind) -> Shape:
    """The shape of `statement` for exactly these names; TypeError when one is missing or too many."""
    dialect = DIALECTS[kind]
    compiled: Any
    if isinstance(statement, Insert | Update):
        columns = [name for name in names if name in statement.table.c]
        if isinstance(statement, Insert) and not statement.exported_columns:
            # Else PostgreSQL is asked for the new key although nobody wants it.
            statement = statement.inline()
        selects = isinstance(statement, Insert) and statement.select is not None
        compiled = statement.compile(dialect=dialect, column_keys=None if selects else columns)
        if compiled.insert_prefetch or compiled.update_prefetch:
            raise TypeError("a Python-side default or onupdate does not run here: pass the value")
    else:
        compiled = statement.compile(dialect=dialect)
    required = {name for name, bind in compiled.binds.items() if bind.required}
    if required != set(names):
        raise TypeError(
            f"names that differ from the statement's: {sorted(required.symmetric_difference(names))}"
        )
    state = compiled.construct_expanded_state(dict.fromkeys(names))
    if state.parameter_expansion:
        raise TypeError("an expanding list has no single shape: use one_of")
    template, binds = _binds(state.positiontup, state.parameters, compiled.binds, required, dialect)
    return Shape(state.statement, template, binds, _loads(statement, dialect), _writes(statement, compiled))


def _writes(statement: Statement, compiled: Any) -> bool:
    """Whether it does, or one of its WITH: nowhere else may anything stand that writes."""
    written = (cte.element for cte in compiled.ctes or ())
    return isinstance(statement, UpdateBase) or any(isinstance(one, UpdateBase) for one in written)


def _binds(
    order: Sequence[str],
    constants: Mapping[str, Any],
    parameters: Mapping[str, BindParameter[Any]],
    required: set[str],
    dialect: Dialect,
) -> tuple[list[Any], tuple[tuple[int, str, Callable[[Any], Any] | None], ...]]:
    template: list[Any] = []
    binds = []
    for position, name in enumerate(order):
        convert = converter(parameters[name].type, dialect)
        if name in required:
            template.append(None)
            binds.append((position, name, convert))
        else:
            value = constants[name]
            template.append(convert(value) if convert and value is not None else value)
    return template, tuple(binds)


def converter(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a value of type `kind` into the driver's: SQLAlchemy's own converter, or else a check that
    makes SQLite as strict as PostgreSQL."""
    if isinstance(kind, Fitted):
        return kind.fit  # itself: by way of SQLAlchemy it would cost each value two calls more
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if convert is not None:
        return convert
    strict = kind.dialect_impl(DIALECTS["postgresql"])
    if isinstance(strict, String):
        return fit_text
    if isinstance(strict, Integer):
        return fit_integer(
            64 if isinstance(strict, BigInteger) else 16 if isinstance(strict, SmallInteger) else 32
        )
    return _fit_any if isinstance(strict, NullType) else None


_fit_64_bits = fit_integer(64)


def _fit_any(value: object) -> object:
    if isinstance(value, str):
        return fit_text(value)
    return _fit_64_bits(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _loads(statement: Statement, dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    columns = statement.selected_columns if isinstance(statement, SelectBase) else statement.exported_columns
    found = ((n, c.type.dialect_impl(dialect).result_processor(dialect, None)) for n, c in enumerate(columns))
    return tuple((position, load) for position, load in found if load is not None)
