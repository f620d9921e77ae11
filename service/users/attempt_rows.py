"""The statements on attempts: all windows of an attempt are changed in one, held in the order of its values.

That is the order of the levels everywhere, so that attempts which meet wait in a row and not in a circle.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Insert, bindparam, case, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database.tables import activity, attempts, users

_MOST: Final = 3  # windows
_RECENT: Final = 200  # activities among which a person's sign-ins are looked for

_added = upsert(attempts)  # both databases read it alike


def _of(name: str, bind: str) -> BindParameter[Any]:
    return bindparam(bind, type_=attempts.c[name].type)


def _changing(first: int, change: Mapping[str, ColumnElement[Any]]) -> Mapping[int, Insert]:
    """By the number of windows: what makes this change in each; a new one has `first` in it."""
    project = _of("project", "of_project")
    rows = [
        {
            "project": project,
            "mark": _of("mark", f"mark_{n}"),
            "count": first,
            "ends_at": _of("ends_at", f"ends_at_{n}"),
        }
        for n in range(_MOST)
    ]
    key = ["project", "mark"]
    return {
        many: _added.values(rows[:many]).on_conflict_do_update(index_elements=key, set_=change)
        for many in range(1, _MOST + 1)
    }


_is_over = attempts.c.ends_at <= _of("ends_at", "at")
_TAKEN: Final = {
    "count": case((_is_over, 1), else_=attempts.c.count + 1),
    "ends_at": case((_is_over, _added.excluded.ends_at), else_=attempts.c.ends_at),
}
TAKE: Final = {
    many: statement.returning(attempts.c.mark, attempts.c.count, attempts.c.ends_at)
    for many, statement in _changing(1, _TAKEN).items()
}
_is_cleared = attempts.c.mark == _of("mark", "cleared")
GIVE_BACK: Final = _changing(
    0, {"count": case((_is_cleared, 0), (attempts.c.count > 0, attempts.c.count - 1), else_=0)}
)
PRUNE: Final = delete(attempts).where(attempts.c.ends_at <= bindparam("at"))
RECENTLY: Final = (
    select(activity.c.action, activity.c.ip)
    .join(users, (users.c.project == activity.c.project) & (users.c.id == activity.c.user))
    .where(
        users.c.project == bindparam("project"),
        users.c.email_key == bindparam("email_key"),
        users.c.retired == "",
    )
    .order_by(activity.c.id.desc())
    .limit(_RECENT)
)


def places(project: str, marks: Sequence[str], ends: Sequence[str]) -> dict[str, str]:
    """The binds of these windows, and of when each ends if it is new."""
    numbered = {f"mark_{n}": mark for n, mark in enumerate(marks)}
    return {"of_project": project} | numbered | {f"ends_at_{n}": end for n, end in enumerate(ends)}
