"""Where walks through long lists have come to: the next page goes on from there, however far it is.

Providers ask for one `startIndex` after another. Who goes on where the page before has ended loses nobody to
those who are removed meanwhile, and passes over nothing that was read already.
"""

import time
from collections.abc import Callable, Hashable
from typing import Final

import msgspec

from service.database import Database
from service.dialects.scim_pages import Place

_PATIENCE: Final = 60.0  # seconds that a provider may take from page to page
_FRESH: Final = 2.0  # seconds until what another replica wrote is seen; our own is seen at once
_MOST: Final = 10_000


class _Kept(msgspec.Struct, frozen=True):
    value: object
    until: float
    epoch: int | None  # of the list as it was; None for where somebody walks, which outlives changes


class Walks:
    """What is remembered of lists, each known by who asks for what in which order; one per process."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._epoch = 0  # rises with every change of a user or group
        self._kept: dict[tuple[Hashable, str, int], _Kept] = {}
        database.on_commit(self._changed)

    def place(self, listed: Hashable, start: int) -> Place | None:
        """Behind which place the page with this `startIndex` begins, where that is known."""
        walked = self._get(listed, "walked", start) or self._get(listed, "found", start)
        return walked if isinstance(walked, tuple) else None

    def found(self, listed: Hashable, start: int, place: Place) -> None:
        """Remember the place for a page that somebody has gone to at once."""
        self._keep((listed, "found", start), _Kept(place, self._clock() + _FRESH, self._epoch))

    def walked(self, listed: Hashable, start: int, place: Place, total: int) -> None:
        """Remember where a page has ended, and how many there were, for whoever asks for the next one."""
        until = self._clock() + _PATIENCE
        self._keep((listed, "walked", start), _Kept(place, until, None))
        self._keep((listed, "walking", start), _Kept(total, until, None))

    def total(self, listed: Hashable, start: int) -> int | None:
        """How many there are in the list, where that is known."""
        total = self._get(listed, "walking", start) if start > 1 else None
        if total is None:
            total = self._get(listed, "total", 0)
        return total if isinstance(total, int) else None

    def counted(self, listed: Hashable, total: int, epoch: int) -> None:
        """Remember how many there are; `epoch` is the one before they were counted."""
        self._keep((listed, "total", 0), _Kept(total, self._clock() + _FRESH, epoch))

    @property
    def epoch(self) -> int:
        """Rises with every change of a user or group."""
        return self._epoch

    def _get(self, listed: Hashable, what: str, start: int) -> object:
        kept = self._kept.get((listed, what, start))
        if kept is None or kept.until < self._clock() or kept.epoch not in (None, self._epoch):
            return None
        return kept.value

    def _keep(self, key: tuple[Hashable, str, int], kept: _Kept) -> None:
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key] = kept

    def _changed(self, announced: frozenset[tuple[str, str]]) -> None:
        if any(what in ("user", "group") for what, _ in announced):
            self._epoch += 1
