"""Pages anywhere in the list of all users of a connection, and how many there are: by sums over its blocks.

Users are passed over a block at a time, and within the last block in an index alone. Sums and users are seen
by one statement, so the page is that of one moment.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, cast, func, select
from sqlalchemy.types import BigInteger

from service.database import Transaction
from service.database.shapes import Kind
from service.database.tables import user_blocks, users
from service.database.tables.blocks import BITS
from service.dialects import access_paths, statements
from service.dialects.asking import Asking, taking
from service.dialects.question import Question
from service.dialects.scim_pages import Found, found
from service.dialects.scim_walking import grouped, sight_of
from service.dialects.statements import Shape

_LIMIT: Final = bindparam("limit", type_=BigInteger())
_PASSED: Final = bindparam("passed", type_=BigInteger())
_OWN: Final = (
    user_blocks.c.project == bindparam("caller_project"),
    user_blocks.c.connection == bindparam("caller_connection"),
)
_PEOPLE: Final = func.coalesce(func.sum(user_blocks.c.people), 0)
_TOTAL: Final = select(_PEOPLE).where(*_OWN)


async def page(tx: Transaction, question: Question, start: int, limit: int) -> list[Found]:
    """At most `limit` users from the one with the number `start` on, counted from 1."""
    asking = _page(question.shape, access_paths.reach(limit), tx.kind)
    return await found(tx, question, asking, passed=start - 1, limit=limit)


async def total(tx: Transaction, question: Question) -> int:
    """How many users there are."""
    summed = await tx.row(_TOTAL, **question.values)
    return int(summed[0]) if summed else 0


@lru_cache(64)
def _page(shape: Shape, reach: int, kind: Kind) -> Asking:
    sight = sight_of(shape, kind)
    number = sight.table.c.number
    chosen: Select[Any] = (
        select(*statements.looked_at(shape, kind), number)
        .select_from(sight.source)
        .where(*statements.met_by(sight, shape), number >= _first(shape, kind))
        .order_by(*grouped(sight), number)
    )
    return taking(access_paths.within(chosen, reach, kind).limit(_LIMIT), kind)


def _first(shape: Shape, kind: Kind) -> ColumnElement[Any]:
    """The number of the first user of the page."""
    each = (
        select(user_blocks.c.block, _PEOPLE.label("people")).where(*_OWN).group_by(user_blocks.c.block).cte()
    )
    before = func.sum(each.c.people).over(order_by=each.c.block) - each.c.people
    placed = select(each.c.block, cast(before, BigInteger()).label("before")).cte()
    home = (
        select(placed.c.block, placed.c.before)
        .where(placed.c.before <= _PASSED)
        .order_by(placed.c.block.desc())
        .limit(1)
        .cte()
    )
    begins = select(home.c.block * (1 << BITS)).scalar_subquery()
    within = _PASSED - select(home.c.before).scalar_subquery()
    there = sight_of(shape, kind, users.alias())
    number = there.table.c.number
    passed = select(number).where(there.allowed, number >= begins).order_by(*grouped(there), number)
    return passed.limit(1).offset(within).scalar_subquery()
