"""What has just happened: the newest rows of the activity, by their numbers."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, bindparam, func, select

from service.database import Transaction
from service.database.tables import activity

_LAST: Final = select(func.max(activity.c.id))
_SINCE: Final = (
    select(activity.c.id, activity.c.project, activity.c.action, activity.c.collection, activity.c.item)
    .where(activity.c.id > bindparam("number"))
    .order_by(activity.c.id)
    .limit(bindparam("limit", type_=BigInteger()))
)


class Deed(msgspec.Struct, frozen=True):
    """That something was done to an item; names are those of the core."""

    id: int
    project: str
    action: str
    collection: str
    item: str


async def last(tx: Transaction) -> int:
    """The number of the newest deed; 0 when there is none."""
    found = await tx.row(_LAST)
    return 0 if found is None or found[0] is None else int(found[0])


async def since(tx: Transaction, number: int, limit: int) -> Sequence[Deed]:
    """The oldest deeds with a higher number than this, of every project."""
    return [Deed(*row) for row in await tx.rows(_SINCE, number=number, limit=limit)]
