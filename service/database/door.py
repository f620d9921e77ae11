"""What both doors promise: transactions, problems, announcements, and that a unit awaits nothing but `tx`."""

import asyncio
import logging
import types
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol, TypeVar

from service.database.shapes import Kind, Row, Statement

P = ParamSpec("P")
T = TypeVar("T")
Announcement = tuple[str, str]
Listener = Callable[[frozenset[Announcement]], None]

_log = logging.getLogger(__name__)


class NotUnique(Exception):
    """A row like this is there already; `index` is the unique index or constraint, as `tables` names it."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index


class MissingReference(Exception):
    """A row points to one that is not there, or one that others point to was to be deleted."""


Meaning = Callable[[NotUnique | MissingReference], Exception]


def meant_as_it_is(problem: NotUnique | MissingReference) -> Exception:
    """The problem itself."""
    return problem


def tell(problem: NotUnique | MissingReference, meaning: Meaning) -> NoReturn:
    """Raise what a problem means."""
    meant = meaning(problem)
    if meant is problem:
        raise problem
    raise meant from problem


class Unavailable(Exception):
    """The database cannot be asked now: down, full, locked or too slow. Nothing was changed."""


class TooSlow(Unavailable):
    """A statement took longer than any may; it would again."""


class TooDeep(Exception):
    """A statement nests more deeply than the database reads; it would again."""


class OutcomeUnknown(Unavailable):
    """The connection broke after COMMIT was sent: the change is either there as a whole or not at all.

    It was not made again, because it may be there; whoever asks again must be ready to find it done.
    """


class Transaction(Protocol):
    """One unit's hold on the database.

    Values are passed by the names of binds and converted as their columns say. Names must be exactly those
    that the statement asks for, else TypeError; a value that one of the databases would not keep as it is
    raises ValueError on both. After a problem from the database the transaction is over: whatever the unit
    makes of the problem, nothing of it is kept.
    """

    @property
    def kind(self) -> Kind: ...

    async def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Every row."""

    async def row(self, statement: Statement, /, **values: Any) -> Row | None:
        """The first row, or None. Statements that may find many say `limit` themselves."""

    async def look(self, seen: Statement, held: Statement, /, **values: Any) -> Row | None:
        """The first row of `held`, which holds it, or of `seen`, which only looks at it.

        A unit that then owes, and asks nothing more, is one statement on PostgreSQL. What it owes says itself
        that the row is as it was seen (`users.seen`); where it is not, and where the unit asks for more, the
        unit runs again and holds the row.
        """

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """How many rows an insert, update or delete touched."""

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        """The same statement for many rows of values, all with the same names."""

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        """The same, for what nobody waits for: done before the next statement is, or before COMMIT.

        What is owed at one time may go to the database together, in one statement: so none of it may read
        what another part writes; references to new rows are fine. `meaning` turns a problem that it meets,
        then or now, into the one to be raised.
        """

    async def settle(self) -> None:
        """Do what is owed now."""

    def announce(self, what: str, key: str) -> None:
        """Have (what, key) told to the listeners once this transaction is committed."""


Unit = Callable[Concatenate[Transaction, P], Coroutine[Any, Any, T]]


class Database(Protocol):
    """The two doors. A unit is an `async def unit(tx, ...)` that awaits only `tx`; it may run again."""

    @property
    def kind(self) -> Kind: ...

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` in one transaction and return its value once that is on disk.

        Cancelling the caller drops a unit that has not begun; one that has begun still commits.
        Raises what the unit raises, NotUnique, MissingReference, Unavailable, OutcomeUnknown.
        """

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit`, whose statements are look-ups by index or short pages; each sees what is committed."""

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same door for work without a bound (contains, counts, exports): two at once, 30 s at most."""

    def ring(self) -> None:
        """Tell other processes soon that there is something to look at; it may get lost."""

    async def listen(self, listener: Callable[[], None]) -> NoReturn:
        """Call `listener` when another process may have rung, perhaps too often; runs until cancelled."""

    def on_commit(self, listener: Listener) -> None:
        """Call `listener` with what a write announced: after COMMIT, in the loop, before write() returns."""

    async def close(self) -> None:
        """Finish what has begun and let go of every file and connection."""


class Announcements:
    """Who listens to commits."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def add(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def deliver(self, announced: set[Announcement]) -> None:
        if announced:
            told = frozenset(announced)
            for listener in self._listeners:
                try:
                    listener(told)
                except Exception:  # the commit stands, and the other listeners must hear of it
                    _log.exception("a listener to commits failed")


class Awaiting(Protocol):
    """A transaction that knows whether one of its own statements is being waited for."""

    waiting: bool


FOREIGN = "a unit awaits nothing but its transaction"
READ_ONLY = "a read changes nothing: use write()"
OVER = "the transaction is over"


class ReadOnly:
    """What every hold of a read refuses."""

    __slots__ = ()

    async def look(self, seen: Statement, held: Statement, /, **values: Any) -> Row | None:
        raise RuntimeError(READ_ONLY)

    async def run(self, statement: Statement, /, **values: Any) -> int:
        raise RuntimeError(READ_ONLY)

    async def run_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]], /) -> None:
        raise RuntimeError(READ_ONLY)

    def owe(
        self, statement: Statement, rows: Sequence[Mapping[str, Any]], /, meaning: Meaning = meant_as_it_is
    ) -> None:
        raise RuntimeError(READ_ONLY)

    async def settle(self) -> None:
        raise RuntimeError(READ_ONLY)

    def announce(self, what: str, key: str) -> None:
        raise RuntimeError(READ_ONLY)


@types.coroutine
def drive(unit: Coroutine[Any, Any, T], tx: Awaiting) -> Generator[Any, Any, T]:
    """Await `unit` in the loop, and refuse with RuntimeError whatever it awaits that is not `tx`."""
    step: Callable[[Any], Any] = unit.send
    given: Any = None
    while True:
        try:
            waited_for = step(given)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a coroutine's value is only known as Any here
        if not tx.waiting:
            if isinstance(waited_for, asyncio.Future):
                waited_for.cancel()  # lets go of what it waits for in the loop, as cancelling a task would
            refuse(unit)
        try:
            given = yield waited_for
            step = unit.send
        except BaseException as interruption:
            step, given = unit.throw, interruption


def finish(unit: Coroutine[Any, Any, T]) -> T:
    """Run `unit` to its end where its transaction never waits: it gets there in one step, or is refused."""
    try:
        waited_for = unit.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # as above
    if isinstance(waited_for, asyncio.Future):
        waited_for.cancel()
    return refuse(unit)


def refuse(unit: Coroutine[Any, Any, Any]) -> NoReturn:
    """End a unit that awaits something foreign: the traceback shows where."""
    try:
        unit.throw(RuntimeError(FOREIGN))
    except StopIteration:
        pass
    else:
        unit.close()
    raise RuntimeError(FOREIGN)
