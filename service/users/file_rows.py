"""Files as they are kept: held for a change, seen in history, and looked at before their bytes are sent."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select

from service.database import Transaction, by_kind, one_of
from service.database.tables import file_bytes, files
from service.users.checks import is_uuid
from service.users.problems import Forbidden
from service.users.rows import Row

_COLUMNS: Final = tuple(column.name for column in files.c)
TOLD: Final = tuple(name for name in _COLUMNS if name not in ("project", "number", "digest"))
# In the order of the keys, as users are held.
HOLDING: Final = (
    select(files).where(files.c.project == bindparam("project")).order_by(files.c.id).with_for_update()
)
_HOLD: Final = by_kind(lambda kind: HOLDING.where(one_of(files.c.id, "ids", kind)))
_LOOK: Final = select(files.c.type, files.c.filename_download, files.c.digest).where(
    files.c.project == bindparam("project"), files.c.id == bindparam("id")
)
_BYTES: Final = select(file_bytes.c.bytes).where(
    file_bytes.c.project == bindparam("project"), file_bytes.c.file == bindparam("id")
)


class Seen(msgspec.Struct, frozen=True):
    """What has to be known of a file before its bytes are sent."""

    type: str
    name: str
    digest: str


async def hold(tx: Transaction, project: str, ids: Sequence[str]) -> dict[str, Row]:
    """Files by their keys, to be changed by nobody else meanwhile. Raises Forbidden (not there)."""
    if not all(map(is_uuid, ids)):
        raise Forbidden
    found = await tx.rows(_HOLD[tx.kind], project=project, ids=list(ids))
    held = {row["id"]: row for row in map(named, found)}
    if not held.keys() >= set(ids):
        raise Forbidden
    return held


async def look(tx: Transaction, project: str, id_: str) -> Seen:
    """What is known of a file. Raises Forbidden when it is gone."""
    found = await tx.row(_LOOK, project=project, id=id_)
    if found is None:
        raise Forbidden
    return Seen(*found)


async def content(tx: Transaction, project: str, id_: str) -> bytes:
    """The bytes of a file. Raises Forbidden when it is gone."""
    found = await tx.row(_BYTES, project=project, id=id_)
    if found is None:
        raise Forbidden
    return bytes(found[0])


def snapshot(row: Row) -> Row:
    """What history keeps of a file."""
    return {name: row[name] for name in TOLD}


def named(found: Sequence[Any]) -> Row:
    """What `HOLDING` found, by column."""
    return dict(zip(_COLUMNS, found, strict=True))
