"""Roles: what a user may do, where there are no finer rules: everything (admin_access), or their own row."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select

from service.database import Transaction, by_kind, new_key, one_of
from service.database.tables import roles
from service.users import access, history
from service.users.checks import check, is_uuid
from service.users.last_administrator import hold_project
from service.users.model import ROLE_ATTRIBUTES, ROLES, Caller
from service.users.problems import Forbidden, Invalid, NoSuch
from service.users.uniqueness import unique

ADMINISTRATORS: Final = 1  # the number of the role that is made with the project
PUBLIC: Final = 2  # the number that the 8 generation keeps for those who are not signed in
_DEFAULTS: Final = {
    "icon": "supervised_user_circle",
    "description": None,
    "ip_access": None,
    "enforce_tfa": False,
    "admin_access": False,
    "app_access": True,
}
_COLUMNS: Final = tuple(column.name for column in roles.c)

_INSERT: Final = insert(roles)
_NEWEST: Final = select(func.max(roles.c.number)).where(roles.c.project == bindparam("project"))
_NUMBERED: Final = select(roles.c.id).where(
    roles.c.project == bindparam("project"), roles.c.number == bindparam("number")
)
_ALL: Final = select(roles).where(roles.c.project == bindparam("project")).order_by(roles.c.id)
_SOME: Final = by_kind(lambda kind: _ALL.where(one_of(roles.c.id, "ids", kind)))
_ADMINISTER: Final = by_kind(
    lambda kind: select(roles.c.id, roles.c.admin_access).where(
        roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind)
    )
)


async def create(tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]]) -> list[str]:
    """Make roles, all or none; give their ids in the order given. Forbidden, Invalid, Taken."""
    access.check_administrator(caller)
    rows = [_checked(values) for values in given]
    await hold_project(tx, caller.project)
    newest = await tx.row(_NEWEST, project=caller.project)
    number = max(PUBLIC, (newest and newest[0]) or 0)
    with unique():
        await tx.run_many(
            _INSERT,
            [
                {"project": caller.project, "number": number + place, **row}
                for place, row in enumerate(rows, start=1)
            ],
        )
    entries = [history.Entry(row["id"], told, told) for row, told in zip(rows, map(dict, given), strict=True)]
    await history.record(tx, caller, "create", entries, collection=ROLES)
    return [row["id"] for row in rows]


async def make_administrators(tx: Transaction, project: str) -> str:
    """The id of the project's role of administrators, which is made when it is not there yet."""
    await hold_project(tx, project)
    found = await tx.row(_NUMBERED, project=project, number=ADMINISTRATORS)
    if found is not None:
        return str(found[0])
    row = _checked({"name": "Administrator", "icon": "verified", "admin_access": True})
    await tx.run(_INSERT, project=project, number=ADMINISTRATORS, **row)
    return str(row["id"])


async def listed(tx: Transaction, caller: Caller) -> list[dict[str, Any]]:
    """Every role of the project. Forbidden unless an administrator asks."""
    access.check_administrator(caller)
    return [_named(found) for found in await tx.rows(_ALL, project=caller.project)]


async def read(tx: Transaction, caller: Caller, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The roles with these ids, in their order; Forbidden when one is missing or the caller may not."""
    access.check_administrator(caller)
    if not all(map(is_uuid, ids)):
        raise Forbidden
    found = {
        row[1]: _named(row) for row in await tx.rows(_SOME[tx.kind], project=caller.project, ids=list(ids))
    }
    if not found.keys() >= set(ids):
        raise Forbidden
    return [found[id_] for id_ in ids]


async def administer(tx: Transaction, project: str, ids: Collection[str]) -> dict[str, bool]:
    """Which of these roles are administrators'. Raises NoSuch("role") when one is not there."""
    if not ids:
        return {}
    found: dict[str, bool] = dict(await tx.rows(_ADMINISTER[tx.kind], project=project, ids=sorted(ids)))
    if not found.keys() >= set(ids):
        raise NoSuch("role")
    return found


def _checked(given: Mapping[str, object]) -> dict[str, Any]:
    if given.get("name") is None:
        raise Invalid("name", "required")
    values = {name: check(name, value, ROLE_ATTRIBUTES) for name, value in given.items()}
    return {"id": new_key(), **_DEFAULTS, **values}


def _named(found: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_COLUMNS, found, strict=True))
