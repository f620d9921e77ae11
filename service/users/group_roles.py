"""The roles that groups give: a list for each connection, in the order of precedence.

The first group on the list that a person is in, directly or by groups inside it, decides the role; who is in
none of them has the connection's default role, or no role where it has none. A role is decided whenever
somebody comes into or leaves a group on the list, and when the list changes; one that was given by hand lasts
until then. A role of administrators is given only by an entry that was written down as such: an entry whose
role has become one since is passed over.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from sqlalchemy import and_, bindparam, delete, false, insert, or_, select, true

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import connections, group_groups, group_roles, group_users, groups, roles
from service.database.types import Key
from service.users import access, edits, history
from service.users import roles as all_roles
from service.users.checks import check
from service.users.edits import Edit
from service.users.group_members import above, below
from service.users.model import ARCHIVED, CONNECTIONS, GROUP_ATTRIBUTES, Caller
from service.users.problems import Forbidden, Invalid, NoSuch, Unprocessable
from service.users.rows import fold, hold
from service.users.uniqueness import unique

MOST: Final = 1000  # entries of one list
_AT_ONCE: Final = 1000  # users that are in memory at a time


class GroupRole(msgspec.Struct, frozen=True):
    """An entry of the list: the group by its displayName, which need not be there yet, and the role's id.

    `administers`: meant to make administrators.
    """

    group: str
    role: str
    administers: bool = False


_list = (
    group_roles.c.project == bindparam("project"),
    group_roles.c.connection == bindparam("connection"),
)
_CONNECTION: Final = (
    select(connections.c.default_role)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("connection"))
    .with_for_update(key_share=True)
)
_OF_PROVIDER: Final = select(connections.c.id).where(
    connections.c.project == bindparam("project"), connections.c.provider == bindparam("provider")
)
_READ: Final = (
    select(group_roles.c.display_name, group_roles.c.role, group_roles.c.administers)
    .where(*_list)
    .order_by(group_roles.c.place)
)
_CLEAR: Final = delete(group_roles).where(*_list)
_INSERT: Final = insert(group_roles)

_named = and_(
    groups.c.project == group_roles.c.project,
    groups.c.connection == group_roles.c.connection,
    groups.c.display_name_key == group_roles.c.display_name_key,
)
_MAPPED: Final = select(groups.c.id).join_from(group_roles, groups, _named).where(*_list)
_above = above(select(bindparam("group", type_=Key()).label("id")))
_CONCERN: Final = _MAPPED.join(_above, _above.c.id == groups.c.id).limit(1)


def _below(kind: Any) -> Any:
    start = select(groups.c.id).where(
        groups.c.project == bindparam("project"), one_of(groups.c.id, "groups", kind)
    )
    held = below(start)
    people = select(group_users.c.user).join_from(held, group_users, group_users.c.group == held.c.id)
    return people.where(group_users.c.project == bindparam("project")).distinct()


_PEOPLE: Final = by_kind(_below)


def _deciding(kind: Any) -> Any:
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
    return mapped.where(*_list, meant).order_by(group_roles.c.place)


_DECIDING: Final = by_kind(_deciding)


async def connection_of(tx: Transaction, caller: Caller, provider: str) -> str:
    """The id of a provider's connection. Raises Forbidden, NoSuch("provider")."""
    access.check_administrator(caller)
    found = await tx.row(_OF_PROVIDER, project=caller.project, provider=provider)
    if found is None:
        raise NoSuch("provider")
    return str(found[0])


async def read(tx: Transaction, caller: Caller, connection: str) -> list[GroupRole]:
    """The list of a connection, in its order. Raises Forbidden."""
    access.check_administrator(caller)
    found = await tx.rows(_READ, project=caller.project, connection=connection)
    return [GroupRole(*row) for row in found]


async def replace(tx: Transaction, caller: Caller, connection: str, entries: Sequence[GroupRole]) -> None:
    """Put another list in place of a connection's, and give everybody the role that they have by it.

    Raises Forbidden (not there, not yours), Invalid, NoSuch("role"), Unprocessable (a role of administrators
    that is not meant as such, or the last administrator).
    """
    access.check_administrator(caller)
    where = {"project": caller.project, "connection": connection}
    if await tx.row(_CONNECTION, **where) is None:
        raise Forbidden
    rows = await _checked(tx, caller, entries)
    before = await read(tx, caller, connection)
    if before == list(entries):
        return
    touched = [id_ for (id_,) in await tx.rows(_MAPPED, **where)]
    await tx.run(_CLEAR, **where)
    with unique():
        await tx.run_many(_INSERT, [{**where, **row} for row in rows])
    touched += [id_ for (id_,) in await tx.rows(_MAPPED, **where)]
    told = [msgspec.to_builtins(entry) for entry in entries]
    entry = history.Entry(connection, {"group_roles": told}, {"group_roles": told})
    await history.record(tx, caller, "update", [entry], collection=CONNECTIONS)
    mine = msgspec.structs.replace(caller, connection=connection)
    await follow(tx, mine, await people(tx, mine, [], touched))


async def _checked(tx: Transaction, caller: Caller, entries: Sequence[GroupRole]) -> list[dict[str, object]]:
    if len(entries) > MOST:
        raise Invalid("group_roles", "max_length", limit=MOST)
    names = [str(check("display_name", entry.group, GROUP_ATTRIBUTES)) for entry in entries]
    keys = [fold(name) for name in names]
    if len(set(keys)) < len(keys):
        raise Invalid("group_roles", "type", detail="must name each group once")
    wanted = [str(check("role", entry.role)) for entry in entries]
    administer = await all_roles.administer(tx, caller.project, set(wanted))
    for entry, role in zip(entries, wanted, strict=True):
        if administer[role] and not entry.administers:
            raise Unprocessable(
                f'The role of "{entry.group}" is one of administrators, and was not meant as such'
            )
    return [
        {
            "place": place,
            "display_name": name,
            "display_name_key": key,
            "role": role,
            "administers": entry.administers,
        }
        for place, (entry, name, key, role) in enumerate(zip(entries, names, keys, wanted, strict=True), 1)
    ]


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
    default, at = await tx.row(_CONNECTION, **where) or (None,), now()
    left = iter(users)
    while some := list(islice(left, _AT_ONCE)):
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
