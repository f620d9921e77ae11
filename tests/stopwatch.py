"""Time as it would be on a machine of one's own: what other work takes from this process does not count."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")


class Stopwatch:
    """Runs from the moment when it is made."""

    def __init__(self) -> None:
        self._waited = _waited()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been running, without the time for which threads of ours stood in line."""
        gone = time.monotonic() - self._began
        lost = sum(waited - self._waited.get(thread, 0) for thread, waited in _waited().items())
        return max(0.0, gone - lost / 1e9)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The block is over in less than this time."""
    watch = Stopwatch()
    yield
    assert watch.seconds < seconds


def _waited() -> dict[str, int]:
    """The nanoseconds that each thread was ready to run and did not; nothing where the system does not tell.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    found = {}
    for thread in _THREADS.glob("*"):
        with suppress(OSError, ValueError):  # it has ended meanwhile
            found[thread.name] = int((thread / "schedstat").read_text().split()[1])
    return found
