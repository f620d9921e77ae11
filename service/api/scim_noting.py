"""The door of a connection whose request is done later: what is written is noted in the same transaction."""

from collections.abc import Awaitable, Callable

from service.api import sync_doors
from service.database import Transaction, Unavailable
from service.database.door import P, T, Unit

Note = Callable[[Transaction, object], Awaitable[None]]


class Interrupted(Exception):
    """The database went away on the way; what is done is noted, and the rest waits."""


class Noting:
    """`note` is awaited in each transaction, with what its unit gives; `committed` is called behind it."""

    def __init__(self, door: sync_doors.Logged, note: Note, committed: Callable[[], None]) -> None:
        self._door, self._note, self._committed = door, note, committed

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Write, note and tell, or nothing of it. Raises Interrupted."""

        async def noted(tx: Transaction) -> T:
            made = await unit(tx, *args, **kwargs)
            await self._note(tx, made)
            return made

        made = await _kept(self._door.write(noted))
        self._committed()
        return made

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The connection's own."""
        return await _kept(self._door.read(unit, *args, **kwargs))

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The connection's own."""
        return await _kept(self._door.scan(unit, *args, **kwargs))


async def _kept(work: Awaitable[T]) -> T:
    """A database that is away is nothing that an operation failed by. Raises Interrupted."""
    try:
        return await work
    except Unavailable as problem:
        raise Interrupted from problem
