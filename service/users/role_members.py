"""The users of a role: they are given it, and are left without it when it goes."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import users
from service.users import edits, leave, records
from service.users.checks import is_uuid
from service.users.edits import Edit
from service.users.model import ARCHIVED, SUSPENDED, Caller
from service.users.problems import BadPayload
from service.users.rows import AT_ONCE, as_row, locking

_SHOWN: Final = 100  # users of a role that an answer shows when nobody asks for more
_MEMBERS: Final = by_kind(lambda kind: locking(one_of(users.c.role, "roles", kind)).limit(AT_ONCE))
_COUNT: Final = (
    select(func.count())
    .select_from(users)
    .where(users.c.project == bindparam("project"), users.c.role == bindparam("role"))
)
_COUNT_OF: Final = by_kind(lambda kind: _COUNT.where(one_of(users.c.id, "ids", kind)))


async def vacate(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Every user of roles that go loses role and access; who is archived stays so, and keeps no name."""
    at = now()
    while members := await tx.rows(_MEMBERS[tx.kind], project=caller.project, roles=list(ids)):
        leaving = [
            Edit(row, {"role": None} if row["status"] == ARCHIVED else {"role": None, "status": SUSPENDED})
            for row in map(as_row, members)
        ]
        await edits.write(tx, caller, leaving, at)


async def link(tx: Transaction, caller: Caller, role: str, given: object) -> None:
    """Give a role to users: `given` are their keys, or values with an `id` that change them as well.

    Who had it stays: a list that leaves somebody out takes nothing away and is refused, but for one as long
    as an answer shows. Raises BadPayload, and as `records.change` does.
    """
    people = _people(given)
    if not leave.is_ruled(caller) and len(people) < _SHOWN:  # else the caller may not know of all of them
        where = {"project": caller.project, "role": role}
        (members,) = await tx.row(_COUNT, **where) or (0,)
        (named,) = await tx.row(_COUNT_OF[tx.kind], **where, ids=sorted(people)) or (0,)
        if named < members:
            raise BadPayload('"users" of a role are taken from it by the "role" of each')
    await records.change(tx, caller, {user: {**values, "role": role} for user, values in people.items()})


def _people(given: object) -> dict[str, Mapping[str, object]]:
    """What is said of users, by their keys. Raises BadPayload."""
    found: dict[str, Mapping[str, object]] = {}
    for one in given if isinstance(given, list) else [None]:
        values: Mapping[str, object] = one if isinstance(one, Mapping) else {"id": one}
        if not is_uuid(values.get("id")):
            raise BadPayload('"users" has to be an array of keys, or of objects with an "id"')
        found[str(values["id"]).lower()] = {name: value for name, value in values.items() if name != "id"}
    return found
