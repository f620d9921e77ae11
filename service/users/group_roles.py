"""The roles that groups give: a list for each connection, in the order of precedence.

The first group on the list that a person is in, directly or by groups inside it, decides the role; who is in
none of them has the connection's default role, or no role where it has none. A role is decided whenever
somebody comes into or leaves a group on the list, and when the list changes; one that was given by hand lasts
until then. A role of administrators is given only by an entry that was written down as such: an entry whose
role has become one since is passed over.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select

from service.database import Transaction
from service.database.tables import group_roles
from service.users import access, connections, group_decisions, history
from service.users import roles as all_roles
from service.users.checks import check
from service.users.group_decisions import CONNECTION, LISTED
from service.users.model import CONNECTIONS, GROUP_ATTRIBUTES, Caller
from service.users.problems import Forbidden, Invalid, NoSuch, Unprocessable
from service.users.rows import fold
from service.users.uniqueness import unique

MOST: Final = 1000  # entries of one list


class GroupRole(msgspec.Struct, frozen=True):
    """An entry of the list: the group by its displayName, which need not be there yet, and the role's id.

    `administers`: meant to make administrators.
    """

    group: str
    role: str
    administers: bool = False


_READ: Final = (
    select(group_roles.c.display_name, group_roles.c.role, group_roles.c.administers)
    .where(*LISTED)
    .order_by(group_roles.c.place)
)
_CLEAR: Final = delete(group_roles).where(*LISTED)
_INSERT: Final = insert(group_roles)


async def connection_of(tx: Transaction, caller: Caller, provider: str) -> str:
    """The id of a provider's connection. Raises Forbidden, NoSuch("provider")."""
    access.check_administrator(caller)
    found = await connections.find(tx, caller.project, provider)
    if found is None:
        raise NoSuch("provider")
    return found.id


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
    if await tx.row(CONNECTION, **where) is None:
        raise Forbidden
    rows = await _checked(tx, caller, entries)
    before = await read(tx, caller, connection)
    if before == list(entries):
        return
    touched = await group_decisions.mapped(tx, caller, connection)
    await tx.run(_CLEAR, **where)
    with unique():
        await tx.run_many(_INSERT, [{**where, **row} for row in rows])
    touched += await group_decisions.mapped(tx, caller, connection)
    told = [msgspec.to_builtins(entry) for entry in entries]
    entry = history.Entry(connection, {"group_roles": told}, {"group_roles": told})
    await history.record(tx, caller, "update", [entry], collection=CONNECTIONS)
    mine = msgspec.structs.replace(caller, connection=connection)
    await group_decisions.follow(tx, mine, await group_decisions.people(tx, mine, [], touched))


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
