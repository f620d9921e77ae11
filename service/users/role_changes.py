"""Roles are changed and removed: what that takes from whom, and that somebody stays who may do all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select, update

from service.database import Transaction, by_kind, one_of
from service.database.shapes import Kind
from service.database.tables import connections, roles
from service.users import access, history, last_administrator, leave, networks, permissions, role_members
from service.users.checks import check, is_uuid
from service.users.leave import Grant, Permit
from service.users.model import CONCEALED, ROLE_ATTRIBUTES, ROLES, Caller
from service.users.problems import BadPayload, ChangeDenied, Forbidden, RemovalDenied, Unprocessable
from service.users.roles import checked, create
from service.users.rows import Row, same
from service.users.turns import hold_project

_COLUMNS: Final = tuple(column.name for column in roles.c)
_IGNORED: Final = frozenset({"id", "number", "users"})


def _held(kind: Kind, *, removing: bool) -> Select[Any]:
    """In the order of the keys, as users are held. Who removes a role lets no user come to it meanwhile."""
    chosen = roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind)
    return select(roles).where(*chosen).order_by(roles.c.id).with_for_update(key_share=not removing)


_CHANGING: Final = by_kind(lambda kind: _held(kind, removing=False))
_REMOVING: Final = by_kind(lambda kind: _held(kind, removing=True))
_UPDATE: Final = update(roles).where(
    roles.c.project == bindparam("of_project"), roles.c.id == bindparam("of_id")
)
_DELETE: Final = by_kind(
    lambda kind: delete(roles).where(roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind))
)
_NO_DEFAULT: Final = by_kind(
    lambda kind: update(connections).where(
        connections.c.project == bindparam("of_project"), one_of(connections.c.default_role, "of_roles", kind)
    )
)


async def change(tx: Transaction, caller: Caller, changes: Mapping[str, Mapping[str, object]]) -> None:
    """Change roles: id -> what changes. A change of nothing leaves no trace.

    `users` are given the role, as `role_members.link` says. Raises BadPayload, Forbidden (not there, not
    yours), Invalid, Unprocessable (nobody is left who may do all).
    """
    access.check_local(caller)
    held = await _hold(tx, caller, list(changes), removing=False)
    differing = {id_: new for id_, values in changes.items() if (new := _differing(held[id_], values))}
    grants = await _grants(tx, caller, held, changes, differing) if leave.is_ruled(caller) else {}
    filled = await leave.filled(tx, caller, grants.values())
    for id_, grant in grants.items():
        differing[id_] = _differing(held[id_], {**filled[grant], **changes[id_]})
    _keep_in(caller, differing.get(caller.role or "", {}))
    demoted = [id_ for id_, new in differing.items() if new.get("admin_access") is False]
    guarded = bool(demoted) and await hold_project(tx, caller.project)
    had = guarded and await last_administrator.is_there(tx, caller.project)
    for id_, new in differing.items():
        await tx.run(_UPDATE, of_project=caller.project, of_id=id_, **new)
    if had and not await last_administrator.is_there(tx, caller.project):
        raise last_administrator.refusal()
    entries = [history.Entry(id_, _snapshot({**held[id_], **new}), new) for id_, new in differing.items()]
    await history.record(tx, caller, "update", entries, collection=ROLES)
    named = {id_: leave.attributes(differing[id_]) for id_ in grants}
    await leave.check_written(tx, caller, ROLES, grants, named)
    for id_ in differing:
        tx.announce("role", id_)
    for id_, values in changes.items():
        if values.get("users") is not None:
            await role_members.link(tx, caller, id_, values["users"])


def _keep_in(caller: Caller, new: Row) -> None:
    """Refuse (Unprocessable) to let the caller lock themselves out."""
    allowed, ip = tuple(new.get("ip_access") or ()), caller.origin.ip
    if caller.user is not None and not networks.hold(allowed, ip):
        own = ip or "which is unknown"
        raise Unprocessable(f"Your own address, {own}, is in none of these networks: you would be locked out")


async def _grants(
    tx: Transaction,
    caller: Caller,
    held: Mapping[str, Row],
    changes: Mapping[str, Mapping[str, object]],
    differing: Mapping[str, Row],
) -> dict[str, Grant]:
    """The rules that allow the changes. Raises Forbidden; no rule leads to a role of administrators."""
    permits = await leave.permits(tx, caller, ROLES, list(changes))
    found: dict[str, Grant] = {}
    for id_, values in changes.items():
        new = differing.get(id_, {})
        grant = permits.get(id_, Permit()).choose(leave.attributes(values) - _IGNORED, leave.attributes(new))
        if new and held[id_]["admin_access"]:
            raise ChangeDenied
        if grant is not None:
            found[id_] = grant
    return found


async def remove(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove roles. Their users stay without a role and suspended; connections give newcomers none.

    Raises Forbidden (not there, not yours), Unprocessable (nobody would be left who may do all).
    """
    access.check_local(caller)
    ids = list(dict.fromkeys(ids))
    held = await _hold(tx, caller, ids, removing=True)
    if leave.is_ruled(caller):
        await leave.check_removal(tx, caller, ROLES, ids)
        if any(role["admin_access"] for role in held.values()):
            raise RemovalDenied
    await role_members.vacate(tx, caller, ids)
    await permissions.vacate(tx, caller, ids)
    await tx.run(_NO_DEFAULT[tx.kind], of_project=caller.project, of_roles=ids, default_role=None)
    await tx.run(_DELETE[tx.kind], project=caller.project, ids=ids)
    await history.record(tx, caller, "delete", [history.Entry(id_) for id_ in ids], collection=ROLES)
    for id_ in ids:
        tx.announce("role", id_)


async def relate(tx: Transaction, caller: Caller, given: Mapping[str, object]) -> str:
    """The id of the role that an object speaks of: changed where the object says otherwise, made when it
    is not there. Raises as `change` and `roles.create` do; who says what is stored needs no leave for it.
    """
    if given.get("id") is not None:
        id_ = str(check("id", given["id"], ROLE_ATTRIBUTES))
        found = await tx.row(_CHANGING[tx.kind], project=caller.project, ids=[id_])
        if found is not None:
            await change(tx, caller, {id_: given})
            return id_
    if given.get("users"):
        raise BadPayload('"users" of a new role are given it by the "role" of each')
    said = {name: value for name, value in given.items() if value is not None and name != "users"}
    (made,) = await create(tx, caller, [said])
    return made


async def _hold(tx: Transaction, caller: Caller, ids: Sequence[str], *, removing: bool) -> dict[str, Row]:
    if not all(map(is_uuid, ids)):
        raise Forbidden
    statement = (_REMOVING if removing else _CHANGING)[tx.kind]
    held = {row["id"]: row for row in map(_named, await tx.rows(statement, project=caller.project, ids=ids))}
    if not held.keys() >= set(ids):
        raise Forbidden
    return held


def _differing(row: Row, given: Mapping[str, object]) -> Row:
    """What of the given values is a change of this role."""
    named = {
        name: checked(name, value)
        for name, value in given.items()
        if name not in _IGNORED and value != CONCEALED
    }
    return {name: value for name, value in named.items() if not same(row[name], value)}


def _snapshot(row: Row) -> Row:
    return {name: row[name] for name in ROLE_ATTRIBUTES}


def _named(found: Sequence[Any]) -> Row:
    return dict(zip(_COLUMNS, found, strict=True))
