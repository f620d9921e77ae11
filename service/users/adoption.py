"""People whom nobody owns, taken over by a connection that adopts and puts them into one of its groups.

A provider that has found somebody by userName and sees nothing to change writes only whom to let in.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from sqlalchemy import and_

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import users
from service.users import access, edits
from service.users.checks import is_uuid
from service.users.edits import Edit
from service.users.model import Caller
from service.users.rows import AT_ONCE, as_row, locking

_NOBODYS: Final = by_kind(
    lambda kind: locking(
        and_(one_of(users.c.id, "ids", kind), users.c.connection.is_(None), users.c.retired == "")
    )
)


async def adopt(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Make the caller the owner of those whom it may adopt; all others stay as they are."""
    if not caller.adopt:
        return
    left = iter(filter(is_uuid, ids))
    while some := list(islice(left, AT_ONCE)):
        found = map(as_row, await tx.rows(_NOBODYS[tx.kind], project=caller.project, ids=some))
        taken = {"connection": caller.connection, "provider": caller.provider}
        await edits.write(
            tx, caller, [Edit(row, taken) for row in found if access.adopts(caller, row)], now()
        )
