"""Who may do what with a file, and which files a user may be shown with."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, or_, select

from service.database import Transaction, by_kind, one_of
from service.database.tables import files, users
from service.users import leave
from service.users.leave import Grant, Permit
from service.users.model import FILES, Caller
from service.users.problems import Forbidden, NoSuch

_UNTOLD: Final = frozenset({"id", "digest"})
_self = users.alias("self")
_my_picture = (
    select(_self.c.avatar)
    .where(_self.c.project == bindparam("caller_project"), _self.c.id == bindparam("caller_user"))
    .scalar_subquery()
)
# On the files table: what a person uploaded, and the picture that they are shown with.
OWN: Final[ColumnElement[bool]] = or_(
    files.c.uploaded_by == bindparam("caller_user"), files.c.id == _my_picture
)
# Nobody removes the file before the user who is to be shown with it is written.
_NAMED: Final = by_kind(
    lambda kind: (
        select(files.c.id, files.c.uploaded_by)
        .where(files.c.project == bindparam("project"), one_of(files.c.id, "ids", kind))
        .order_by(files.c.id)
        .with_for_update(read=True, key_share=True)
    )
)


def uploading(caller: Caller, names: Collection[str] = ()) -> Grant | None:
    """The rule by which a file is uploaded with these attributes; None where none is asked for it.

    People upload without one, until there is one: then it decides. Raises Forbidden.
    """
    if caller.admin:
        return None
    if caller.leave is not None and caller.leave.grants("create", FILES):
        return leave.check_possible(caller, "create", FILES, names)
    if caller.user is None:
        raise Forbidden
    return None


async def changing(
    tx: Transaction,
    caller: Caller,
    held: Mapping[str, Mapping[str, Any]],
    changes: Mapping[str, Mapping[str, object]],
    differing: Mapping[str, Mapping[str, object]],
) -> dict[str, Grant]:
    """The rules that allow changes of files that the caller did not upload. Raises Forbidden.

    Another picture is a change of all that follows from it.
    """
    others = [id_ for id_, row in held.items() if not _is_own(caller, row)]
    permits = await leave.permits(tx, caller, FILES, others)
    found: dict[str, Grant] = {}
    for id_ in others:
        changed = leave.attributes(differing[id_]) - _UNTOLD
        mentioned = (leave.attributes(changes[id_]) | changed) - _UNTOLD
        grant = permits.get(id_, Permit()).choose(mentioned, changed)
        if grant is not None:
            found[id_] = grant
    return found


async def check_removal(tx: Transaction, caller: Caller, held: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Forbidden unless the caller uploaded all of these, or rules let them remove the others."""
    others = [id_ for id_, row in held.items() if not _is_own(caller, row)]
    if others:
        await leave.check_removal(tx, caller, FILES, others)


def _is_own(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the caller needs no rule for what they do to this file."""
    return caller.admin or (caller.user is not None and bool(row["uploaded_by"] == caller.user))


async def check_avatars(tx: Transaction, caller: Caller, ids: Collection[str]) -> None:
    """That these files are there and the caller may show somebody with them. Raises NoSuch("avatar").

    A file that they may not read is as good as none: whoever is shown with a file may read it.
    """
    if not ids:
        return
    found = await tx.rows(_NAMED[tx.kind], project=caller.project, ids=sorted(ids))
    mine = {caller.user} - {None}
    known = {file for file, uploader in found if caller.admin or uploader in mine}
    unknown = {file for file, _ in found} - known
    if unknown and caller.leave is not None:
        known |= (await caller.leave.holding(tx, caller, "read", FILES, unknown)).keys()
    if not known.issuperset(ids):
        raise NoSuch("avatar")
