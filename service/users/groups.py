"""Groups: each belongs to one connection, which alone sees and changes it."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, select, update

from service.database import Transaction, now
from service.database.tables import groups
from service.users import adoption, events, group_decisions, group_members, history
from service.users.access import Scope, ScopeKind, walked
from service.users.checks import check
from service.users.membership import Moved, Wanted
from service.users.model import GROUP_ATTRIBUTES, GROUPS, Caller
from service.users.problems import Forbidden
from service.users.rows import Row, fold
from service.users.uniqueness import unique

_COLUMNS: Final = tuple(column.name for column in groups.c)
_owned = and_(
    groups.c.project == bindparam("caller_project"), groups.c.connection == bindparam("caller_connection")
)
CONDITIONS: Final[Mapping[ScopeKind, ColumnElement[bool]]] = {
    "owned": _owned,
    "checked": _owned,
    "walked": and_(groups.c.project == bindparam("caller_project"), walked(groups.c.connection)),
}

_HOLD: Final = select(groups).where(_owned, groups.c.id == bindparam("key")).with_for_update(key_share=True)
_INSERT: Final = insert(groups)
_mine = (groups.c.project == bindparam("of_project"), groups.c.id == bindparam("of_id"))
_UPDATE: Final = update(groups).where(*_mine)
_DELETE: Final = delete(groups).where(*_mine)


def scope(caller: Caller) -> Scope:
    """What the caller may read: a connection its own groups. Raises Forbidden for everybody else."""
    if caller.connection is None:
        raise Forbidden
    return Scope("owned", {"caller_project": caller.project, "caller_connection": caller.connection})


async def create(
    tx: Transaction, caller: Caller, id_: str, given: Mapping[str, object], wanted: Wanted
) -> None:
    """Make a group with this id, these values and members. Raises Invalid, GroupTaken, NoMembers."""
    at = now()
    values = _checked({"external_identifier": None, **given})
    row = {"project": caller.project, "id": id_, "connection": scope(caller).values["caller_connection"]}
    with unique():
        await tx.run(_INSERT, **row, **values, version=1, created_at=at, changed_at=at)
    await adoption.adopt(tx, caller, wanted.inside)
    moved = await group_members.move(tx, caller, id_, wanted)
    new = {**row, **values, "version": 1, "created_at": at, "changed_at": at}
    await _record(tx, caller, "create", new, values, moved)
    if await group_decisions.concern(tx, caller, id_):
        await group_decisions.follow(
            tx, caller, await group_decisions.people(tx, caller, moved.users, moved.groups)
        )


async def change(
    tx: Transaction, caller: Caller, row: Row, given: Mapping[str, object], wanted: Wanted
) -> bool:
    """Change a group that is held, and who is in it; False when nothing is another than before.

    Raises Invalid, GroupTaken, NoMembers, Unprocessable (the last administrator).
    """
    changes = {name: value for name, value in _checked(given).items() if row[name] != value}
    id_, renamed = row["id"], "display_name_key" in changes
    concerned = renamed and await group_decisions.concern(tx, caller, id_)
    await adoption.adopt(tx, caller, wanted.inside)
    moved = await group_members.move(tx, caller, id_, wanted)
    if not changes and not moved:
        return False
    new = {**changes, "version": row["version"] + 1, "changed_at": now()}
    with unique():
        await tx.run(_UPDATE, of_project=caller.project, of_id=id_, **new)
    await _record(tx, caller, "update", {**row, **new}, changes, moved)
    if (moved or renamed) and (concerned or await group_decisions.concern(tx, caller, id_)):
        inner = [*moved.groups, id_] if renamed else moved.groups
        await group_decisions.follow(tx, caller, await group_decisions.people(tx, caller, moved.users, inner))
    return True


async def remove(tx: Transaction, caller: Caller, row: Row) -> None:
    """Remove a group that is held; its members stay, without it."""
    left = []
    if await group_decisions.concern(tx, caller, row["id"]):
        left = await group_decisions.people(tx, caller, [], [row["id"]])
    await group_members.withdraw(tx, caller.project, row["id"], now())
    await tx.run(_DELETE, of_project=caller.project, of_id=row["id"])
    await history.record(tx, caller, "delete", [history.Entry(row["id"])], collection=GROUPS)
    await events.tell(tx, caller, [events.group(caller, row, "delete")])
    await group_decisions.follow(tx, caller, left)
    tx.announce("group", row["id"])


async def hold(tx: Transaction, caller: Caller, key: str) -> Row:
    """The group's row, kept from others until the commit. Raises Forbidden."""
    found = await tx.row(_HOLD, **scope(caller).values, key=key)
    if found is None:
        raise Forbidden
    return dict(zip(_COLUMNS, found, strict=True))


def _checked(given: Mapping[str, object]) -> Row:
    values: Row = {name: check(name, value, GROUP_ATTRIBUTES) for name, value in given.items()}
    if "display_name" in values:
        values["display_name_key"] = fold(values["display_name"])
    return values


async def _record(
    tx: Transaction,
    caller: Caller,
    action: Literal["create", "update"],
    row: Row,
    changes: Row,
    moved: Moved,
) -> None:
    """What happened to the group; of its members those who came and went."""
    delta = {name: value for name, value in changes.items() if name in GROUP_ATTRIBUTES}
    told = delta
    if moved:
        delta = {**delta, "members": {"added": moved.incoming, "removed": moved.outgoing}}
        told = {**delta, "members": msgspec.to_builtins(moved)}
    data = {name: row[name] for name in ("id", *GROUP_ATTRIBUTES)}
    await history.record(tx, caller, action, [history.Entry(row["id"], data, delta)], collection=GROUPS)
    await events.tell(tx, caller, [events.group(caller, row, action, told)])
    tx.announce("group", row["id"])
