"""The table of letters, and the statements on it: each finds its rows by their key or along a small index.

A letter is due when `next_at` has come. A claim moves `next_at` to the end of the lease, so a letter whose
worker died is due again by itself; letters that are done have no `next_at` and leave the index.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
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
    case,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import Insert, ReturningUpdate, Update
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine

from mail import batches
from mail.contract import Letter

Type = TypeEngine[Any] | type[TypeEngine[Any]]

FATE = ("project", "id", "attempts", "accepted_reply")  # what differs between letters that were sent
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


@dataclass(frozen=True, slots=True)
class Statements:
    """What is asked of the table; `held` and `cancel` take the columns that they change as values."""

    post: Insert
    turns: Select[Any]
    claim: ReturningUpdate[Any]
    held: Update
    cancel: Update
    due: Select[Any, Any]
    why: Select[Any]


def statements(table: Table) -> Statements:
    """Build them, once for each outbox."""
    waiting = table.c.next_at.is_not(None)  # lets both databases count along the index of those that wait
    is_due = table.c.next_at <= bindparam("at")
    to_go = or_(is_due, table.c.status == "sending")
    return Statements(
        post=insert(table),
        turns=_turns(table),
        claim=_claim(table),
        held=update(table).where(
            table.c.project == bindparam("of_project"),
            table.c.id == bindparam("of_id"),
            table.c.attempts == bindparam("of_attempts"),
            *_held_by(table),
        ),
        cancel=update(table).where(
            table.c.project == bindparam("of_project"),
            table.c.reference == bindparam("of_reference"),
            table.c.kind == bindparam("of_kind"),
            table.c.status == "queued",
        ),
        due=select(func.count(), func.min(_owed_since(table, is_due))).where(waiting, to_go),
        why=select(table.c.last_reason)
        .where(waiting, to_go, table.c.last_reason.is_not(None))
        .order_by(table.c.next_at.desc())
        .limit(1),
    )


@lru_cache(maxsize=32)
def sent(table: Table, number: int) -> Update:
    """So many letters at once are sent; what differs between them is FATE, as `batches.values` names it."""
    fates = batches.rows(table, FATE, number).subquery("fates")
    key = (table.c[name] == fates.c[name] for name in ("project", "id", "attempts"))
    return update(table).where(*key, *_held_by(table)).values(accepted_reply=fates.c.accepted_reply)


def _held_by(table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c.status == "sending", table.c.lease_owner == bindparam("of_lease_owner")


def _owed_since(table: Table, is_due: ColumnElement[bool]) -> ColumnElement[str]:
    """Since when a letter should be gone: of one that no server has refused yet, since it was posted.

    While the server is away each letter is held for a moment now and again, and put back as due from then.
    """
    held_for = case((table.c.status == "sending", 1), else_=0)
    return case((table.c.attempts <= held_for, table.c.created_at), (is_due, table.c.next_at))


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
