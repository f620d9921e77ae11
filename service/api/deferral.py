"""The shelf of requests that are done later: what is laid on it stays until it is done, by whichever process.

What a connection's request writes goes through a door of its own, which rehearses where nothing is to be
written. The shelf has the database's: a rehearsal, too, is not lost.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from providers.scim.schema import Resource
from service.database import Database
from service.users import deferred
from service.users.model import Caller

Told = Mapping[int, Resource]  # what became of operations, by their number


class Deferral:
    """One per process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._waiting: dict[str, asyncio.Future[Told]] = {}

    async def accept(self, caller: Caller, id_: str, sealed: str, wait: float) -> Told | None:
        """Keep a request, and wait a while for what becomes of it; None when that takes longer, or when
        another process does it. Raises TooMany."""
        future = self._waiting[id_] = asyncio.get_running_loop().create_future()
        try:
            await self.database.write(deferred.accept, caller, id_, sealed, len(sealed))
            with suppress(TimeoutError):
                return await asyncio.wait_for(future, wait) if wait else None
        finally:
            del self._waiting[id_]
        return None

    def tell(self, id_: str, told: Told) -> None:
        """Tell whoever waits here what became of a request."""
        future = self._waiting.get(id_)
        if future is not None and not future.done():
            future.set_result(told)
