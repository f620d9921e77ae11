"""Threads that work for long leave the processor to the loop."""

import os
import threading

from service.users.threads import Patient


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_a_thread_for_long_work_steps_back_and_nobody_else() -> None:
    before, threads = niceness(), Patient(1, "long", waiting=0)
    assert await threads.begin(niceness) > before
    threads.close()
    assert niceness() == before
