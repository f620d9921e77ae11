"""The doors of a recognised connection: what it writes is logged with it, or rehearsed and rolled back."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from service.api import sync_rows
from service.api.sync_entry import Entry
from service.database import Database, Transaction
from service.database.door import Listener, P, T, Unit
from service.database.shapes import Kind
from service.users import sync_log

_REMEMBERED: Final = 100  # units of one request: each is done again for all that follow it


class Logged:
    """The database's doors, with a log of what is written."""

    def __init__(self, database: Database, entry: Entry) -> None:
        self._database = database
        self._entry = entry

    @property
    def kind(self) -> Kind:
        return self._database.kind

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Write, and say in the log what was changed, or neither."""
        entry = self._entry

        async def logged(tx: Transaction) -> T:
            entry.doing.clear()
            made = await unit(tx, *args, **kwargs)
            if entry.doing and entry.connection.log_days:
                await sync_log.note(tx, sync_rows.begun(entry))
            return made

        made = await self._database.write(logged)
        if entry.doing:
            entry.begun = bool(entry.connection.log_days)
            entry.done += entry.doing
            entry.doing.clear()
        return made

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The database's own."""
        return await self._database.read(unit, *args, **kwargs)

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The database's own."""
        return await self._database.scan(unit, *args, **kwargs)

    def on_commit(self, listener: Listener) -> None:
        """The database's own."""
        self._database.on_commit(listener)

    async def close(self) -> None:
        """A connection does not close the house."""


class _Done(Exception):
    """Carries what a unit made out of a transaction that is to be rolled back."""

    def __init__(self, made: Any) -> None:
        super().__init__()
        self.made = made


class _Rehearsed(Logged):
    """The same, but that nothing that is written stays. What a request has done before is done again beneath
    what it does next: operations of a Bulk may speak of what others of it have made."""

    def __init__(self, database: Database, entry: Entry) -> None:
        super().__init__(database, entry)
        self._before: list[Callable[[Transaction], Awaitable[object]]] = []

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do all of it, keep nothing of it, and answer as if it were done."""
        entry = self._entry

        async def once(tx: Transaction) -> T:
            return await unit(tx, *args, **kwargs)

        async def rehearsed(tx: Transaction) -> T:
            for before in self._before:
                await before(tx)
            entry.doing.clear()
            made = await once(tx)
            await tx.settle()
            raise _Done(made)

        try:
            await self._database.write(rehearsed)
        except _Done as done:
            entry.done += entry.doing
            entry.doing.clear()
            if len(self._before) < _REMEMBERED:
                self._before.append(once)
            made: T = done.made
            return made
        raise AssertionError("a rehearsal is never committed")


DOORS: Final = {False: Logged, True: _Rehearsed}
