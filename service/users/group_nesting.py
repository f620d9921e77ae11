"""Groups inside groups: those that some are inside of, those inside of them; never in a circle."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, bindparam, select

from service.database import Transaction, by_kind, one_of
from service.database.tables import connections, group_groups
from service.database.types import Key
from service.users.model import Caller
from service.users.problems import Invalid

_project: ColumnElement[Any] = bindparam("project")


def above(start: Select[Any]) -> CTE:
    """The groups of `start` (a column `id`) and all that they are inside of."""
    held = start.cte("above", recursive=True)
    further = select(group_groups.c.group).join_from(held, group_groups, group_groups.c.member == held.c.id)
    return held.union(further.where(group_groups.c.project == _project))


def below(start: Select[Any], project: ColumnElement[Any] = _project, *, nesting: bool = False) -> CTE:
    """The groups of `start` (a column `id`) and all that are inside of them."""
    held = start.cte("below", recursive=True, nesting=nesting)
    further = select(group_groups.c.member).join_from(held, group_groups, group_groups.c.group == held.c.id)
    return held.union(further.where(group_groups.c.project == project))


ABOVE_ONE: Final = above(select(bindparam("group", type_=Key()).label("id")))
_CIRCLE: Final = by_kind(
    lambda kind: select(ABOVE_ONE.c.id).where(one_of(ABOVE_ONE.c.id, "ids", kind)).limit(1)
)
_HOLD_CONNECTION: Final = (
    select(connections.c.id)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("connection"))
    .with_for_update(key_share=True)
)


async def check_circle(tx: Transaction, caller: Caller, group: str, inner: Sequence[str]) -> None:
    """Raises Invalid where one of the inner groups is this one, or one that it is inside of.

    Whoever puts groups into groups does so one at a time: two at once could close a circle.
    """
    await tx.row(_HOLD_CONNECTION, project=caller.project, connection=caller.connection)
    if await tx.row(_CIRCLE[tx.kind], project=caller.project, group=group, ids=list(inner)):
        raise Invalid("members", "type", detail="would put the group inside itself")
