"""Who may see a file, and which files a user may be shown with."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, or_, select

from service.database import Transaction, by_kind, one_of
from service.database.tables import files, users
from service.users.model import Caller
from service.users.problems import Forbidden, NoSuch

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


def check_change(caller: Caller, row: Mapping[str, Any]) -> None:
    """Raises Forbidden unless the caller uploaded this file or administers the project."""
    if not caller.admin and (caller.user is None or row["uploaded_by"] != caller.user):
        raise Forbidden


async def check_avatars(tx: Transaction, caller: Caller, ids: Collection[str]) -> None:
    """That these files are there and the caller may show somebody with them. Raises NoSuch("avatar").

    Somebody else's file is as good as none: whoever is shown with a file may read it.
    """
    if not ids:
        return
    found = await tx.rows(_NAMED[tx.kind], project=caller.project, ids=sorted(ids))
    mine = {caller.user} - {None}
    known = {file for file, uploader in found if caller.admin or uploader in mine}
    if not known.issuperset(ids):
        raise NoSuch("avatar")
