"""Statistics of young tables: a plan made while a table was empty may read all of it once it no longer is.

PostgreSQL sees to that itself, but looks once a minute; a first sync has brought thousands of people by then,
and the check of each reference to them would pass over all who came before.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from service.database.door import Unavailable
from service.database.postgres.lane import CANNOT_CONNECT, Lane

FIRST: Final = 200  # rows that a table gains before anybody looks
_FURTHER: Final = 4  # times as many before the next look
_KNOWN: Final = "SELECT reltuples FROM pg_class WHERE oid = $1::text::regclass"
_log: Final = logging.getLogger(__name__)


class Growth:
    """Counts what this process inserts, and has tables analysed that have outgrown what is known of them."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._grown: Counter[str] = Counter()
        self._due: dict[str, int] = {}  # at how many rows a table is looked at next
        self._waiting: dict[str, None] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, inserted: Mapping[str, int]) -> None:
        """Rows that were committed, by table."""
        self._grown.update(inserted)
        for table in inserted:
            if self._grown[table] >= self._due.get(table, FIRST):
                self._due[table] = _FURTHER * self._grown[table]
                self._waiting[table] = None
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._look(), name="growth")

    async def close(self) -> None:
        """Let the last look come to its end."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        while self._waiting:
            table = next(iter(self._waiting))
            del self._waiting[table]
            try:
                await self._analyse(table)
            except (*CANNOT_CONNECT, TimeoutError, Unavailable) as problem:
                _log.info(
                    "a table was not analysed", extra={"table": table, "reason": type(problem).__name__}
                )

    async def _analyse(self, table: str) -> None:
        connection = await self._lane.take()
        try:
            if 2 * await connection.fetchval(_KNOWN, table) < self._grown[table]:
                await connection.execute(f'ANALYZE "{table}"')
        except BaseException:
            connection.terminate()
            raise
        finally:
            self._lane.give(connection)
