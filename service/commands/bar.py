"""A progress bar for long work at a terminal; elsewhere a line now and then."""

import sys
from collections.abc import Callable
from time import monotonic

from service.commands import tell


class Bar:
    """How far it is, on stderr: a bar at a terminal, now and then a line elsewhere."""

    def __init__(self, total: int, clock: Callable[[], float] = monotonic) -> None:
        self._total = total
        self._clock = clock
        self._done = 0
        self._begun = self._shown = clock()
        self._live = sys.stderr.isatty()

    def show(self, more: int) -> None:
        """So many more are done."""
        self._done += more
        at = self._clock()
        if self._live:
            filled = 40 * self._done // max(1, self._total)
            speed = self._done / max(0.001, at - self._begun)
            self._write(f"\r[{'#' * filled:40}] {self._done} of {self._total}, {speed:.0f} a second ")
        elif at - self._shown >= 5:
            self._shown = at
            tell(f"{self._done} of {self._total}")

    def reach(self, done: int, total: int) -> None:
        """So many are done, of a total that is only known now."""
        self._total = total
        self.show(done - self._done)

    def tell(self, text: str) -> None:
        """A line about somebody, above the bar."""
        if self._live:
            self._write("\r\033[K")
        tell(text)

    def end(self) -> None:
        """The bar stays as it was last."""
        if self._live:
            self._write("\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
