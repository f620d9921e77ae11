"""What people say of an item, in its activity: said by whoever may see the item, changed by who said it."""

from typing import Final

from sqlalchemy import bindparam, insert, select, update

from service.database import Transaction, now
from service.database.tables import activity
from service.users import access
from service.users.checks import check
from service.users.model import Attribute, Caller
from service.users.problems import Forbidden, Invalid

ACTION: Final = "comment"
LONGEST: Final = 10_000  # characters
_TEXT: Final = {"comment": Attribute("comment", "text", LONGEST, nullable=False)}
_one = (
    activity.c.project == bindparam("of_project"),
    activity.c.id == bindparam("of_id"),
    activity.c.action == ACTION,
)
_INSERT: Final = insert(activity).returning(activity.c.id)
_FIND: Final = select(activity.c.user).where(*_one, activity.c.comment_deleted_on.is_(None))
_UPDATE: Final = update(activity).where(*_one, activity.c.comment_deleted_on.is_(None))


async def add(tx: Transaction, caller: Caller, collection: str, item: str, said: object) -> int:
    """Note what the caller says of an item that they may see; give the activity's key. Raises Invalid."""
    origin = caller.origin
    row = await tx.row(
        _INSERT,
        project=caller.project,
        action=ACTION,
        user=caller.user,
        timestamp=now(),
        ip=origin.ip,
        user_agent=origin.user_agent,
        origin=origin.origin,
        collection=collection,
        item=item,
        comment=_checked(said),
    )
    assert row is not None  # noqa: S101  # RETURNING gives the row that was inserted
    return int(row[0])


async def change(tx: Transaction, caller: Caller, remark: int, said: object) -> None:
    """Say it otherwise. Raises Forbidden (not there, taken back, another's), Invalid."""
    await _check(tx, caller, remark)
    text = _checked(said)
    await _write(tx, caller, remark, comment=text, edited_on=now())


async def take_back(tx: Transaction, caller: Caller, remark: int) -> None:
    """Take it back: that something was said stays, what was said goes. Raises Forbidden."""
    await _check(tx, caller, remark)
    await _write(tx, caller, remark, comment=None, comment_deleted_on=now())


async def _check(tx: Transaction, caller: Caller, remark: int) -> None:
    found = await tx.row(_FIND, of_project=caller.project, of_id=remark)
    if found is None:
        raise Forbidden
    if found[0] is None or found[0] != caller.user:
        access.check_administrator(caller)


async def _write(tx: Transaction, caller: Caller, remark: int, **values: object) -> None:
    if not await tx.run(_UPDATE, of_project=caller.project, of_id=remark, **values):
        raise Forbidden


def _checked(said: object) -> object:
    text = check("comment", said, _TEXT)
    if not str(text).strip():
        raise Invalid("comment", "required")
    return text
