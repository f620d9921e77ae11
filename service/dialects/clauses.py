"""Filters that are kept: read once, their values filled in for each caller, their SQL about any row."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, FromClause, Select, exists, literal_column, select

from service.database import NIL_KEY
from service.database.shapes import Kind
from service.dialects import conditions, variables
from service.dialects.nodes import Node
from service.dialects.rule_filters import RuleReader
from service.dialects.sight import Sight
from service.dialects.variables import Variables
from service.users.model import Caller

MOST_TERMS: Final = 40  # of one filter: it may stand in a statement once for each column
SAMPLE: Final = Variables(NIL_KEY, NIL_KEY, datetime(2000, 1, 1, tzinfo=UTC))


class Clause(msgspec.Struct, frozen=True, eq=False):
    """A filter on rows of a collection: its shape, what it was read from, and how its values are called."""

    collection: str
    source: object
    node: Node
    prefix: str
    constants: dict[str, object] | None  # None: they depend on who asks and when

    def values(self, caller: Caller) -> dict[str, object]:
        """Its values for this caller, now."""
        if self.constants is not None:
            return self.constants
        _, values = _read(self.collection, self.source, variables.of(caller))
        return _named(self.prefix, values)

    def met(self, collection: str, table: FromClause, kind: Kind) -> ColumnElement[bool]:
        """That a row of this table meets it; what it asks of other rows is asked aside."""
        return about(self.node, self.prefix, collection, table, kind)


class Terms(msgspec.Struct, frozen=True):
    """Clauses to be judged together; None holds of every row."""

    collection: str
    clauses: tuple[Clause | None, ...]


def read(collection: str, source: object, prefix: str) -> Clause | None:
    """A filter as a clause; None for one that asks nothing. Raises BadQuery."""
    if source is None:
        return None
    node, values = _read(collection, source, SAMPLE)
    if node is None:
        return None
    constant = not _varies(source)
    return Clause(collection, source, node, prefix, _named(prefix, values) if constant else None)


def about(node: Node, prefix: str, collection: str, table: FromClause, kind: Kind) -> ColumnElement[bool]:
    """A filter's shape as a condition on a table of its collection, that joins nothing to it."""
    near = Sight("rest10", collection, "all", kind, table, prefix=prefix)
    condition = conditions.condition(near, node)
    if near.source is table:
        return condition
    far = Sight("rest10", collection, "all", kind, near.home.table.alias(), prefix=prefix)
    condition = conditions.condition(far, node)
    same = (far.table.c.project == table.c.project, far.table.c.id == table.c.id)
    found: Select[Any] = select(literal_column("1")).select_from(far.source).where(*same, condition)
    return exists(found.correlate_except(*far.tables))


def _read(collection: str, source: object, known: Variables) -> tuple[Node | None, list[object]]:
    reader = RuleReader("rest10", collection, known, MOST_TERMS)
    return reader.read(source), reader.values


def _named(prefix: str, values: list[Any]) -> dict[str, object]:
    return {f"{prefix}{place}": value for place, value in enumerate(values)}


def _varies(source: object) -> bool:
    """Whether a value somewhere is a variable."""
    if isinstance(source, dict):
        return any(map(_varies, source.values()))
    if isinstance(source, list):
        return any(map(_varies, source))
    return isinstance(source, str) and "$" in source
