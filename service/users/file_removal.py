"""Files are taken away: by who may, and with the people whom they belonged to.

A removed user's picture goes with them unless somebody else is shown with it, and so do the files that they
uploaded and nobody is shown with.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, exists, or_

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import files, users
from service.users import edits, file_access, file_rows, history
from service.users.edits import Edit
from service.users.model import FILES, Caller
from service.users.rows import AT_ONCE, as_row, locking

_LEFT: Final = by_kind(
    lambda kind: file_rows.HOLDING.where(
        or_(one_of(files.c.uploaded_by, "users", kind), one_of(files.c.id, "avatars", kind))
    )
)
_SHOWN_WITH: Final = by_kind(lambda kind: locking(one_of(users.c.avatar, "files", kind)).limit(AT_ONCE))
_DELETE: Final = by_kind(
    lambda kind: (
        delete(files)
        .where(files.c.project == bindparam("project"), one_of(files.c.id, "ids", kind))
        .returning(files.c.id)
    )
)
_FORGET: Final = by_kind(
    lambda kind: _DELETE[kind].where(
        ~exists().where(users.c.project == files.c.project, users.c.avatar == files.c.id)
    )
)


async def remove(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove files; who was shown with one is shown without. Raises Forbidden (not there, not yours)."""
    ids = list(dict.fromkeys(ids))
    await file_access.check_removal(tx, caller, await file_rows.hold(tx, caller.project, ids))
    while shown := await tx.rows(_SHOWN_WITH[tx.kind], project=caller.project, files=ids):
        await edits.write(tx, caller, [Edit(row, {"avatar": None}) for row in map(as_row, shown)], now())
    await _gone(tx, caller, await tx.rows(_DELETE[tx.kind], project=caller.project, ids=ids))


async def left(tx: Transaction, project: str, people: Sequence[Mapping[str, Any]]) -> list[str]:
    """The files that users (as `rows` reads them) leave behind when they are removed."""
    avatars = sorted({row["avatar"] for row in people if row["avatar"] is not None})
    of_people = {"users": [row["id"] for row in people], "avatars": avatars}
    found = await tx.rows(_LEFT[tx.kind], project=project, **of_people)
    return [row["id"] for row in map(file_rows.named, found)]


async def forget(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove files whose people have been removed, but those that somebody is shown with."""
    if ids:
        await _gone(tx, caller, await tx.rows(_FORGET[tx.kind], project=caller.project, ids=list(ids)))


async def _gone(tx: Transaction, caller: Caller, removed: Sequence[tuple[Any, ...]]) -> None:
    entries = [history.Entry(id_) for (id_,) in removed]
    await history.record(tx, caller, "delete", entries, collection=FILES)
