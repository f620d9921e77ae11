"""First loads: how far a file has been read into a connection, in the same commit as its people."""

from typing import Final

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import imports, users
from service.users.rows import fold

_columns = (imports.c.line, imports.c.made, imports.c.failed, imports.c.finished)
_FIND: Final = select(*_columns).where(
    imports.c.project == bindparam("project"),
    imports.c.connection == bindparam("connection"),
    imports.c.fingerprint == bindparam("fingerprint"),
)
_THERE: Final = select(users.c.id).where(
    users.c.project == bindparam("project"),
    users.c.connection == bindparam("connection"),
    users.c.user_name_key == bindparam("user_name_key"),
    users.c.retired == "",
)
_added = upsert(imports)  # both databases read it alike
_NOTE: Final = _added.on_conflict_do_update(
    index_elements=["project", "connection", "fingerprint"],
    set_={name: _added.excluded[name] for name in ("line", "made", "failed", "finished", "changed_at")},
)


class Load(msgspec.Struct, frozen=True):
    """Which file goes into which connection; `fingerprint` is the file's sha256."""

    project: str
    connection: str
    fingerprint: str


class Progress(msgspec.Struct, frozen=True):
    """The last line that is done, and what became of those up to it."""

    line: int = 0
    made: int = 0
    failed: int = 0
    finished: bool = False


async def find(tx: Transaction, load: Load) -> Progress | None:
    """How far it came; None when it was never begun."""
    found = await tx.row(_FIND, **msgspec.structs.asdict(load))
    return None if found is None else Progress(*found)


async def is_there(tx: Transaction, load: Load, user_name: str) -> bool:
    """Whether the connection has somebody of this userName already."""
    values = {"project": load.project, "connection": load.connection}
    return await tx.row(_THERE, **values, user_name_key=fold(user_name)) is not None


async def note(tx: Transaction, load: Load, progress: Progress) -> None:
    """Keep how far it came."""
    values = {**msgspec.structs.asdict(load), **msgspec.structs.asdict(progress)}
    await tx.run(_NOTE, **values, changed_at=now())
