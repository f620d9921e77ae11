"""Threads that work for long leave the processor to the loop."""

import os
import threading

from service.users.threads import patient


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_thread_for_long_work_steps_back_and_nobody_else() -> None:
    before = niceness()
    with patient(1, "long") as threads:
        assert threads.submit(niceness).result() > before
    assert niceness() == before
