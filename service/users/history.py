"""What happened: an activity row for each thing done, and a revision for each that changed a row."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import BigInteger, BindParameter, Column, Insert, Integer, bindparam, func, insert, select

from service.database import Transaction, by_kind, now
from service.database.shapes import Kind
from service.database.tables import activity, revisions
from service.users.model import USERS, Caller

Action = Literal["create", "update", "delete", "login", "refused", "comment", "status-update", "soft-delete"]

_NOTED: Final = (
    *("project", "action", "user", "timestamp", "ip", "user_agent", "origin"),
    *("collection", "item", "comment"),
)
_REVISED: Final = ("project", "collection", "item", "data", "delta")


def _of(column: Column[Any]) -> BindParameter[Any]:
    return bindparam(f"of_{column.name}", type_=column.type)


_ACTIVITY: Final = insert(activity).values({name: _of(activity.c[name]) for name in _NOTED})


def _both(kind: Kind) -> Sequence[tuple[Insert, Collection[str]]]:
    """What writes an activity with its revision, and the values that each statement takes."""
    revision: dict[str, Any] = {name: _of(revisions.c[name]) for name in _REVISED}
    if kind == "postgresql":
        noted = _ACTIVITY.returning(activity.c.id).cte("noted")
        made = select(*revision.values(), noted.c.id)
        return [(insert(revisions).from_select([*revision, "activity"], made), (*_NOTED, "data", "delta"))]
    # Those of the same entries were the last to be written, in their order: nobody else writes meanwhile.
    newest = select(func.max(activity.c.id)).scalar_subquery()
    revised = insert(revisions).values(
        {**revision, "activity": newest - bindparam("of_behind", type_=Integer)}
    )
    return [(_ACTIVITY, _NOTED), (revised, (*_REVISED, "behind"))]


_BOTH: Final = by_kind(_both)
# Of many entries PostgreSQL is asked for the keys first: each table is then written in one statement.
_KEYS: Final = select(
    func.nextval(func.pg_get_serial_sequence(activity.name, activity.c.id.name), type_=BigInteger)
).select_from(func.generate_series(1, bindparam("many", type_=Integer)))
_MANY: Final[Sequence[tuple[Insert, Collection[str]]]] = [
    (insert(table).values({name: _of(table.c[name]) for name in names}), names)
    for table, names in ((activity, ("id", *_NOTED)), (revisions, (*_REVISED, "activity")))
]


class Entry(msgspec.Struct, frozen=True):
    """What was done to one item: `data` is the item afterwards, `delta` what changed; None: no revision.

    Both hold attributes by name, secrets already concealed (rows.snapshot, rows.shown).
    """

    item: str
    data: Mapping[str, Any] | None = None
    delta: Mapping[str, Any] | None = None


async def record(
    tx: Transaction,
    caller: Caller,
    action: Action,
    entries: Sequence[Entry],
    *,
    collection: str = USERS,
    comment: str | None = None,
) -> None:
    """Owe what the caller did, in two statements however many entries there are."""
    if not entries:
        return
    if caller.doing is not None:
        caller.doing.extend((action, collection, entry.item) for entry in entries)
    told = {
        "project": caller.project,
        "action": action,
        "user": caller.user,
        "timestamp": now(),
        "ip": caller.origin.ip,
        "user_agent": caller.origin.user_agent,
        "origin": caller.origin.origin,
        "collection": collection,
        "comment": caller.origin.comment if comment is None else comment,
    }
    tx.owe(_ACTIVITY, _values(told, _NOTED, [entry for entry in entries if entry.data is None]))
    revised = [entry for entry in entries if entry.data is not None]
    ways, keys = _BOTH[tx.kind], list[int]()
    if tx.kind == "postgresql" and len(revised) > 1:
        ways, keys = _MANY, [key for (key,) in await tx.rows(_KEYS, many=len(revised))]
    for statement, names in ways:
        tx.owe(statement, _values(told, names, revised, keys))


def _values(
    told: Mapping[str, object], names: Collection[str], entries: Sequence[Entry], keys: Sequence[int] = ()
) -> list[dict[str, object]]:
    """The values of a statement for each entry: what is told of all of them, and what is its own."""
    own: dict[str, Sequence[object]] = {
        "item": [entry.item for entry in entries],
        "data": [entry.data for entry in entries],
        "delta": [entry.delta for entry in entries],
        "behind": range(len(entries) - 1, -1, -1),
        "id": keys,
        "activity": keys,
    }
    shared = {f"of_{name}": told[name] for name in names if name in told}
    binds = [name for name in names if name not in told]
    each = zip(*(own[name] for name in binds), strict=True)
    return [
        shared | {f"of_{name}": value for name, value in zip(binds, values, strict=True)} for values in each
    ]
