"""A bound on how often something may be done, by one process."""

import time
from collections.abc import Callable


class Allowance:
    """One more every `each` seconds, and up to `at_once` that were saved."""

    def __init__(self, *, each: float, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._at_once, self._clock = each, at_once, clock
        self._saved, self._counted = float(at_once), clock()

    def allow(self) -> bool:
        """Whether it may be done now, which counts as doing it."""
        now = self._clock()
        self._saved = min(self._at_once, self._saved + (now - self._counted) / self._each)
        self._counted = now
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
