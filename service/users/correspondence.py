"""The letters of a project, for its administrators: listed, read, sent again, cancelled."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Select, bindparam, delete, select, tuple_, update

from mail.allowance import Allowance
from mail.contract import Owed
from mail.schedule import SERVER_SAID
from service.database import MAX_KEY, Transaction, new_key, now
from service.database.tables import letter_windows, letters
from service.users import access, renewals
from service.users.clock import later, span
from service.users.model import Caller
from service.users.outbox import INVITATION, OUTBOX
from service.users.problems import Forbidden, Unprocessable

# What an administrator sees; `data` and the lease are the post's own business.
SHOWN: Final = (
    *("id", "kind", "status", "recipient", "reference", "attempts", "next_at", "last_code", "last_reason"),
    *("accepted_reply", "message_id", "created_at", "expires_at", "sent_at"),
)
FILTERS: Final = ("status", "kind", "recipient", "reference")
STATUSES: Final = ("queued", "sending", "sent", "dead", "cancelled")
_one = (letters.c.project == bindparam("project"), letters.c.id == bindparam("id"))
_shown = tuple(letters.c[name] for name in SHOWN)
_ONE: Final = select(*_shown).where(*_one)
_COPY: Final = select(letters.c.data).where(*_one)
_CANCEL: Final = update(letters).where(
    letters.c.project == bindparam("of_project"),
    letters.c.id == bindparam("of_id"),
    letters.c.status == "queued",
)

KEPT: Final = 30 * 86_400  # seconds
ALLOWANCE: Final = Allowance(letter_windows)
_old = (
    select(letters.c.project, letters.c.id)
    .where(letters.c.created_at < bindparam("at"), letters.c.next_at.is_(None))
    .order_by(letters.c.created_at)
    .limit(10_000)
    .cte("old")
)
_PRUNE: Final = delete(letters).where(
    tuple_(letters.c.project, letters.c.id).in_(select(_old.c.project, _old.c.id))
)

STALLED: Final = 60  # seconds that a letter may be due; whoever carries letters rests for 30 at most
Shown = dict[str, Any]


class Waiting(msgspec.Struct, frozen=True):
    """What is due in all projects: how many letters, for how many seconds the oldest, and why if known.

    `reason` is in our own words; what the mail server said of somebody's letter is left out.
    """

    due: int
    oldest: float
    reason: str | None

    @property
    def stalled(self) -> bool:
        """Whether somebody should look: the sender is paused, away, or far behind."""
        return self.oldest > STALLED


async def page(
    tx: Transaction, caller: Caller, most: int, before: str, wanted: Mapping[str, str]
) -> list[Shown]:
    """The newest letters, of those that FILTERS say; `before`: the key of the last one that was seen."""
    access.check_administrator(caller)
    statement = _page(tuple(sorted(wanted)))
    rows = await tx.rows(statement, project=caller.project, before=before, most=most, **wanted)
    return [dict(zip(SHOWN, row, strict=True)) for row in rows]


async def one(tx: Transaction, caller: Caller, key: str) -> Shown:
    """A letter. Raises Forbidden where there is none."""
    access.check_administrator(caller)
    row = await tx.row(_ONE, project=caller.project, id=key)
    if row is None:
        raise Forbidden
    return dict(zip(SHOWN, row, strict=True))


async def cancel(tx: Transaction, caller: Caller, key: str) -> Shown:
    """Cancel a letter that waits. Raises Unprocessable for one that is on its way or done."""
    await one(tx, caller, key)
    where = {"of_project": caller.project, "of_id": key}
    reason = "an administrator cancelled it"
    if not await tx.run(_CANCEL, **where, status="cancelled", next_at=None, last_reason=reason):
        raise Unprocessable("Only a letter that waits can be cancelled")
    return await one(tx, caller, key)


async def resend(tx: Transaction, caller: Caller, key: str, lifetime: float) -> Shown:
    """Owe the same again, as a letter of its own; give that one. One that still waits is cancelled.

    An invitation is made anew for `lifetime` seconds, so the link in the older letter dies.
    Raises Forbidden where there is none, Unprocessable for one that is on its way.
    """
    old = await one(tx, caller, key)
    if old["status"] == "sending":
        raise Unprocessable("The letter is on its way: wait until its fate is known")
    if old["kind"] == INVITATION:
        invitation = await renewals.again(tx, caller, old["reference"], lifetime)
        (made,) = await page(tx, caller, 1, MAX_KEY, {"reference": invitation})
        return made
    if old["status"] == "queued":
        await cancel(tx, caller, key)
    at = now()
    (data,) = await tx.row(_COPY, project=caller.project, id=key) or ({},)
    copy = Owed(
        id=new_key(),
        project=caller.project,
        kind=old["kind"],
        reference=old["reference"],
        recipient=old["recipient"],
        created_at=at,
        expires_at=later(at, span(old["created_at"], old["expires_at"])),
        data=data,
    )
    return await one(tx, caller, await OUTBOX.post(tx, copy))


async def waiting(tx: Transaction, caller: Caller) -> Waiting:
    """What is due. Raises Forbidden."""
    access.check_administrator(caller)
    at = now()
    number, since = await OUTBOX.due(tx, at)
    reason = await OUTBOX.why(tx, at) if number else None
    return Waiting(number, span(since or at, at), reason and reason.partition(SERVER_SAID)[0])


async def prune(tx: Transaction) -> int:
    """Delete letters that were done with KEPT seconds ago, a bounded number at once; give their number."""
    await ALLOWANCE.prune(tx, now())
    return await tx.run(_PRUNE, at=later(now(), -KEPT))


@lru_cache(maxsize=16)
def _page(wanted: tuple[str, ...]) -> Select[Any]:
    return (
        select(*_shown)
        .where(
            letters.c.project == bindparam("project"),
            letters.c.id < bindparam("before"),
            *(letters.c[name] == bindparam(name) for name in wanted),
        )
        .order_by(letters.c.id.desc())  # keys rise with time: the newest come first
        .limit(bindparam("most"))
    )
