"""Permissions: the rules of a role, kept as they were written; whether a rule can be understood is asked of
`check`, which comes from the dialects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Text, bindparam, delete, func, insert, select, type_coerce, update

from service.database import Transaction, by_kind, one_of
from service.database.tables import permissions
from service.users import access, history, roles
from service.users.checks import check as checked
from service.users.model import PERMISSION_ATTRIBUTES, PERMISSIONS, Caller
from service.users.problems import BadPayload, Forbidden, Invalid
from service.users.rows import Row, same
from service.users.turns import hold_project

MOST: Final = 10  # rules of one role about the same thing: every one stands in a statement
Check = Callable[[Mapping[str, Any]], None]

_COLUMNS: Final = tuple(column.name for column in permissions.c)
_KEPT: Final = tuple(name for name in PERMISSION_ATTRIBUTES if name != "id")
_EMPTY: Final = dict.fromkeys(_KEPT)
_INSERT: Final = insert(permissions).returning(permissions.c.id)
_RULE: Final = select(
    permissions.c.collection,
    permissions.c.action,
    *(
        type_coerce(permissions.c[name], Text()).label(name)
        for name in ("permissions", "validation", "presets", "fields")
    ),
).where(permissions.c.project == bindparam("project"))
_OF_ROLE: Final = _RULE.where(permissions.c.role == bindparam("role")).order_by(permissions.c.id)
_OF_PUBLIC: Final = _RULE.where(permissions.c.role.is_(None)).order_by(permissions.c.id)
_HELD: Final = by_kind(
    lambda kind: (
        select(permissions)
        .where(permissions.c.project == bindparam("project"), one_of(permissions.c.id, "ids", kind))
        .order_by(permissions.c.id)
        .with_for_update()
    )
)
_OF_ROLES: Final = by_kind(
    lambda kind: select(permissions.c.id).where(
        permissions.c.project == bindparam("project"), one_of(permissions.c.role, "roles", kind)
    )
)
_UPDATE: Final = update(permissions).where(
    permissions.c.project == bindparam("of_project"), permissions.c.id == bindparam("of_id")
)
_DELETE: Final = by_kind(
    lambda kind: delete(permissions).where(
        permissions.c.project == bindparam("project"), one_of(permissions.c.id, "ids", kind)
    )
)
_CROWDED: Final = (
    select(func.count())
    .where(permissions.c.project == bindparam("project"))
    .group_by(permissions.c.role, permissions.c.collection, permissions.c.action)
    .having(func.count() > MOST)
    .limit(1)
)


class Rule(msgspec.Struct, frozen=True):
    """One permission as the dialects compile it: our name of the collection, documents as JSON text."""

    collection: str
    action: str
    permissions: str | None
    validation: str | None
    presets: str | None
    fields: str | None


async def of_role(tx: Transaction, project: str, role: str | None) -> tuple[Rule, ...]:
    """The rules of a role, or of those who are not signed in; oldest first."""
    if role is None:
        found = await tx.rows(_OF_PUBLIC, project=project)
    else:
        found = await tx.rows(_OF_ROLE, project=project, role=role)
    return tuple(Rule(*row) for row in found)


async def create(
    tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]], check: Check
) -> list[int]:
    """Make permissions, all or none; give their ids in the order given.

    Raises Forbidden for all but administrators, Invalid, NoSuch("role"), BadPayload.
    """
    access.check_administrator(caller)
    rows = [_whole({**_EMPTY, **_values(values)}, check) for values in given]
    if not rows:
        return []
    await roles.administer(tx, caller.project, {row["role"] for row in rows if row["role"] is not None})
    await hold_project(tx, caller.project)
    ids = []
    for row in rows:
        made = await tx.row(_INSERT, project=caller.project, **row)
        ids.append(int(made[0]) if made else 0)
    await _bound(tx, caller.project)
    entries = [history.Entry(str(id_), {"id": id_, **row}, row) for id_, row in zip(ids, rows, strict=True)]
    await history.record(tx, caller, "create", entries, collection=PERMISSIONS)
    _announce(tx, rows)
    return ids


async def change(
    tx: Transaction, caller: Caller, changes: Mapping[int, Mapping[str, object]], check: Check
) -> None:
    """Change permissions: id -> what changes. A change of nothing leaves no trace. Raises as `create` does,
    and Forbidden for one that is not there."""
    access.check_administrator(caller)
    await hold_project(tx, caller.project)
    held = await _hold(tx, caller.project, list(changes))
    differing: dict[int, Row] = {}
    for id_, values in changes.items():
        new = {name: value for name, value in _values(values).items() if not same(held[id_][name], value)}
        if new:
            differing[id_] = new
            _whole({name: {**held[id_], **new}[name] for name in _KEPT}, check)
    given = {new["role"] for new in differing.values() if new.get("role") is not None}
    await roles.administer(tx, caller.project, given)
    for id_, new in differing.items():
        await tx.run(_UPDATE, of_project=caller.project, of_id=id_, **new)
    await _bound(tx, caller.project)
    after = {id_: {**held[id_], **new} for id_, new in differing.items()}
    entries = [history.Entry(str(id_), _snapshot(after[id_]), new) for id_, new in differing.items()]
    await history.record(tx, caller, "update", entries, collection=PERMISSIONS)
    _announce(tx, [*after.values(), *(held[id_] for id_ in differing)])


async def remove(tx: Transaction, caller: Caller, ids: Sequence[int]) -> None:
    """Remove permissions. Raises Forbidden (not there, or no administrator)."""
    access.check_administrator(caller)
    ids = list(dict.fromkeys(ids))
    held = await _hold(tx, caller.project, ids)
    await _drop(tx, caller, ids)
    _announce(tx, list(held.values()))


async def vacate(tx: Transaction, caller: Caller, gone: Sequence[str]) -> None:
    """Remove the permissions of roles that are about to go; that the caller may is known."""
    found = await tx.rows(_OF_ROLES[tx.kind], project=caller.project, roles=list(gone))
    if found:
        await _drop(tx, caller, [row[0] for row in found])


async def _drop(tx: Transaction, caller: Caller, ids: Sequence[int]) -> None:
    await tx.run(_DELETE[tx.kind], project=caller.project, ids=list(ids))
    entries = [history.Entry(str(id_)) for id_ in ids]
    await history.record(tx, caller, "delete", entries, collection=PERMISSIONS)


async def _hold(tx: Transaction, project: str, ids: Sequence[int]) -> dict[int, Row]:
    found = await tx.rows(_HELD[tx.kind], project=project, ids=list(ids))
    held = {row["id"]: row for row in (dict(zip(_COLUMNS, one, strict=True)) for one in found)}
    if not held.keys() >= set(ids):
        raise Forbidden
    return held


async def _bound(tx: Transaction, project: str) -> None:
    """The project is held, so nobody else adds to the rules meanwhile."""
    if await tx.row(_CROWDED, project=project) is not None:
        raise BadPayload(f"A role has at most {MOST} permissions for one action on one collection")


def _values(given: Mapping[str, object]) -> Row:
    return {
        name: checked(name, value, PERMISSION_ATTRIBUTES) for name, value in given.items() if name != "id"
    }


def _whole(row: Row, check: Check) -> Row:
    for name in ("collection", "action"):
        if row[name] is None:
            raise Invalid(name, "required")
    check(row)
    return row


def _snapshot(row: Row) -> Row:
    return {name: row[name] for name in PERMISSION_ATTRIBUTES}


def _announce(tx: Transaction, rows: Sequence[Row]) -> None:
    for role in {row["role"] for row in rows}:
        tx.announce("role", role or "")
