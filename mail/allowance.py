"""How many letters may go out in an hour, to one recipient and for one project; more of them wait.

A claim takes its place in both windows and gives it back when nothing was sent, so a server that is away uses
nothing up, and workers on several machines count together.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from mail import batches, schedule
from mail.contract import Letter, Transaction

Type = TypeEngine[Any] | type[TypeEngine[Any]]

HOUR = 3600.0
PER_RECIPIENT = 30  # an hour: nobody needs more, whoever asks for letters in their name
MarkOf = Callable[[Letter], str]
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


class Refusal(NamedTuple):
    """Why a letter may not go now, and until when."""

    letter: Letter
    reason: str
    until: str


class Allowance:
    """Counts letters in windows of an hour; None is no limit."""

    def __init__(
        self, table: Table, *, per_recipient: int | None = PER_RECIPIENT, per_project: int | None = None
    ) -> None:
        self._per_recipient, self._per_project = per_recipient, per_project
        self._table = table
        self._give_back = (
            update(table)
            .where(
                table.c.project == bindparam("of_project"),
                table.c.mark == bindparam("of_mark"),
                table.c.count >= bindparam("number", type_=Integer),
            )
            .values(count=table.c.count - bindparam("number", type_=Integer))
        )
        self._prune = delete(table).where(table.c.ends_at <= bindparam("at"))

    async def take(
        self, tx: Transaction, letters: Sequence[Letter], now: str
    ) -> tuple[Sequence[Letter], list[Refusal]]:
        """Take places in the windows for as many letters as there is room for; give these, and the others."""
        refused: list[Refusal] = []
        # The projects' windows before the recipients', each in order: so no two claims wait for each other.
        for whose, mark_of, limit in self._windows():
            letters, full = await self._enter(tx, letters, mark_of, limit, now)
            reason = f"more than {limit} letters {whose} within an hour: it waits"
            refused += [Refusal(letter, reason, until) for letter, until in full]
            for letter, _ in full:  # of the windows that it had entered before this one
                await self._leave(tx, letter, before=whose)
        return letters, refused

    async def give_back(self, tx: Transaction, letter: Letter) -> None:
        """Leave the windows again: nothing was sent."""
        await self._leave(tx, letter)

    async def prune(self, tx: Transaction, now: str) -> int:
        """Delete the windows that have ended; give their number."""
        return await tx.run(self._prune, at=now)

    async def _enter(
        self, tx: Transaction, letters: Sequence[Letter], mark_of: MarkOf, limit: int, now: str
    ) -> tuple[list[Letter], list[tuple[Letter, str]]]:
        """Those that found a place, and the others with the end of their window."""
        groups: dict[tuple[str, str], list[Letter]] = {}
        for letter in letters:
            groups.setdefault((letter.project, mark_of(letter)), []).append(letter)
        ends_at = schedule.later(now, HOUR)
        rows = [
            {"project": project, "mark": mark, "count": len(groups[project, mark]), "ends_at": ends_at}
            for project, mark in sorted(groups)
        ]
        may_go: list[Letter] = []
        full: list[tuple[Letter, str]] = []
        for part in batches.parts(rows):
            taking = _take(self._table, len(part))
            for project, mark, count, until in await tx.rows(taking, at=now, **batches.values(part)):
                group = groups[project, mark]
                places = max(len(group) - max(count - limit, 0), 0)
                may_go += group[:places]
                full += [(letter, until) for letter in group[places:]]
                over = {"of_project": project, "of_mark": mark, "number": len(group) - places}
                if over["number"]:
                    await tx.run(self._give_back, **over)
        return may_go, full

    async def _leave(self, tx: Transaction, letter: Letter, before: str = "") -> None:
        for whose, mark_of, _ in self._windows():
            if whose == before:
                return
            await tx.run(self._give_back, of_project=letter.project, of_mark=mark_of(letter), number=1)

    def _windows(self) -> list[tuple[str, MarkOf, int]]:
        windows: tuple[tuple[str, MarkOf, int | None], ...] = (
            ("of this project", lambda _: _PROJECT, self._per_project),
            ("to this address", lambda letter: letter.recipient.casefold(), self._per_recipient),
        )
        return [(whose, mark_of, limit) for whose, mark_of, limit in windows if limit is not None]


@lru_cache(maxsize=32)
def _take(table: Table, number: int) -> ReturningInsert[Any]:
    """Enter so many windows at once; each row says how many letters come in, and gets the count."""
    names = ("project", "mark", "count", "ends_at")
    # Of PostgreSQL's dialect, and read alike by both databases.
    added = upsert(table).from_select(names, batches.rows(table, names, number))
    over = table.c.ends_at <= bindparam("at", type_=table.c.ends_at.type)
    return added.on_conflict_do_update(
        index_elements=["project", "mark"],
        set_={
            "count": case((over, added.excluded.count), else_=table.c.count + added.excluded.count),
            "ends_at": case((over, added.excluded.ends_at), else_=table.c.ends_at),
        },
    ).returning(table.c.project, table.c.mark, table.c.count, table.c.ends_at)
