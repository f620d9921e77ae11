"""Places that requests which wait, and sockets, take for as long as they are held open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf


class Places:
    """At most `each` for one holder, and `most` for all of them together."""

    def __init__(self, each: int, most: float = inf) -> None:
        self._each, self._most = each, most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, holder: str) -> Iterator[bool]:
        """Whether there was a place left for this holder, as long as the block lasts."""
        self._taken[holder] += 1
        try:
            yield self._taken[holder] <= self._each and self._taken.total() <= self._most
        finally:
            self._taken[holder] -= 1
            if not self._taken[holder]:
                del self._taken[holder]
