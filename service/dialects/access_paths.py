"""Access paths: whether indexes lead to the rows of an answer, and what PostgreSQL is told of that."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, literal_column, select

from service.database.shapes import Kind
from service.dialects.dialect import EVERY
from service.dialects.nodes import Joined, Keyed, Node, Term

if TYPE_CHECKING:
    from service.dialects.rules import Rules
    from service.dialects.statements import Shape

# Equality on these finds its few rows by an index; whatever else filters may walk the whole table.
_INDEXED: Final = frozenset({"id", "email", "external_identifier", "user_name", "display_name"})


def is_found(shape: "Shape") -> bool:
    """Whether indexes lead to the few rows of the answer."""
    return shape.where is not None and _leads(shape, shape.where)


def _leads(shape: "Shape", where: Node) -> bool:
    if isinstance(where, Joined):
        led = [_leads(shape, part) for part in where.parts]
        return any(led) if where.how == "and" else all(led) and _is_one_way(shape, where)
    return _is_keyed(where) or (
        isinstance(where, Term)
        and where.operator in ("eq", "in")
        and where.field in _INDEXED
        and not where.relations
        and not where.function
        and (shape.rules is None or where.ours or _is_open(shape.rules, shape.collection, where.field))
    )


def _is_one_way(shape: "Shape", either: Joined) -> bool:
    """Whether SQLite takes the ways of an "or": those into one index, or into several of which it knows that
    each leads to one row, as a connection's own keys do."""
    fields = {part.field if isinstance(part, Term) else "" for part in either.parts}
    return "" not in fields and (len(fields) == 1 or shape.scope == "owned")


def _is_keyed(where: Node) -> bool:
    """Whether it is a key with few rows behind it; the members of a group may be many."""
    return isinstance(where, Keyed) and where.name != "groups"


def is_known(where: Node | None) -> bool:
    """Whether the keys of its rows are what a filter leads to."""
    if isinstance(where, Joined):
        return (any if where.how == "and" else all)(map(is_known, where.parts))
    return isinstance(where, Keyed) or (
        isinstance(where, Term) and where.field == "id" and where.operator in ("eq", "in")
    )


def _is_open(rules: "Rules", collection: str, name: str) -> bool:
    return any(f.name == name and rules.is_open(collection, f) for f in EVERY[collection].fields)


_REACHES: Final = (100, 1_000, 10_000)


def reach(rows: int) -> int:
    """The round number that so many rows do not exceed, for `within`; 0 for more than any."""
    return next((bound for bound in _REACHES if rows <= bound), 0)


def within(statement: Select[Any], rows: int, kind: Kind) -> Select[Any]:
    """The statement with a bound of its rows in its text, where PostgreSQL needs that; none for 0.

    Of a limit that is a bind it knows nothing: it takes it for a tenth of the table, finds that the plan for
    this very value is better, and plans each time anew, which costs more than the page.
    """
    if not rows or kind == "sqlite":
        return statement
    return select(statement.limit(literal_column(str(rows))).subquery())
