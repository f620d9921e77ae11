"""Pages of SCIM lists: in a chosen order, and from a known place on, so that no page costs more than another.

A place is the keys of a resource: the value that the list is sorted by, and one that tells equals apart.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, null, or_, select
from sqlalchemy.types import BigInteger

from providers.scim.schema import Resource
from service.database import Transaction, documents
from service.database.shapes import Kind
from service.database.types import Words
from service.dialects import access_paths, statements
from service.dialects.asking import Asking, remembered, taking
from service.dialects.dialect import words
from service.dialects.question import ALL, Question, resources
from service.dialects.scim_orders import Order
from service.dialects.scim_walking import grouped, is_led, sight_of
from service.dialects.sight import Sight
from service.dialects.statements import Shape
from service.users.model import ACTIVE

Step = Literal["first", "after", "before"]
Place = tuple[Any, ...]  # the keys of a resource, as many as the order has

_LIMIT: Final = bindparam("limit", type_=BigInteger())
_OFFSET: Final = bindparam("offset", type_=BigInteger())


class Found(msgspec.Struct, frozen=True):
    """A resource and its place in the list."""

    resource: Resource
    place: Place


async def page(
    tx: Transaction, question: Question, way: Order, step: Step, place: Place, limit: int
) -> list[Found]:
    """At most `limit` resources, in the order of the list: its first, or those after or before a place."""
    asking = _page(question.shape, way, step, access_paths.reach(limit), tx.kind)
    listed = await found(tx, question, asking, place, limit=limit)
    return listed[::-1] if step == "before" else listed


async def few(tx: Transaction, question: Question, way: Order) -> list[Found]:
    """All resources of a list for which an index finds them.

    There are few, so the order in which they came is made here: look-ups that ask for none are asked together
    (`postgres.together`).
    """
    if way != Order():
        return await page(tx, question, way, "first", (), ALL)
    listed = await found(tx, question, _few(question.shape, tx.kind))
    return sorted(listed, key=lambda one: one.place) if len(listed) > 1 else listed


async def found(
    tx: Transaction, question: Question, asking: Asking, place: Place = (), **more: int
) -> list[Found]:
    """The resources of a statement that selects what they are made of, and their places behind that."""
    rows = await tx.rows(asking.statement, **_values(question, asking, place, **more))
    if not rows:
        return []
    many = len(statements.looked_at(question.shape, tx.kind))
    made = resources(question, [row[:many] for row in rows])
    return [Found(one, row[many:]) for one, row in zip(made, rows, strict=True)]


async def place_of(tx: Transaction, question: Question, way: Order, number: int) -> Place | None:
    """The place of the resource with this number, from 1; None behind the end of the list."""
    asking = _numbered(question.shape, way, tx.kind)
    return await tx.row(asking.statement, **_values(question, asking, (), offset=number - 1))


def _values(question: Question, asking: Asking, place: Place, **more: int) -> dict[str, object]:
    values = {**question.values, **{f"k{n}": key for n, key in enumerate(place)}, **more}
    return {name: values[name] for name in asking.names}


@remembered
def _page(shape: Shape, way: Order, step: Step, reach: int, kind: Kind) -> Asking:
    sight = sight_of(shape, kind, sorted_=way != Order())
    keys, turned = _keys(sight, shape, way), step == "before"
    met = statements.met_by(sight, shape)
    if step != "first":
        met.append(_beyond(keys, turned=turned))
    columns = statements.looked_at(shape, kind)
    chosen: Select[Any] = select(*columns, *(key for key, _ in keys)).select_from(sight.source).where(*met)
    ordered = chosen.order_by(*grouped(sight, turned=turned), *_ordered(keys, turned=turned))
    bound = reach if way == Order() and shape.where is None else 0
    return taking(access_paths.within(ordered, bound, kind).limit(_LIMIT), kind)


@remembered
def _few(shape: Shape, kind: Kind) -> Asking:
    sight = sight_of(shape, kind)
    columns = (*statements.looked_at(shape, kind), own_key(sight))
    return taking(select(*columns).select_from(sight.source).where(*statements.met_by(sight, shape)), kind)


@remembered
def _numbered(shape: Shape, way: Order, kind: Kind) -> Asking:
    """Of what is passed over an index alone is read where it can be: the whole rows would take long."""
    sight = sight_of(shape, kind, sorted_=way != Order())
    keys, met = _keys(sight, shape, way), statements.met_by(sight, shape)
    chosen: Select[Any] = select(*(key for key, _ in keys)).select_from(sight.source).where(*met)
    ordered = chosen.order_by(*grouped(sight), *_ordered(keys))
    return taking(ordered.limit(1).offset(_OFFSET), kind)


Keys = Sequence[tuple[ColumnElement[Any], bool]]  # what is compared, and whether it falls


def _keys(sight: Sight, shape: Shape, way: Order) -> Keys:
    own = own_key(sight)
    # SQLite would rather walk the whole table in the order of its keys than sort the few that an index finds.
    last = func.coalesce(own, own) if is_led(shape) else own
    return [*((key, way.descending) for key in _sorted(sight, way)), (last, False)]


def own_key(sight: Sight) -> ColumnElement[Any]:
    """What rises in the order in which resources came, and tells any two apart."""
    columns = sight.table.c
    return columns.number if "number" in columns else columns.id


def _sorted(sight: Sight, way: Order) -> list[ColumnElement[Any]]:
    """Case counts as it does in filters; what is not there comes last, falling first (3.4.2.3)."""
    document: ColumnElement[Any] = sight.table.c.auth_data if way.path else null()
    if way.part is not None:
        leading = documents.leading(document, way.path, sight.kind)
        return _texts(documents.text_at(leading, (way.part,), sight.kind), folded=not way.exact)
    if way.path:
        return _texts(documents.text_at(document, way.path, sight.kind), folded=not way.exact)
    if way.column is None:
        return []
    field = words("scim", sight.collection)[way.column]
    column: ColumnElement[Any] = sight.table.c[field.key or field.column]
    if field.name == "status":
        return [case((column == ACTIVE, 1), else_=0)]
    return _texts(column, folded=not (field.key or way.exact)) if field.kind == "string" else [column]


def _texts(text: ColumnElement[Any], *, folded: bool) -> list[ColumnElement[Any]]:
    compared = func.lower(text, type_=Words()) if folded else text
    return [case((text.is_(None), 1), else_=0), func.coalesce(compared, "", type_=Words())]


def _ordered(keys: Keys, *, turned: bool = False) -> list[ColumnElement[Any]]:
    return [key.desc() if falls != turned else key.asc() for key, falls in keys]


def _beyond(keys: Keys, *, turned: bool) -> ColumnElement[bool]:
    """What comes later than the place whose keys are the binds k0, k1 ...; `turned`: earlier."""
    ways: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for number, (key, falls) in enumerate(keys):
        bind = bindparam(f"k{number}", type_=BigInteger() if isinstance(key.type, Integer) else key.type)
        ways.append(and_(*same, key < bind if falls != turned else key > bind))
        same.append(key == bind)
    return or_(*ways)
