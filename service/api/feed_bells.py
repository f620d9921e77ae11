"""Bells of the feeds: who waits for events of a connection is woken when this process has committed some."""

import asyncio
from contextlib import AbstractContextManager
from typing import Final

from service.api.places import Places
from service.database import Database
from service.users.events import FED

PLACES: Final = 8  # polls of one connection that are held at the same time; others are answered at once


class FeedBells:
    """One per process. What other processes commit is found by looking again after a while."""

    def __init__(self, database: Database) -> None:
        self._bells: dict[str, asyncio.Event] = {}
        self.closed = False
        self._places = Places(each=PLACES)
        database.on_commit(self._hear)

    def close(self) -> None:
        """Nobody waits any longer."""
        self.closed = True
        for bell in self._bells.values():
            bell.set()

    def bell(self, connection: str) -> asyncio.Event:
        """Set as soon as there is something new; to be taken before one looks."""
        return self._bells.setdefault(connection, asyncio.Event())

    def place(self, connection: str) -> AbstractContextManager[bool]:
        """Whether one more may wait for this connection's events, as long as the block lasts."""
        return self._places.place(connection)

    def _hear(self, announced: frozenset[tuple[str, str]]) -> None:
        for what, connection in announced:
            if what == FED and (bell := self._bells.pop(connection, None)) is not None:
                bell.set()
