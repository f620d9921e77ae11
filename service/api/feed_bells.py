"""Bells of the feeds: who waits for events of a connection is woken when this process has committed some."""

import asyncio

from service.database import Database
from service.users.events import FED


class FeedBells:
    """One per process. What other processes commit is found by looking again after a while."""

    def __init__(self, database: Database) -> None:
        self._bells: dict[str, asyncio.Event] = {}
        database.on_commit(self._hear)

    def bell(self, connection: str) -> asyncio.Event:
        """Set as soon as there is something new; to be taken before one looks."""
        return self._bells.setdefault(connection, asyncio.Event())

    def _hear(self, announced: frozenset[tuple[str, str]]) -> None:
        for what, connection in announced:
            if what == FED and (bell := self._bells.pop(connection, None)) is not None:
                bell.set()
