"""A user who is looked at before a change, and not held: the change itself says that the row is as it was.

A row that was looked at has a mark, PostgreSQL's xmin: whoever writes the row gives it another one. Whoever
holds it without writing it leaves none, which matters where a session begins, as a change may have to end it.
That is noted in the row, but once a minute: so people who were here a little while ago are held.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Text, bindparam, cast, func, literal_column, null, select

from service.database import now
from service.database.tables import users
from service.users.clock import later
from service.users.rows import Row

_HERE: Final = 600  # seconds since the last access: ten times that minute, for clocks that differ

MARK: Final[ColumnElement[Any]] = cast(literal_column("users.xmin"), Text).label("mark")
HELD: Final[ColumnElement[Any]] = null().label("mark")  # in its place, of a row that is held

_row = users.alias("seen")
_there = (
    select(_row.c.id)
    .where(
        _row.c.project == bindparam("of_project"),
        _row.c.id == bindparam("of_id"),
        cast(literal_column("seen.xmin"), Text) == bindparam("of_mark"),
    )
    .with_for_update(of=_row, key_share=True)
    .subquery()
)
# The row is held before it is counted; to divide by none is an error, which undoes all that goes with it.
_one_of_one = literal_column("1", Integer()) // func.count()
UNCHANGED: Final = select(_one_of_one).select_from(_there).scalar_subquery() == 1


def is_here(row: Row) -> bool:
    """Whether a session may begin for somebody of which the row would say nothing."""
    return row["last_access"] is not None and row["last_access"] > later(now(), -_HERE)
