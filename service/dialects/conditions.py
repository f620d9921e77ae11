"""Filters as SQL: the shape of a filter becomes one condition on the tables of a statement."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, false, func, literal_column, not_, or_, select
from sqlalchemy.types import Text

from service.database import one_of
from service.database.case import folded_column
from service.dialects.fields import Field
from service.dialects.filters import BY_KEY, Joined, Node, Not, Some, Term
from service.dialects.operators import NAMED, position
from service.dialects.sight import Sight
from service.users.rows import SEARCHED

SOUGHT = ("search_plain", "search_given", "search_instead")  # of a table that keeps no text for searching


def condition(sight: Sight, node: Node) -> ColumnElement[bool]:
    """What the rows have to satisfy; its binds are v0, v1 ... in the order of the filter's values.

    A sight may have another prefix than v.
    """
    if isinstance(node, Joined):
        parts = [condition(sight, part) for part in node.parts]
        return and_(*parts) if node.how == "and" else or_(*parts)
    if isinstance(node, Not):
        # A row without a value does not satisfy the condition, so it satisfies its negation.
        return not_(func.coalesce(condition(sight, node.part), false()))
    if isinstance(node, Some):
        return _some(sight, node)
    return _term(sight, node)


def _some(sight: Sight, node: Some) -> ColumnElement[bool]:
    there, tied = sight.through(node.relations, node.word)
    conditions = [tied] if node.part is None else [tied, condition(there, node.part)]
    found = exists(
        select(literal_column("1"))
        .select_from(there.source)
        .where(*conditions)
        .correlate_except(*there.tables)
    )
    return not_(found) if node.none else found


def _term(sight: Sight, term: Term) -> ColumnElement[bool]:
    operator = NAMED[term.operator]
    column = sight.column(term, keyed=term.folded or term.operator in BY_KEY)
    if term.folded and term.function is None and operator.operand != "none" and not sight.has_key(term):
        column = func.lower(column)
    if operator.operand == "none":
        return operator.condition(column)
    name = [f"{sight.prefix}{term.first + place}" for place in range(3)]
    if operator.operand == "many":
        return operator.condition(column, one_of(column, name[0], sight.kind))
    if operator.folds:
        column = folded_column(column, sight.kind, name[1], name[2])
    many = 2 if operator.operand == "two" else 1
    binds = [bindparam(name[place], type_=column.type) for place in range(many)]
    return operator.condition(column, *binds)


def search(sight: Sight, *, keyed: bool) -> ColumnElement[bool]:
    """That a text is found in any text of the row, or is one of its keys."""
    texts = [field for field in sight.home.fields if _is_searched(sight, field)]
    conditions: list[ColumnElement[Any]] = []
    if "search_text" in sight.table.c and all(map(sight.is_open, texts)):
        conditions.append(position(sight.table.c.search_text, bindparam("search", type_=Text())) > 0)
    else:
        plain, given, instead = SOUGHT
        for column in _readable(sight, texts):
            folded = folded_column(column, sight.kind, given, instead)
            conditions.append(position(folded, bindparam(plain, type_=Text())) > 0)
    if keyed:
        keys = [field for field in sight.home.fields if field.kind == "uuid" and field.guard != "hidden"]
        conditions += [column == bindparam("search_key") for column in _readable(sight, keys)]
    return or_(false(), *conditions)


def _readable(sight: Sight, fields: Sequence[Field]) -> list[ColumnElement[Any]]:
    return [column for column in map(sight.readable, fields) if column is not None]


def _is_searched(sight: Sight, field: Field) -> bool:
    """Of users, what their text for searching is made of; elsewhere every text."""
    if "search_text" in sight.table.c:
        return field.name in SEARCHED
    return field.kind in ("string", "text") and field.guard in ("open", "server")
