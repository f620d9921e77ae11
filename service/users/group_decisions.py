"""The role that somebody has by the groups that they are in: as the list of their connection decides.

Decided whenever somebody comes into or leaves a group on the list, and when the list changes.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Select, and_, bindparam, false, or_, select, true

from service.database import Transaction, by_kind, now, one_of
from service.database.shapes import Kind
from service.database.tables import connections, group_groups, group_roles, group_users, groups, roles
from service.users import edits
from service.users.edits import Edit
from service.users.group_nesting import ABOVE_ONE, below
from service.users.model import ARCHIVED, Caller
from service.users.rows import AT_ONCE, hold

LISTED: Final = (
    group_roles.c.project == bindparam("project"),
    group_roles.c.connection == bindparam("connection"),
)
CONNECTION: Final = (
    select(connections.c.default_role)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("connection"))
    .with_for_update(key_share=True)
)
_named = and_(
    groups.c.project == group_roles.c.project,
    groups.c.connection == group_roles.c.connection,
    groups.c.display_name_key == group_roles.c.display_name_key,
)
_MAPPED: Final = select(groups.c.id).join_from(group_roles, groups, _named).where(*LISTED)
_CONCERN: Final = _MAPPED.join(ABOVE_ONE, ABOVE_ONE.c.id == groups.c.id).limit(1)


def _below(kind: Kind) -> Select[tuple[str]]:
    start = select(groups.c.id).where(
        groups.c.project == bindparam("project"), one_of(groups.c.id, "groups", kind)
    )
    held = below(start)
    people = select(group_users.c.user).join_from(held, group_users, group_users.c.group == held.c.id)
    return people.where(group_users.c.project == bindparam("project")).distinct()


_PEOPLE: Final = by_kind(_below)


def _deciding(kind: Kind) -> Select[tuple[str, str]]:
    """The entries that apply to each of the users, the first of which decides."""
    direct = select(group_users.c.user, group_users.c.group).where(
        group_users.c.project == bindparam("project"), one_of(group_users.c.user, "users", kind)
    )
    held = direct.cte("held", recursive=True)
    outer = select(held.c.user, group_groups.c.group).join_from(
        held, group_groups, group_groups.c.member == held.c.group
    )
    held = held.union(outer.where(group_groups.c.project == bindparam("project")))
    mapped = (
        select(held.c.user, group_roles.c.role)
        .join_from(held, groups, groups.c.id == held.c.group)
        .join(group_roles, _named)
        .join(roles, and_(roles.c.project == group_roles.c.project, roles.c.id == group_roles.c.role))
    )
    meant = or_(roles.c.admin_access.is_(false()), group_roles.c.administers.is_(true()))
    return mapped.where(*LISTED, meant).order_by(group_roles.c.place)


_DECIDING: Final = by_kind(_deciding)


async def mapped(tx: Transaction, caller: Caller, connection: str) -> list[str]:
    """The groups that are on a connection's list."""
    found = await tx.rows(_MAPPED, project=caller.project, connection=connection)
    return [id_ for (id_,) in found]


async def concern(tx: Transaction, caller: Caller, group: str) -> bool:
    """Whether the group, or one that it is inside of, is on the connection's list."""
    where = {"project": caller.project, "connection": caller.connection}
    return await tx.row(_CONCERN, **where, group=group) is not None


async def people(tx: Transaction, caller: Caller, users: Sequence[str], inner: Sequence[str]) -> list[str]:
    """These users, and all who are in these groups and in those inside them."""
    if not inner:
        return list(users)
    found = await tx.rows(_PEOPLE[tx.kind], project=caller.project, groups=list(inner))
    return sorted({*users, *(user for (user,) in found)})


async def follow(tx: Transaction, caller: Caller, users: Sequence[str]) -> None:
    """Give users of the caller's connection the role that they have by its list; the last administrator
    stays one (Unprocessable)."""
    if not users:
        return
    where = {"project": caller.project, "connection": caller.connection}
    default, at = await tx.row(CONNECTION, **where) or (None,), now()
    left = iter(users)
    while some := list(islice(left, AT_ONCE)):
        decided: dict[str, str] = {}
        for user, role in await tx.rows(_DECIDING[tx.kind], **where, users=some):
            decided.setdefault(user, role)
        held = await hold(tx, caller.project, some)
        changed = [
            Edit(row, {"role": decided.get(user, default[0])})
            for user, row in held.items()
            if row["status"] != ARCHIVED
        ]
        await edits.write(tx, caller, changed, at)
