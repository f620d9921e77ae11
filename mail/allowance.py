"""How many letters may go out in an hour, to one recipient and for one project; more of them wait.

A claim takes its place in both windows and gives it back when nothing was sent, so a server that is away uses
nothing up, and workers on several machines count together.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    case,
    delete,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import TypeEngine

from mail import schedule
from mail.contract import Letter, Transaction

Type = TypeEngine[Any] | type[TypeEngine[Any]]

HOUR = 3600.0
PER_RECIPIENT = 30  # an hour: nobody needs more, whoever asks for letters in their name
_PROJECT = ""  # the mark of a project as a whole; every other mark is an address


def declare(metadata: MetaData, *, moment: Type, words: Type) -> Table:
    """Add `letter_windows` to `metadata`, with the column types of the house that keeps it."""
    return Table(
        "letter_windows",
        metadata,
        Column("project", words, nullable=False),
        Column("mark", words, nullable=False),  # the recipient, casefolded; empty: the project as a whole
        Column("count", Integer, nullable=False),
        Column("ends_at", moment, nullable=False),
        PrimaryKeyConstraint("project", "mark"),
        Index(None, "ends_at"),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a letter may not go now, and until when."""

    reason: str
    until: str


class Allowance:
    """Counts letters in windows of an hour; None is no limit."""

    def __init__(
        self, table: Table, *, per_recipient: int | None = PER_RECIPIENT, per_project: int | None = None
    ) -> None:
        self._per_recipient, self._per_project = per_recipient, per_project
        added = upsert(table)  # both databases read it alike
        over = table.c.ends_at <= bindparam("at", type_=table.c.ends_at.type)
        self._take = added.on_conflict_do_update(
            index_elements=["project", "mark"],
            set_={
                "count": case((over, 1), else_=table.c.count + 1),
                "ends_at": case((over, added.excluded.ends_at), else_=table.c.ends_at),
            },
        ).returning(table.c.count, table.c.ends_at)
        self._give_back = (
            update(table)
            .where(
                table.c.project == bindparam("of_project"),
                table.c.mark == bindparam("of_mark"),
                table.c.count > 0,
            )
            .values(count=table.c.count - 1)
        )
        self._prune = delete(table).where(table.c.ends_at <= bindparam("at"))

    async def take(self, tx: Transaction, letter: Letter, now: str) -> Refusal | None:
        """Take the letter's place in its windows; where one is full, take none and say which."""
        taken = []
        for whose, mark, limit in self._windows(letter):
            place = {"project": letter.project, "mark": mark}
            ends_at = schedule.later(now, HOUR)
            count, ends_at = await tx.row(self._take, **place, count=1, ends_at=ends_at, at=now) or (1, now)
            taken.append(mark)
            if count > limit:
                for one in taken:
                    await tx.run(self._give_back, of_project=letter.project, of_mark=one)
                return Refusal(f"more than {limit} letters {whose} within an hour: it waits", ends_at)
        return None

    async def give_back(self, tx: Transaction, letter: Letter) -> None:
        """Leave the windows again: nothing was sent."""
        for _, mark, _ in self._windows(letter):
            await tx.run(self._give_back, of_project=letter.project, of_mark=mark)

    async def prune(self, tx: Transaction, now: str) -> int:
        """Delete the windows that have ended; give their number."""
        return await tx.run(self._prune, at=now)

    def _windows(self, letter: Letter) -> list[tuple[str, str, int]]:
        windows = (  # always in this order, so that no two claims wait for each other
            ("of this project", _PROJECT, self._per_project),
            ("to this address", letter.recipient.casefold(), self._per_recipient),
        )
        return [(whose, mark, limit) for whose, mark, limit in windows if limit is not None]
