"""A question about a collection: its shape becomes one SQLAlchemy statement, its values only ever binds."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, not_, or_, select
from sqlalchemy.types import BigInteger, Text

from service.database import Transaction, one_of
from service.database.shapes import Kind
from service.dialects.dialect import COLLECTIONS, Collection, Selection, selection, words
from service.dialects.fields import Field, Language
from service.dialects.filters import BY_KEY, Joined, Node, Not, Term
from service.dialects.operators import NAMED, position
from service.users.access import Scope, ScopeKind
from service.users.model import Caller
from service.users.rows import fold

Row = tuple[Any, ...]


class Shape(msgspec.Struct, frozen=True):
    """All of a question but its values; equal shapes share one compiled statement."""

    language: Language
    collection: str
    scope: ScopeKind
    chosen: tuple[str, ...]
    where: Node | None = None
    searched: bool = False
    by_id: bool = False
    sort: tuple[tuple[str, bool], ...] = ()  # word, descending
    paged: bool = False


class Question(msgspec.Struct):
    """A shape and its values; `answer` asks it."""

    shape: Shape
    values: dict[str, object]

    @property
    def selection(self) -> Selection:
        """What turns the rows into objects of the language."""
        return selection(self.shape.language, self.shape.collection, self.shape.chosen)


def ask(
    caller: Caller,
    language: Language,
    collection: str,
    chosen: tuple[str, ...],
    *,
    where: Node | None = None,
    operands: list[object] | None = None,
    search: str | None = None,
    key: str | None = None,
    sort: tuple[tuple[str, bool], ...] = (),
    limit: int | None = None,
    offset: int = 0,
    scope: Scope | None = None,
) -> Question:
    """A question of this caller: only what the caller's scope holds can be found in its answer."""
    scope = scope or COLLECTIONS[collection].scope(caller)
    values: dict[str, object] = dict(scope.values)
    values |= {f"v{place}": value for place, value in enumerate(operands or ())}
    if search:
        values["search"] = fold(search) or ""
    if key is not None:
        values["key"] = key
    if limit is not None:
        values |= {"limit": limit, "offset": offset}
    shape = Shape(
        language,
        collection,
        scope.kind,
        chosen,
        where,
        bool(search),
        key is not None,
        sort,
        limit is not None,
    )
    return Question(shape, values)


# Equality on these finds its rows by an index; whatever else filters may walk the whole table.
_INDEXED: Final = frozenset({"id", "email", "external_identifier", "role"})
_SHORT: Final = 1000  # rows of a page, and ten times as many passed over, that no other reader notices


def bounded(question: Question) -> bool:
    """Whether the answer costs little however large the table is, so that it may run among point reads."""
    shape, values = question.shape, question.values
    where = shape.where
    found = isinstance(where, Term) and where.operator in ("eq", "in") and where.field in _INDEXED
    if shape.searched or (shape.sort and not found) or (where is not None and not found):
        return False
    limit, offset = values.get("limit", 0), values.get("offset", 0)
    return isinstance(limit, int) and isinstance(offset, int) and limit <= _SHORT and offset <= 10 * _SHORT


async def rows(tx: Transaction, question: Question) -> list[Row]:
    """The rows of the answer, in its order."""
    return await tx.rows(_statement(question.shape, tx.kind), **question.values)


async def row(tx: Transaction, question: Question) -> Row | None:
    """The one row of a question by key."""
    return await tx.row(_statement(question.shape, tx.kind), **question.values)


async def count(tx: Transaction, question: Question, *, filtered: bool) -> int:
    """How many rows the caller may see, or of them the ones that the filter and the search let through."""
    shape = question.shape
    bare = msgspec.structs.replace(
        shape, chosen=(), sort=(), paged=False, where=shape.where if filtered else None,
        searched=shape.searched and filtered,
    )  # fmt: skip
    statement = _count(bare, tx.kind)
    names = _names(bare, question.values)
    found = await tx.row(statement, **names)
    return int(found[0]) if found else 0


def _names(shape: Shape, values: Mapping[str, object]) -> dict[str, object]:
    dropped = {"limit", "offset"} | (set() if shape.searched else {"search"})
    return {
        name: value
        for name, value in values.items()
        if name not in dropped
        and (shape.where is not None or not name.startswith("v") or not name[1:].isdigit())
    }


@lru_cache(1024)
def _statement(shape: Shape, kind: Kind) -> Select[Any]:
    home = COLLECTIONS[shape.collection]
    chosen = selection(shape.language, shape.collection, shape.chosen)
    statement = select(*chosen.columns).where(*_conditions(shape, kind))
    if not shape.by_id:
        statement = statement.order_by(*_order(home, shape))
    if shape.paged:
        statement = statement.limit(bindparam("limit", type_=BigInteger())).offset(
            bindparam("offset", type_=BigInteger())
        )
    return statement


@lru_cache(1024)
def _count(shape: Shape, kind: Kind) -> Select[Any]:
    home = COLLECTIONS[shape.collection]
    return select(func.count()).select_from(home.table).where(*_conditions(shape, kind))


def _order(home: Collection, shape: Shape) -> list[ColumnElement[Any]]:
    """NULLS is written out, because the databases differ; the key last makes pages stable."""
    known = words(shape.language, shape.collection)
    order: list[ColumnElement[Any]] = []
    for word, descending in shape.sort:
        column = home.column(known[word], known[word].cells[shape.language])
        nullable = bool(getattr(column, "nullable", True))
        ordered = column.desc() if descending else column.asc()
        order.append(
            ordered if not nullable else ordered.nulls_first() if descending else ordered.nulls_last()
        )
    return [*order, home.table.c.id.asc()]


def _conditions(shape: Shape, kind: Kind) -> list[ColumnElement[bool]]:
    home = COLLECTIONS[shape.collection]
    conditions = [home.conditions[shape.scope]]
    if shape.by_id:
        conditions.append(home.table.c.id == bindparam("key"))
    if shape.where is not None:
        conditions.append(_where(home, shape.where, kind))
    if shape.searched:
        conditions.append(position(home.table.c.search_text, bindparam("search", type_=Text())) > 0)
    return conditions


def _where(home: Collection, node: Node, kind: Kind) -> ColumnElement[bool]:
    if isinstance(node, Joined):
        parts = [_where(home, part, kind) for part in node.parts]
        return and_(*parts) if node.how == "and" else or_(*parts)
    if isinstance(node, Not):
        # A row without a value does not satisfy the condition, so it satisfies its negation.
        return not_(func.coalesce(_where(home, node.part, kind), false()))
    return _term(home, node, kind)


def _named(home: Collection, name: str) -> Field:
    return next(field for field in home.fields if field.name == name)


def _term(home: Collection, term: Term, kind: Kind) -> ColumnElement[bool]:
    field, operator = _named(home, term.field), NAMED[term.operator]
    column: ColumnElement[Any] = home.table.c[field.column]
    if field.key and (term.folded or term.operator in BY_KEY):
        column = home.table.c[field.key]
    elif term.folded and operator.operand != "none":
        column = func.lower(column)
    if operator.operand == "none":
        return operator.condition(column)
    if operator.operand == "many":
        return operator.condition(column, one_of(column, f"v{term.first}", kind))
    many = 2 if operator.operand == "two" else 1
    binds = [bindparam(f"v{term.first + place}", type_=column.type) for place in range(many)]
    return operator.condition(column, *binds)
