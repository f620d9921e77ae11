"""Threads for work that takes long, such as hashing: they let the loop, and who waits for it, go first."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, TypeVar

from service.users.problems import TooMany

T = TypeVar("T")
_NICE: Final = 5  # a third of the loop's share, where a processor is short


class Patient:
    """Threads for one kind of work, for which no more than `waiting` pieces of it wait."""

    def __init__(self, threads: int, name: str, *, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_step_back)
        self._free = threads + waiting

    def begin(self, work: Callable[..., T], *values: object) -> "asyncio.Future[T]":
        """The outcome of a piece of work, to be shielded: who goes away does not stop it. Raises TooMany."""
        if self._free <= 0:
            raise TooMany(1)
        self._free -= 1
        running = asyncio.get_running_loop().run_in_executor(self._executor, work, *values)
        # Counted until the thread is done: a caller who goes away does not give the thread back.
        running.add_done_callback(self._done)
        return running

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _done(self, running: "asyncio.Future[Any]") -> None:
        self._free += 1
        if not running.cancelled():
            running.exception()  # of one that nobody waits for any more


def _step_back() -> None:
    """Linux alone has a niceness for each thread (sched(7)); elsewhere it would be that of the process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
