"""Letters that are claimed ahead, so that no connection waits for the table: the more, the faster they go."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from mail.contract import Letter

QUICK = 0.25  # seconds in which a claim is used up where the next one may be larger
MOST = 256  # letters


class Hand:
    """`room` is how many letters may be claimed and not yet sent: between two a connection and MOST."""

    def __init__(self, connections: int) -> None:
        self._least = 2 * connections
        self._letters: deque[Letter] = deque()
        self._filled_at = 0.0
        self.room = self._least

    def __len__(self) -> int:
        return len(self._letters)

    def fill(self, letters: Sequence[Letter], *, more: bool) -> None:
        """Take what was claimed; `more`: there is more to be had, so what was there was used up since."""
        now = asyncio.get_running_loop().time()
        quick = more and now - self._filled_at < QUICK
        self.room = min(2 * self.room, max(self._least, MOST)) if quick else max(self.room // 2, self._least)
        self._filled_at = now
        self._letters.extend(letters)

    def next(self) -> Letter:
        """The one that was claimed first. Raises IndexError when there is none."""
        return self._letters.popleft()

    def empty(self) -> Iterable[Letter]:
        """Take all of them out."""
        letters, self._letters = self._letters, deque()
        self.room = self._least
        return letters
