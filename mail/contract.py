"""The words that the rooms of the post share: letters, what became of them, who carries and keeps them."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from sqlalchemy.sql.expression import SelectBase, UpdateBase

Statement = SelectBase | UpdateBase
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owed:
    """A letter to be posted. `data` is what its template needs: JSON, and never a token.

    `reference` names what the letter is about (the invitation's key), so that it can be cancelled with it.
    Its Message-ID is fixed by the first claim. Keys and moments are texts: `2021-02-05T15:18:13.000Z`.
    """

    id: str
    project: str
    kind: str
    reference: str
    recipient: str
    created_at: str
    expires_at: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that one worker holds until `lease_until`; `attempts` counts this one too."""

    project: str
    id: str
    kind: str
    reference: str
    recipient: str
    data: Mapping[str, Any]
    message_id: str
    attempts: int
    created_at: str
    expires_at: str
    lease_until: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Taken by the server; `reply` is what it said, free of links."""

    reply: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now. `reason` is ours and safe to log, `reply` is the server's; `after`: at least so many seconds.

    `outage`: the server failed before it heard of this letter, so the attempt does not count and every letter
    waits a little. `alert`: somebody should look. `uncertain`: it may have arrived all the same.
    """

    reason: str
    code: str | None = None
    reply: str = ""
    after: float = 0
    outage: bool = False
    alert: bool = False
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never: another attempt would end the same way."""

    reason: str
    code: str | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Our own settings are wrong: no letter can go out for `seconds`, and no attempt is counted."""

    reason: str
    code: str | None = None
    reply: str = ""
    seconds: float = 300


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Nobody needs this letter any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Untried:
    """It goes back to those that wait, as it was: whoever held it had no time for it."""


Delivery = Sent | Retry | GiveUp | Pause
Outcome = Delivery | Cancelled | Untried


class Fate(NamedTuple):
    """What became of a letter; `jitter` moves its next attempt a little, where there is to be one."""

    letter: Letter
    outcome: Outcome
    jitter: float = 1


class Obsolete(Exception):
    """Raised by a composer: what the letter is about was used, voided or forgotten meanwhile."""


Composer = Callable[[Letter], Awaitable[EmailMessage]]


class Sender(Protocol):
    """Who carries a message away. `send` never raises for a fault of delivery: it says what became of it.

    `connections` letters are carried at once, each of them for `timeout` seconds at most.
    """

    @property
    def connections(self) -> int: ...
    @property
    def timeout(self) -> float: ...
    async def send(self, recipient: str, message: EmailMessage) -> Delivery: ...
    async def close(self) -> None: ...


class Transaction(Protocol):
    """What the outbox asks of an open transaction; values go by the names of binds."""

    async def rows(self, statement: Statement, /, **values: object) -> Sequence[tuple[Any, ...]]: ...
    async def row(self, statement: Statement, /, **values: object) -> tuple[Any, ...] | None: ...
    async def run(self, statement: Statement, /, **values: object) -> int: ...
    def owe(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None: ...
    def announce(self, what: str, key: str) -> None: ...


Unit = Callable[Concatenate[Transaction, P], Coroutine[Any, Any, T]]


class Database(Protocol):
    """Where the outbox lives: one call, one transaction, committed when the call returns."""

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
