"""The table of letters: post one with the rows that owe it, claim those that are due, settle each when tried.

A letter is due when `next_at` has come. A claim moves `next_at` to the end of the lease, so a letter whose
worker died is due again by itself; letters that are done have no `next_at` and leave the index. Projects take
turns: whoever owes a hundred thousand letters does not hold up those of the others.
"""

from collections.abc import Mapping
from dataclasses import fields
from math import ceil
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    ScalarSelect,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine

from mail import schedule
from mail.allowance import Allowance
from mail.contract import Letter, Outcome, Owed, Sent, Transaction

Type = TypeEngine[Any] | type[TypeEngine[Any]]

POSTED = "letter"  # announced on commit, with the letter's key: somebody may wake a worker
MOST_TURNS = 1000  # projects with letters that wait, as one claim looks at them
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
        Column("message_id", words),  # from the first claim on, and the same on every attempt
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
    Index(None, table.c.created_at)  # by which old letters are cleared away
    Index(None, table.c.project, table.c.next_at, sqlite_where=waiting, postgresql_where=waiting)
    return table


class Outbox:
    """The verbs on the table; each is a unit of work on the transaction that it is given.

    `domain` ends the Message-IDs of letters claimed here; `allowance` holds back what would be too many.
    """

    def __init__(self, table: Table, domain: str = "", allowance: Allowance | None = None) -> None:
        self._domain = domain
        self._allowance = allowance
        self._post = insert(table)
        self._turns = _turns(table)
        self._claim = _claim(table)
        self._held = update(table).where(
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
        waiting = table.c.next_at.is_not(None)  # lets both databases count along the index of those that wait
        self._due = select(func.count(), func.min(table.c.next_at)).where(
            waiting, table.c.next_at <= bindparam("at")
        )
        self._why = (
            select(table.c.last_reason)
            .where(waiting, table.c.next_at <= bindparam("at"), table.c.last_reason.is_not(None))
            .order_by(table.c.next_at.desc())
            .limit(1)
        )

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
            status="queued",
            next_at=letter.created_at,
            attempts=0,
            created_at=letter.created_at,
            expires_at=letter.expires_at,
        )
        tx.announce(POSTED, letter.id)
        return letter.id

    async def claim(
        self, tx: Transaction, owner: str, limit: int, lease: float, now: str, *, after: str = ""
    ) -> list[Letter]:
        """Hold up to `limit` due letters for `lease` seconds; nobody else gets them until then.

        The projects share the limit, beginning with the one whose name comes after `after`.
        """
        waiting = [name for (name,) in await tx.rows(self._turns, most=MOST_TURNS)]
        turns = [name for name in waiting if name > after] + [name for name in waiting if name <= after]
        facts = {"at": now, "until": schedule.later(now, lease), "owner": owner, "domain": self._domain}
        claimed: list[Letter] = []
        while turns and len(claimed) < limit:
            more = []  # projects that took their whole share: what others left is theirs
            for position, project in enumerate(turns):
                share = ceil((limit - len(claimed)) / (len(turns) - position))
                rows = await tx.rows(self._claim, of_project=project, most=share, **facts) if share else []
                claimed += [Letter(*row) for row in rows]
                more += [project] if share and len(rows) == share else []
            turns = more
        return await self._allowed(tx, claimed, owner, now)

    async def _allowed(self, tx: Transaction, claimed: list[Letter], owner: str, now: str) -> list[Letter]:
        """Those that may go now, each project's oldest first; the others are put back."""
        if self._allowance is None:
            may_go = claimed
        else:  # in one order, so that no two claims wait for each other's windows
            ordered = sorted(claimed, key=lambda letter: (letter.project, letter.recipient))
            may_go = [letter for letter in ordered if await self._may(tx, letter, owner, now)]
        turns = {
            project: place for place, project in enumerate(dict.fromkeys(one.project for one in claimed))
        }
        return sorted(may_go, key=lambda one: (turns[one.project], one.created_at, one.id))

    async def _may(self, tx: Transaction, letter: Letter, owner: str, now: str) -> bool:
        """Whether a claimed letter may go now; else it is put back until the full window has ended."""
        refusal = await self._allowance.take(tx, letter, now) if self._allowance else None
        if refusal is not None:
            await self._write(tx, letter, owner, schedule.postponed(letter, refusal.until, refusal.reason))
        return refusal is None

    async def settle(
        self, tx: Transaction, letter: Letter, owner: str, outcome: Outcome, *, now: str, jitter: float = 1
    ) -> bool:
        """Write down what became of a held letter. False: the lease was lost, and another holds it now."""
        settled = await self._write(tx, letter, owner, schedule.verdict(letter, outcome, now, jitter))
        if settled and self._allowance and not isinstance(outcome, Sent):
            await self._allowance.give_back(tx, letter)
        return settled

    async def _write(
        self, tx: Transaction, letter: Letter, owner: str, columns: Mapping[str, object]
    ) -> bool:
        touched = await tx.run(
            self._held,
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

    async def why(self, tx: Transaction, now: str) -> str | None:
        """What became of the latest attempt of those that wait to be claimed, if there was any.

        A letter that is put back because the server is away, or our settings are wrong, is due at once.
        """
        found = await tx.row(self._why, at=now)
        return str(found[0]) if found else None


def _turns(table: Table) -> Select[Any]:
    """The projects with letters that wait, hopping along the index from one to the next."""

    def next_after(name: ColumnElement[str]) -> ScalarSelect[str]:
        return (
            select(table.c.project)
            .where(table.c.project > name, table.c.next_at.is_not(None))
            .order_by(table.c.project)
            .limit(1)
            .scalar_subquery()
        )

    waiting = select(next_after(literal("", table.c.project.type)).label("name")).cte(
        "waiting", recursive=True
    )
    waiting = waiting.union_all(select(next_after(waiting.c.name)).where(waiting.c.name.is_not(None)))
    return select(waiting.c.name).where(waiting.c.name.is_not(None)).limit(bindparam("most", type_=Integer))


def _claim(table: Table) -> ReturningUpdate[Any]:
    due = (
        select(table.c.project, table.c.id)
        .where(table.c.project == bindparam("of_project"), table.c.next_at <= bindparam("at"))
        .order_by(table.c.next_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        # A plain IN (SELECT ... LIMIT) may be run again for each row by PostgreSQL and claim too many.
        .cte("due")
    )
    made = literal("<", Text) + cast(table.c.id, Text) + "@" + bindparam("domain", type_=Text) + ">"
    return (
        update(table)
        .where(table.c.project == due.c.project, table.c.id == due.c.id)
        .values(
            status="sending",
            attempts=table.c.attempts + 1,
            message_id=func.coalesce(table.c.message_id, made),
            next_at=bindparam("until"),
            lease_until=bindparam("until"),
            lease_owner=bindparam("owner"),
        )
        .returning(*(table.c[name] for name in _HELD))
    )
