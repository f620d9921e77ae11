"""Threads for work that takes long, such as hashing: they let the loop, and who waits for it, go first."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

_NICE: Final = 5  # a third of the loop's share, where a processor is short


def patient(threads: int, name: str) -> ThreadPoolExecutor:
    """An executor of so many threads."""
    return ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_step_back)


def _step_back() -> None:
    """Linux alone has a niceness for each thread (sched(7)); elsewhere it would be that of the process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
