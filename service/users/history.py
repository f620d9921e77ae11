"""What happened: an activity row for each thing done, and a revision for each that changed a row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import bindparam, func, insert, select

from service.database import Transaction, now
from service.database.tables import activity, revisions
from service.users.model import USERS, Caller

Action = Literal["create", "update", "delete", "login", "refused", "comment", "status-update", "soft-delete"]

_ACTIVITY: Final = insert(activity)
# The activity of the same item that this transaction has just written: the item's own row is held meanwhile,
# so nobody else writes one of the same action before we commit. One statement serves any number of items.
_REVISION: Final = insert(revisions).values(
    activity=select(func.max(activity.c.id))
    .where(
        activity.c.project == bindparam("in_project"),
        activity.c.collection == bindparam("in_collection"),
        activity.c.item == bindparam("of_item"),
        activity.c.action == bindparam("by_action"),
    )
    .scalar_subquery()
)


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
    """Write down that the caller did this, in two statements however many entries there are."""
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
    await tx.run_many(_ACTIVITY, [{**told, "item": entry.item} for entry in entries])
    kept = [
        _revision(caller.project, action, collection, entry) for entry in entries if entry.data is not None
    ]
    if kept:
        await tx.run_many(_REVISION, kept)


def _revision(project: str, action: Action, collection: str, entry: Entry) -> dict[str, object]:
    return {
        "project": project,
        "collection": collection,
        "item": entry.item,
        "data": entry.data,
        "delta": entry.delta,
        "in_project": project,
        "in_collection": collection,
        "of_item": entry.item,
        "by_action": action,
    }
