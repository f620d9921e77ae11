"""Who is in a group: a row for each user and each group inside it; a change reads as many as it names."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.sql.dml import ReturningDelete

from service.database import MissingReference, Transaction, by_kind, one_of
from service.database.shapes import Kind
from service.database.tables import group_groups, group_users, groups, users
from service.users import group_nesting
from service.users.checks import is_uuid
from service.users.membership import Moved, Wanted
from service.users.model import Caller
from service.users.problems import NoMembers

_TOGETHER: Final = 2000  # members that are looked up at once
_LONGEST: Final = 256  # characters of a member's name that are kept


def _known(
    things: Table, rows: Table, column: str, kind: Kind, alive: ColumnElement[bool] | None
) -> Select[Any]:
    """Of the ids, those that the connection has, and whether they are in the group already."""
    tied = and_(
        rows.c.project == things.c.project, rows.c[column] == things.c.id, rows.c.group == bindparam("group")
    )
    chosen = (
        things.c.project == bindparam("project"),
        things.c.connection == bindparam("connection"),
        one_of(things.c.id, "ids", kind),
    )
    found = select(things.c.id, rows.c.group.is_not(None)).join_from(things, rows, tied, isouter=True)
    return found.where(*chosen) if alive is None else found.where(*chosen, alive)


def _leaving(rows: Table, column: str, kind: Kind) -> ReturningDelete[Any]:
    chosen = (rows.c.project == bindparam("project"), rows.c.group == bindparam("group"))
    return delete(rows).where(*chosen, one_of(rows.c[column], "ids", kind)).returning(rows.c[column])


def _all(rows: Table, column: str) -> Select[Any]:
    chosen = (rows.c.project == bindparam("project"), rows.c.group == bindparam("group"))
    return select(rows.c[column]).where(*chosen)


_USERS: Final = by_kind(lambda kind: _known(users, group_users, "user", kind, users.c.retired == ""))
_GROUPS: Final = by_kind(lambda kind: _known(groups, group_groups, "member", kind, None))
_ADD_USER: Final = insert(group_users)
_ADD_GROUP: Final = insert(group_groups)
_USERS_LEAVE: Final = by_kind(lambda kind: _leaving(group_users, "user", kind))
_GROUPS_LEAVE: Final = by_kind(lambda kind: _leaving(group_groups, "member", kind))
_ALL_USERS: Final = _all(group_users, "user")
_ALL_GROUPS: Final = _all(group_groups, "member")
_of_users = by_kind(
    lambda kind: select(group_users.c.group).where(
        group_users.c.project == bindparam("of_project"), one_of(group_users.c.user, "of_users", kind)
    )
)
_TOUCH: Final = by_kind(
    lambda kind: (
        update(groups)
        .where(groups.c.project == bindparam("of_project"), groups.c.id.in_(_of_users[kind]))
        .values(version=groups.c.version + 1)
    )
)
_around = select(group_groups.c.group).where(
    group_groups.c.project == bindparam("of_project"), group_groups.c.member == bindparam("of_id")
)
_TOUCH_AROUND: Final = (
    update(groups)
    .where(groups.c.project == bindparam("of_project"), groups.c.id.in_(_around))
    .values(version=groups.c.version + 1)
)
_LEAVE_ALL: Final = by_kind(
    lambda kind: delete(group_users).where(
        group_users.c.project == bindparam("project"), one_of(group_users.c.user, "users", kind)
    )
)


async def move(tx: Transaction, caller: Caller, group: str, wanted: Wanted) -> Moved:
    """Make the members of a group, which is held, the ones that are wanted; give who came and went.

    As many rows are read as are named, or all where nobody else is to stay. Raises NoMembers and Invalid.
    """
    where = {"project": caller.project, "group": group}
    moved = Moved()
    leaving_users = leaving_groups = [id_ for id_ in wanted.outside if is_uuid(id_)]
    if wanted.only:
        kept = set(wanted.inside)
        leaving_users = [id_ for (id_,) in await tx.rows(_ALL_USERS, **where) if id_ not in kept]
        leaving_groups = [id_ for (id_,) in await tx.rows(_ALL_GROUPS, **where) if id_ not in kept]
    if leaving_users:
        found = await tx.rows(_USERS_LEAVE[tx.kind], **where, ids=leaving_users)
        moved.removed = [id_ for (id_,) in found]
    if leaving_groups:
        found = await tx.rows(_GROUPS_LEAVE[tx.kind], **where, ids=leaving_groups)
        moved.removed_groups = [id_ for (id_,) in found]
    await _join(tx, caller, group, wanted, moved)
    return moved


async def _join(tx: Transaction, caller: Caller, group: str, wanted: Wanted, moved: Moved) -> None:
    ids = wanted.inside
    if not ids:
        return
    if not all(map(is_uuid, ids)):
        raise NoMembers([id_ for id_ in ids if not is_uuid(id_)])
    people, inner = await _found(tx, caller, group, ids)
    where = {"project": caller.project, "group": group}
    moved.added = [id_ for id_, within in people.items() if not within]
    moved.added_groups = [id_ for id_, within in inner.items() if not within]
    try:
        await tx.run_many(_ADD_USER, _rows(where, "user", moved.added, wanted))
    except MissingReference as problem:  # removed since it was asked for
        raise NoMembers(moved.added) from problem
    if moved.added_groups:
        await group_nesting.check_circle(tx, caller, group, moved.added_groups)
        await tx.run_many(_ADD_GROUP, _rows(where, "member", moved.added_groups, wanted))


async def _found(
    tx: Transaction, caller: Caller, group: str, ids: Sequence[str]
) -> tuple[dict[str, bool], dict[str, bool]]:
    """Of the ids the users and the groups, and whether they are in the group already.

    Raises NoMembers at the first thousands of which some are nobody: to look for all would only cost more.
    """
    asked = {"project": caller.project, "connection": caller.connection, "group": group}
    people: dict[str, bool] = {}
    inner: dict[str, bool] = {}
    for first in range(0, len(ids), _TOGETHER):
        part = ids[first : first + _TOGETHER]
        people.update(await tx.rows(_USERS[tx.kind], **asked, ids=part))
        others = [id_ for id_ in part if id_ not in people]
        if others:
            inner.update(await tx.rows(_GROUPS[tx.kind], **asked, ids=others))
        unknown = [id_ for id_ in others if id_ not in inner]
        if unknown:
            raise NoMembers(unknown)
    return people, inner


def _rows(where: Mapping[str, str], column: str, ids: Sequence[str], wanted: Wanted) -> list[dict[str, Any]]:
    displays = {id_: (wanted.displays.get(id_) or "")[:_LONGEST] or None for id_ in ids}
    return [{**where, column: id_, "display": display} for id_, display in displays.items()]


async def leave(tx: Transaction, project: str, ids: Sequence[str], at: str) -> None:
    """Owe that users leave every group, which shows in the versions of those groups."""
    if ids:
        tx.owe(_TOUCH[tx.kind], [{"of_project": project, "of_users": list(ids), "changed_at": at}])
        tx.owe(_LEAVE_ALL[tx.kind], [{"project": project, "users": list(ids)}])


async def withdraw(tx: Transaction, project: str, group: str, at: str) -> None:
    """Show in the versions of the groups that this one is directly in that it goes: its row takes it out."""
    await tx.run(_TOUCH_AROUND, of_project=project, of_id=group, changed_at=at)
