"""The outbox: post a letter with the rows that owe it, claim those that are due, settle each when tried.

Projects take turns: whoever owes a hundred thousand letters does not hold up those of the others.
"""

from collections.abc import Mapping, Sequence
from math import ceil

from sqlalchemy import Table

from mail import batches, letter_rows, schedule
from mail.allowance import Allowance
from mail.contract import Fate, Letter, Outcome, Owed, Sent, Transaction

POSTED = "letter"  # announced on commit, with the letter's key: somebody may wake a worker
MOST_LOOKS = 8  # in one claim, at letters of which most may not go yet
MOST_TURNS = 1000  # projects with letters that wait, as one claim looks at them


class LeaseLost(Exception):
    """Of letters that were to be settled together, another worker holds one: nothing was settled."""


class Outbox:
    """The verbs on the table; each is a unit of work on the transaction that it is given.

    `domain` ends the Message-IDs of letters claimed here; `allowance` holds back what would be too many.
    """

    def __init__(self, table: Table, domain: str = "", allowance: Allowance | None = None) -> None:
        self._table = table
        self._domain = domain
        self._allowance = allowance
        self._statements = letter_rows.statements(table)

    async def post(self, tx: Transaction, letter: Owed) -> str:
        """Owe a letter, due at once; give its key."""
        row = {
            "project": letter.project,
            "id": letter.id,
            "kind": letter.kind,
            "reference": letter.reference,
            "recipient": letter.recipient,
            "data": dict(letter.data),
            "status": "queued",
            "next_at": letter.created_at,
            "attempts": 0,
            "created_at": letter.created_at,
            "expires_at": letter.expires_at,
        }
        tx.owe(self._statements.post, [row])
        tx.announce(POSTED, letter.id)
        return letter.id

    async def claim(
        self, tx: Transaction, owner: str, limit: int, lease: float, now: str, *, after: str = ""
    ) -> list[Letter]:
        """Hold up to `limit` due letters for `lease` seconds; nobody else gets them until then.

        The projects share the limit, beginning with the one whose name comes after `after`.
        """
        facts = {"at": now, "until": schedule.later(now, lease), "owner": owner, "domain": self._domain}
        held: list[Letter] = []
        for _ in range(MOST_LOOKS):
            wanted = limit - len(held)
            claimed = await self._shared(tx, wanted, after, facts)
            held += await self._allowed(tx, claimed, owner, now)
            if len(claimed) < wanted or len(held) == limit:
                break  # else some may not go yet: those behind them can have their places
        return held

    async def _shared(
        self, tx: Transaction, limit: int, after: str, facts: Mapping[str, object]
    ) -> list[Letter]:
        waiting = [name for (name,) in await tx.rows(self._statements.turns, most=MOST_TURNS)]
        turns = [name for name in waiting if name > after] + [name for name in waiting if name <= after]
        claimed: list[Letter] = []
        while turns and len(claimed) < limit:
            more = []  # projects that took their whole share: what others left is theirs
            for position, project in enumerate(turns):
                share = ceil((limit - len(claimed)) / (len(turns) - position))
                claim = self._statements.claim
                rows = await tx.rows(claim, of_project=project, most=share, **facts) if share else []
                claimed += [Letter(*row) for row in rows]
                more += [project] if share and len(rows) == share else []
            turns = more
        return claimed

    async def _allowed(self, tx: Transaction, claimed: list[Letter], owner: str, now: str) -> list[Letter]:
        """Those that may go now, each project's oldest first; the others are put back."""
        may_go, refused = await self._allowance.take(tx, claimed, now) if self._allowance else (claimed, [])
        for letter, reason, until in refused:
            await self._write(tx, letter, owner, schedule.postponed(letter, until, reason))
        turns = {
            project: place for place, project in enumerate(dict.fromkeys(one.project for one in claimed))
        }
        return sorted(may_go, key=lambda one: (turns[one.project], one.created_at, one.id))

    async def settle(
        self, tx: Transaction, letter: Letter, owner: str, outcome: Outcome, *, now: str, jitter: float = 1
    ) -> bool:
        """Write down what became of a held letter. False: the lease was lost, and another holds it now."""
        settled = await self._write(tx, letter, owner, schedule.verdict(letter, outcome, now, jitter))
        if settled and self._allowance and not isinstance(outcome, Sent):
            await self._allowance.give_back(tx, letter)
        return settled

    async def settle_all(self, tx: Transaction, owner: str, fates: Sequence[Fate], *, now: str) -> None:
        """Write down what became of several letters; those that were sent share a statement.

        Raises LeaseLost.
        """
        for part in batches.parts([fate for fate in fates if isinstance(fate.outcome, Sent)]):
            await self._write_sent(tx, owner, part, now)
        for fate in fates:
            held = isinstance(fate.outcome, Sent) or await self.settle(
                tx, fate.letter, owner, fate.outcome, now=now, jitter=fate.jitter
            )
            if not held:
                raise LeaseLost

    async def _write_sent(self, tx: Transaction, owner: str, fates: Sequence[Fate], now: str) -> None:
        written = []
        for letter, outcome, jitter in fates:
            columns = schedule.verdict(letter, outcome, now, jitter)
            told = {"project": letter.project, "id": letter.id, **columns}
            written.append({name: told[name] for name in letter_rows.FATE})
        touched = await tx.run(
            letter_rows.sent(self._table, len(fates)),
            of_lease_owner=owner,
            status="sent",
            next_at=None,
            lease_until=None,
            lease_owner=None,
            sent_at=now,
            **batches.values(written),
        )
        if touched != len(fates):
            raise LeaseLost

    async def _write(
        self, tx: Transaction, letter: Letter, owner: str, columns: Mapping[str, object]
    ) -> bool:
        touched = await tx.run(
            self._statements.held,
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
            self._statements.cancel,
            of_project=project,
            of_kind=kind,
            of_reference=reference,
            status="cancelled",
            next_at=None,
            last_reason=reason,
        )

    async def due(self, tx: Transaction, now: str) -> tuple[int, str | None]:
        """How many letters are due or held right now, and since when the oldest of them should be gone."""
        number, oldest = await tx.row(self._statements.due, at=now) or (0, None)
        return number, oldest

    async def why(self, tx: Transaction, now: str) -> str | None:
        """What became of the latest attempt of those that are due or held, if there was any.

        A letter that is put back because the server is away, or our settings are wrong, is due at once.
        """
        found = await tx.row(self._statements.why, at=now)
        return str(found[0]) if found else None
