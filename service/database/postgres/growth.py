"""Statistics of young tables: a plan made while a table was empty may read all of it once it no longer is.

PostgreSQL sees to that itself, but looks once a minute; a first sync has brought thousands of people by then,
and the check of each reference to them would pass over all who came before. In a large table it does not even
look: for a connection that has just begun there it takes any index for good, and would look one person up
by walking the list of all of the connection's.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final, TypeAlias

from service.database.door import Unavailable
from service.database.postgres.lane import CANNOT_CONNECT, Lane

FIRST: Final = 200  # rows that a table gains before anybody looks
_FURTHER: Final = 4  # times as many before the next look
OWNER: Final = "connection"  # the column of whose rows come to many together
Gain: TypeAlias = tuple[str, str | None]  # a table, and an owner of rows in it; None: the whole table
_KNOWN: Final = "SELECT reltuples FROM pg_class WHERE oid = $1::text::regclass"
# The share that ANALYZE has found of an owner; none of those whom it has not met.
_KNOWN_OF: Final = f"""
    SELECT reltuples * coalesce((
        SELECT most_common_freqs[array_position(most_common_vals::text::text[], $2::text)] FROM pg_stats
        WHERE schemaname = current_schema() AND tablename = $1::text AND attname = '{OWNER}'), 0)
    FROM pg_class WHERE oid = $1::text::regclass"""  # noqa: S608  # a word of ours
_log: Final = logging.getLogger(__name__)


class Growth:
    """Counts what this process writes, and has tables analysed that have outgrown what is known of them."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._grown: Counter[Gain] = Counter()
        self._due: dict[Gain, int] = {}  # at how many rows it is looked at next
        self._waiting: dict[Gain, None] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, gained: Mapping[Gain, int]) -> None:
        """Rows that were committed."""
        self._grown.update(gained)
        for gain in gained:
            if self._grown[gain] >= self._due.get(gain, FIRST):
                self._due[gain] = _FURTHER * self._grown[gain]
                self._waiting[gain] = None
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._look(), name="growth")

    async def close(self) -> None:
        """Let the last look come to its end."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        while self._waiting:
            gain = next(iter(self._waiting))
            del self._waiting[gain]
            try:
                await self._analyse(gain)
            except (*CANNOT_CONNECT, TimeoutError, Unavailable) as problem:
                _log.info(
                    "a table was not analysed", extra={"table": gain[0], "reason": type(problem).__name__}
                )

    async def _analyse(self, gain: Gain) -> None:
        table, owner = gain
        asked = (_KNOWN, table) if owner is None else (_KNOWN_OF, table, owner)
        connection = await self._lane.take()
        try:
            if 2 * await connection.fetchval(*asked) < self._grown[gain]:
                await connection.execute(f'ANALYZE "{table}"')
        except BaseException:
            connection.terminate()
            raise
        finally:
            self._lane.give(connection)
