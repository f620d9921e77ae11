"""Roles: what a user may do, where there are no finer rules: everything (admin_access), or their own row."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Select, and_, bindparam, func, insert, select

from service.database import Transaction, by_kind, new_key, one_of
from service.database.shapes import Kind
from service.database.tables import roles
from service.users import access, history, leave, networks
from service.users.checks import check, is_uuid
from service.users.leave import Grant
from service.users.model import ROLE_ATTRIBUTES, ROLES, Caller
from service.users.problems import Invalid, NoSuch, Taken
from service.users.turns import hold_project
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
    "module_listing": None,
    "collection_listing": None,
}

_INSERT: Final = insert(roles)
_NEWEST: Final = select(func.max(roles.c.number)).where(roles.c.project == bindparam("project"))
_NUMBERED: Final = select(roles.c.id).where(
    roles.c.project == bindparam("project"), roles.c.number == bindparam("number")
)
_ADMINISTER: Final = by_kind(
    lambda kind: select(roles.c.id, roles.c.admin_access).where(
        roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind)
    )
)


def _twins(kind: Kind) -> Select[Any]:
    twin = roles.alias()
    same = twin.c.project == roles.c.project, twin.c.name == roles.c.name, twin.c.id != roles.c.id
    chosen = roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind)
    return select(twin.c.id).select_from(roles).join(twin, and_(*same)).where(*chosen).limit(1)


_TWINS: Final = by_kind(_twins)
_NAMES: Final = by_kind(
    lambda kind: (
        select(roles.c.id, roles.c.name)
        .where(roles.c.project == bindparam("project"), one_of(roles.c.id, "ids", kind))
        .order_by(roles.c.id)
        .with_for_update(key_share=True)
    )
)


async def names(tx: Transaction, project: str, ids: Collection[str]) -> dict[str, str]:
    """What these roles are called, until the transaction ends."""
    if not ids:
        return {}
    return dict(await tx.rows(_NAMES[tx.kind], project=project, ids=sorted(filter(is_uuid, ids))))


async def keep_apart(tx: Transaction, project: str, ids: Collection[str], before: Mapping[str, str]) -> None:
    """For languages in which the name of a role is its own alone. Raises Taken("name") where one of these
    roles is called as another is, and was not `before`."""
    if not ids:
        return
    await hold_project(tx, project)
    found = await names(tx, project, ids)
    new = sorted(id_ for id_, name in found.items() if before.get(id_) != name)
    if new and await tx.row(_TWINS[tx.kind], project=project, ids=new) is not None:
        raise Taken("name")


async def create(tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]]) -> list[str]:
    """Make roles, all or none; give their ids in the order given. Forbidden, Invalid, Taken."""
    grants = _grants(caller, given)
    presets = await leave.filled(tx, caller, grants)
    filled = [{**presets[grant], **values} for grant, values in zip(grants, given, strict=False)]
    rows = [_checked(values) for values in filled]
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
    entries = [
        history.Entry(row["id"], told, told) for row, told in zip(rows, map(dict, filled), strict=True)
    ]
    await history.record(tx, caller, "create", entries, collection=ROLES)
    made = [str(row["id"]) for row in rows]
    ruled = {id_: grant for id_, grant in zip(made, grants, strict=False) if grant is not None}
    await leave.check_written(tx, caller, ROLES, ruled)
    return made


def _grants(caller: Caller, given: Sequence[Mapping[str, object]]) -> list[Grant | None]:
    """The rules by which roles are made. To say that a role is no administrators' needs none."""
    access.check_local(caller)
    if not leave.is_ruled(caller):
        return [None] * len(given)
    named = [
        leave.attributes({n: v for n, v in values.items() if n != "admin_access" or v is not False})
        for values in given
    ]
    return [leave.check_possible(caller, "create", ROLES, names) for names in named or [frozenset()]]


async def make_administrators(tx: Transaction, project: str) -> str:
    """The id of the project's role of administrators, which is made when it is not there yet."""
    await hold_project(tx, project)
    found = await tx.row(_NUMBERED, project=project, number=ADMINISTRATORS)
    if found is not None:
        return str(found[0])
    row = _checked({"name": "Administrator", "icon": "verified", "admin_access": True})
    await tx.run(_INSERT, project=project, number=ADMINISTRATORS, **row)
    return str(row["id"])


async def administer(tx: Transaction, project: str, ids: Collection[str]) -> dict[str, bool]:
    """Which of these roles are administrators'. Raises NoSuch("role") when one is not there."""
    if not ids:
        return {}
    found: dict[str, bool] = dict(await tx.rows(_ADMINISTER[tx.kind], project=project, ids=sorted(ids)))
    if not found.keys() >= set(ids):
        raise NoSuch("role")
    return found


def checked(name: str, value: object) -> object:
    """A value of a role as it is kept. Raises Invalid."""
    kept = check(name, value, ROLE_ATTRIBUTES)
    if name == "ip_access":
        networks.checked(name, kept or ())  # it is kept as it was written
    return kept


def _checked(given: Mapping[str, object]) -> dict[str, Any]:
    if given.get("name") is None:
        raise Invalid("name", "required")
    values = {name: checked(name, value) for name, value in given.items()}
    return {"id": new_key(), "external_id": str(uuid4()), **_DEFAULTS, **values}
