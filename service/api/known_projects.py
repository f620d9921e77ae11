"""The projects by name, kept in the process: no request asks the database whether its path names one."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from service.database import Database
from service.users import projects

LIFE: Final = 1.0  # seconds until a project that another replica made is seen here; our own is seen at once


class Projects:
    """One per process; `clock` is monotonic."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._zones: Mapping[str, str] = {}
        self._fresh_until = clock()
        database.on_commit(self._forget)

    async def zone(self, name: str) -> str | None:
        """The time zone of a project's users unless they say otherwise; None: there is no such project."""
        if self._fresh_until <= self._clock():
            until = self._clock() + LIFE
            self._zones = await self._database.read(projects.zones)
            self._fresh_until = until
        return self._zones.get(name)

    def last_zone(self, name: str) -> str:
        """The zone of a project that `zone` has just found."""
        return self._zones.get(name, projects.TIMEZONE)

    def _forget(self, announced: frozenset[tuple[str, str]]) -> None:
        if any(what == "project" for what, _ in announced):
            self._fresh_until = self._clock()
