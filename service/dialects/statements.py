"""Shapes of questions as SQLAlchemy statements, built once for each shape and database."""

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, Text, bindparam, func, select, type_coerce
from sqlalchemy.types import BigInteger

from service.database import one_of
from service.database.documents import written
from service.database.kept import kept
from service.database.shapes import Kind
from service.dialects import access_paths, conditions, scim_members
from service.dialects.asking import Asking, remembered, taking
from service.dialects.fields import Language
from service.dialects.nodes import Node
from service.dialects.parts import Order, Part
from service.dialects.paths import Path
from service.dialects.selections import SCIM_COLUMNS, Selection, selection
from service.dialects.sight import Sight
from service.users.access import ScopeKind

if TYPE_CHECKING:
    from service.dialects.rules import Rules


class Shape(msgspec.Struct, frozen=True):
    """All of a question but its values; equal shapes share one compiled statement.

    `keyed`: the text that is searched for is a key as well. `of`: the column by which the rows belong to
    others, whose keys are the value `parents`, a list; each of those has a page of its own (with `id` the
    keys are those of the rows). `rules` limit what of the rows may be known. `reach`: that many rows at most
    lie before the end of the page, where that is known; a `remote` page is found by its keys first.
    """

    language: Language
    collection: str
    scope: ScopeKind
    chosen: tuple[Part, ...]
    where: Node | None = None
    searched: bool = False
    keyed: bool = False
    by_id: bool = False
    sort: Order = ()
    paged: bool = False
    reach: int = 0
    remote: bool = False
    of: str | None = None
    rules: "Rules | None" = None


MOST_RELATED: Final = 100_000  # rows that one answer holds by relations that are asked for apart
_LIMIT: Final = bindparam("limit", type_=BigInteger())
_OFFSET: Final = bindparam("offset", type_=BigInteger())


class Plan(msgspec.Struct, frozen=True, eq=False):
    """How the objects of an answer are had: `selection` makes them of rows, unless those are their text."""

    asking: Asking
    selection: Selection
    written: bool


@kept(1024, attrgetter("asking.length"))
def plan(shape: Shape, kind: Kind) -> Plan:
    """The plan of an answer."""
    chosen = selection(shape.language, shape.collection, shape.chosen)
    if chosen.keys and shape.of is None:
        sight = Sight(shape.language, shape.collection, shape.scope, kind, rules=shape.rules)
        shown = zip(chosen.keys, _columns(sight, shape), strict=True)
        text = written(dict(shown), kind)
        if text is not None:
            return Plan(_asking(sight, shape, [text]), chosen, written=True)
    return Plan(rows(shape, kind), chosen, written=False)


@remembered
def rows(shape: Shape, kind: Kind) -> Asking:
    """The rows of an answer, in its order."""
    sight = Sight(shape.language, shape.collection, shape.scope, kind, rules=shape.rules)
    return _asking(sight, shape, _columns(sight, shape))


def _asking(sight: Sight, shape: Shape, columns: list[ColumnElement[Any]]) -> Asking:
    met = met_by(sight, shape)
    order = [] if shape.by_id else ordering(sight, shape.sort, found=access_paths.is_found(shape))
    if shape.of is not None:
        return taking(_apart(sight, shape.of, columns, met, order), sight.kind)
    statement = select(*columns).select_from(sight.source).where(*met).order_by(*order)
    if shape.remote:
        return taking(_by_keys(sight, shape, columns), sight.kind)
    if shape.paged:
        statement = access_paths.within(statement, shape.reach, sight.kind).limit(_LIMIT).offset(_OFFSET)
    return taking(statement, sight.kind)


def _by_keys(sight: Sight, shape: Shape, columns: list[ColumnElement[Any]]) -> Select[Any]:
    """A page whose rows are looked up when it is known which they are: of those that are passed over or
    sorted no more is read than that takes, which may be an index alone."""
    far = Sight(sight.language, sight.collection, shape.scope, sight.kind, rules=shape.rules)
    order, met = ordering(far, shape.sort), met_by(far, shape)
    keys = select(far.table.c.id).select_from(far.source).where(*met).order_by(*order)
    page = keys.limit(_LIMIT).offset(_OFFSET).correlate(None)
    order = ordering(sight, shape.sort)
    rows = select(*columns).select_from(sight.source).where(sight.allowed, sight.table.c.id.in_(page))
    return rows.order_by(*order)


@lru_cache(1024)
def looked_at(shape: Shape, kind: Kind) -> list[ColumnElement[Any]]:
    """The columns that the resources of SCIM are made of."""
    return _columns(Sight(shape.language, shape.collection, shape.scope, kind), shape)


def _columns(sight: Sight, shape: Shape) -> list[ColumnElement[Any]]:
    if shape.language == "scim":
        stored = [sight.table.c[name] for name in SCIM_COLUMNS[shape.collection]]
        columns: list[ColumnElement[Any]] = [
            type_coerce(column, Text()) if column.name == "auth_data" else column for column in stored
        ]
        return columns + [
            scim_members.groups_of_user(sight.kind) for part in shape.chosen if part == "groups"
        ]
    looks = selection(shape.language, shape.collection, shape.chosen).looks
    return [sight.shown(path).label(f"c{place}") for place, path in enumerate(looks)]


def _apart(
    sight: Sight,
    of: str,
    columns: list[ColumnElement[Any]],
    met: list[ColumnElement[bool]],
    order: list[ColumnElement[Any]],
) -> Select[Any]:
    """A page for each of the rows that these belong to; its key comes first."""
    parent = sight.of(of)
    place = func.row_number().over(partition_by=parent, order_by=order).label("place")
    every = (
        select(parent.label("parent"), *columns, place)
        .select_from(sight.source)
        .where(one_of(parent, "parents", sight.kind), *met)
        .subquery()
    )
    shown = [column for column in every.c if column.name != "place"]
    page = (every.c.place > _OFFSET, every.c.place - _OFFSET <= _LIMIT)
    # One more than may be, so that too many are noticed before all of them are in memory.
    return select(*shown).where(*page).order_by(every.c.parent, every.c.place).limit(MOST_RELATED + 1)


@remembered
def counted(shape: Shape, kind: Kind) -> Asking:
    """How many rows there are."""
    sight = Sight(shape.language, shape.collection, shape.scope, kind, rules=shape.rules)
    met = met_by(sight, shape)
    return taking(select(func.count()).select_from(sight.source).where(*met), kind)


def ordering(sight: Sight, sort: Order, *, found: bool = False) -> list[ColumnElement[Any]]:
    """The key comes last, which makes pages stable.

    Where an index finds the rows, the key is no bare column: SQLite would rather walk the whole table in its
    order than sort the few that were found.
    """
    key = sight.table.c.id
    last = func.coalesce(key, key) if found else key
    return [*(_ordered(sight.valued(path), path, down) for path, down in sort), last.asc()]


def _ordered(column: ColumnElement[Any], path: Path, descending: bool) -> ColumnElement[Any]:
    """A row that is not there has no value anywhere."""
    if not path.relations and not getattr(column, "nullable", True):
        return column.desc() if descending else column.asc()
    return ordered(column, descending)


def ordered(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    """NULLS is written out, because the databases differ."""
    return column.desc().nulls_first() if descending else column.asc().nulls_last()


def met_by(sight: Sight, shape: Shape) -> list[ColumnElement[bool]]:
    """What the rows of a shape have to satisfy."""
    met = [sight.allowed]
    if shape.by_id:
        met.append(sight.table.c.id == bindparam("key"))
    if shape.where is not None:
        met.append(conditions.condition(sight, shape.where))
    if shape.searched:
        met.append(conditions.search(sight, keyed=shape.keyed))
    return met
