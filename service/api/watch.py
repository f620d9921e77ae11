"""Looks for what has just happened, in this process and in others, while somebody wants to be told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from service.api.places import Places
from service.database import Database, Unavailable
from service.users import recent
from service.users.recent import Deed

EVERY: Final = 0.5  # seconds between two looks; commits of this process that announce something ring at once
REST: Final = 0.05  # seconds at least between two: when much happens, much is told at once
BACK: Final = 10.0  # seconds for which a number that was passed over may still be committed
WINDOW: Final = 1000  # numbers that are looked at again for such
_PAGE: Final = 2 * WINDOW
_log: Final = logging.getLogger(__name__)


Happened = Mapping[str, Mapping[str, Sequence[Deed]]]  # what has, by project and collection


class Hearer(Protocol):
    """Who is told; never called while they are at it, as everything is in one loop."""

    user: str

    def take(self, happened: Happened) -> None:
        """Note what has happened."""

    def doubt(self) -> None:
        """Note that one may be somebody else now: signed out, suspended, under other rules."""


class Watch:
    """One per process. Each deed is told at most once, and only to those who hear at that time.

    Activity has rising numbers, but PostgreSQL commits them in any order: so each look goes back over the
    last of them, and remembers what was told. A transaction that takes longer than BACK, or is overtaken by
    more than WINDOW deeds, is not told of.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hearers: list[Hearer] = []
        self._seen: dict[int, float] = {}  # number: when it was first seen
        self._floor = 0
        self._bell = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.strangers = Places(each=20, most=200)  # sockets of nobody yet, by address
        self.people = Places(each=10, most=1000)  # sockets by person
        database.on_commit(self._ring)

    @property
    def looking(self) -> bool:
        """Whether the database is asked now and then: while somebody hears."""
        return self._task is not None

    @asynccontextmanager
    async def hearing(self, hearer: Hearer) -> AsyncIterator[None]:
        """Tell the hearer what happens from now on, until the block ends."""
        self._hearers.append(hearer)
        try:
            if self._task is None:
                self._ready.clear()
                self._task = asyncio.create_task(self._run(), name="watch")
            await self._ready.wait()
            yield
        finally:
            self._hearers.remove(hearer)
            if not self._hearers and self._task is not None:
                self._task.cancel()
                self._task = None

    def _ring(self, announced: frozenset[tuple[str, str]]) -> None:
        self._bell.set()
        ended = {key for what, key in announced if what == "user"}
        ruled = any(what == "role" for what, _ in announced)
        for hearer in self._hearers:
            if ruled or hearer.user in ended:
                hearer.doubt()

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            more = False
            try:
                more = await (self._look() if self._ready.is_set() else self._begin())
            except Unavailable:
                _log.warning("what happens cannot be told: the database is away")
            except Exception:  # whoever waits is told of the next things
                _log.exception("what happens cannot be told")
            if not more:
                await asyncio.sleep(REST)
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY):
                        await self._bell.wait()

    async def _begin(self) -> bool:
        """Pass over what has happened already."""
        self._floor = max(0, await self._database.read(recent.last) - WINDOW)
        self._seen.clear()
        self._note(await self._database.read(recent.since, self._floor, _PAGE))
        self._ready.set()
        return False

    async def _look(self) -> bool:
        """Tell what is new. Whether there may be more."""
        found = await self._database.read(recent.since, self._floor, _PAGE)
        new = [deed for deed in found if deed.id not in self._seen]
        self._note(new)
        if new:
            happened = _sorted(new)
            for hearer in self._hearers:
                hearer.take(happened)
        return len(found) == _PAGE

    def _note(self, deeds: Sequence[Deed]) -> None:
        moment = asyncio.get_running_loop().time()
        self._seen.update(dict.fromkeys((deed.id for deed in deeds), moment))
        numbers = sorted(self._seen)
        settled = [number for number in numbers[-WINDOW:] if self._seen[number] < moment - BACK]
        self._floor = max(self._floor, *numbers[:-WINDOW][-1:], *settled[-1:], 0)
        self._seen = {number: at for number, at in self._seen.items() if number > self._floor}


def _sorted(deeds: Sequence[Deed]) -> Happened:
    """Once for all hearers, each of whom then looks at what is theirs alone."""
    happened: dict[str, dict[str, list[Deed]]] = {}
    for deed in deeds:
        happened.setdefault(deed.project, {}).setdefault(deed.collection, []).append(deed)
    return happened
