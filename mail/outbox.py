"""The table of letters: post one with the rows that owe it, claim those that are due, settle each when tried.

A letter is due when `next_at` has come. A claim moves `next_at` to the end of the lease, so a letter whose
worker died is due again by itself; letters that are done have no `next_at` and leave the index.
"""

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

from mail import schedule
from mail.contract import Letter, Outcome, Owed, Transaction

Type = TypeEngine[Any] | type[TypeEngine[Any]]

POSTED = "letter"  # announced on commit, with the letter's key: somebody may wake a worker
_HELD = tuple(field.name for field in fields(Letter))


def declare(metadata: MetaData, *, key: Type, moment: Type, document: Type, words: Type) -> Table:
    """Add `letters` to `metadata`, with the column types of the house that keeps it."""
    table = Table(
        "letters",
        metadata,
        Column("project", words, nullable=False),
        Column("id", key, nullable=False),
        Column("kind", words, nullable=False),
        Column("reference", words, nullable=False),  # what it is about: the invitation's key
        Column("recipient", words, nullable=False),
        Column("data", document, nullable=False),  # what the template needs; never a token
        Column("message_id", words, nullable=False),  # the same on every attempt
        Column("status", words, nullable=False),  # queued, sending, sent, dead, cancelled
        Column("next_at", moment),  # due from then on; null: nothing more to do
        Column("lease_until", moment),
        Column("lease_owner", words),
        Column("attempts", Integer, nullable=False),
        Column("last_code", words),  # enhanced (RFC 3463) where the server gave one: 5.1.1
        Column("last_reason", words),
        Column("accepted_reply", words),
        Column("created_at", moment, nullable=False),
        Column("expires_at", moment, nullable=False),
        Column("sent_at", moment),
        PrimaryKeyConstraint("project", "id"),
        UniqueConstraint("project", "message_id"),
        CheckConstraint(
            "(next_at IS NULL) = (status IN ('sent', 'dead', 'cancelled'))", name="letters_due_or_done"
        ),
        Index(None, "project", "reference", "kind"),
    )
    # Both databases see that `next_at <= ?` implies this predicate; one on status would have to stand in the
    # text of each statement as a constant.
    waiting = table.c.next_at.is_not(None)
    Index(None, table.c.next_at, sqlite_where=waiting, postgresql_where=waiting)
    return table


class Outbox:
    """The verbs on the table; each is a unit of work on the transaction that it is given."""

    def __init__(self, table: Table) -> None:
        self._post = insert(table)
        self._claim = _claim(table)
        self._settle = update(table).where(
            table.c.project == bindparam("of_project"),
            table.c.id == bindparam("of_id"),
            table.c.status == "sending",
            table.c.lease_owner == bindparam("of_lease_owner"),
            table.c.attempts == bindparam("of_attempts"),
        )
        self._cancel = update(table).where(
            table.c.project == bindparam("of_project"),
            table.c.reference == bindparam("of_reference"),
            table.c.kind == bindparam("of_kind"),
            table.c.status == "queued",
        )
        self._due = select(func.count(), func.min(table.c.next_at)).where(table.c.next_at <= bindparam("at"))

    async def post(self, tx: Transaction, letter: Owed) -> str:
        """Owe a letter, due at once; give its key."""
        await tx.run(
            self._post,
            project=letter.project,
            id=letter.id,
            kind=letter.kind,
            reference=letter.reference,
            recipient=letter.recipient,
            data=dict(letter.data),
            message_id=f"<{letter.id}@{letter.domain}>",
            status="queued",
            next_at=letter.created_at,
            attempts=0,
            created_at=letter.created_at,
            expires_at=letter.expires_at,
        )
        tx.announce(POSTED, letter.id)
        return letter.id

    async def claim(self, tx: Transaction, owner: str, limit: int, lease: float, now: str) -> list[Letter]:
        """Hold up to `limit` due letters for `lease` seconds; nobody else gets them until then."""
        until = schedule.later(now, lease)
        rows = await tx.rows(self._claim, at=now, most=limit, until=until, owner=owner)
        return sorted((Letter(*row) for row in rows), key=lambda letter: letter.created_at)

    async def settle(
        self, tx: Transaction, letter: Letter, owner: str, outcome: Outcome, *, now: str, jitter: float = 1
    ) -> bool:
        """Write down what became of a held letter. False: the lease was lost, and another holds it now."""
        columns = schedule.verdict(letter, outcome, now, jitter)
        touched = await tx.run(
            self._settle,
            of_project=letter.project,
            of_id=letter.id,
            of_lease_owner=owner,
            of_attempts=letter.attempts,
            lease_until=None,
            lease_owner=None,
            **columns,
        )
        return touched == 1

    async def cancel(self, tx: Transaction, project: str, kind: str, reference: str, reason: str) -> int:
        """Cancel the waiting letters about `reference`; give their number.

        One that a worker holds right now is left alone: its composer asks once more whether it is needed.
        """
        return await tx.run(
            self._cancel,
            of_project=project,
            of_kind=kind,
            of_reference=reference,
            status="cancelled",
            next_at=None,
            last_reason=reason,
        )

    async def due(self, tx: Transaction, now: str) -> tuple[int, str | None]:
        """How many letters wait to be claimed, and since when the oldest does."""
        number, oldest = await tx.row(self._due, at=now) or (0, None)
        return number, oldest


def _claim(table: Table) -> ReturningUpdate[Any]:
    due = (
        select(table.c.project, table.c.id)
        .where(table.c.next_at <= bindparam("at"))
        .order_by(table.c.next_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        # A plain IN (SELECT ... LIMIT) may be run again for each row by PostgreSQL and claim too many.
        .cte("due")
    )
    return (
        update(table)
        .where(table.c.project == due.c.project, table.c.id == due.c.id)
        .values(
            status="sending",
            attempts=table.c.attempts + 1,
            next_at=bindparam("until"),
            lease_until=bindparam("until"),
            lease_owner=bindparam("owner"),
        )
        .returning(*(table.c[name] for name in _HELD))
    )
