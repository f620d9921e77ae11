"""Notes that are written behind an answer's back: nobody waits for them, and the end of the service does."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from service.database import Unavailable


class Behind:
    """One per process."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, writing: Coroutine[Any, Any, object]) -> None:
        """Have a note written while the answer goes out; one that cannot be written is no error."""
        task = asyncio.create_task(_quietly(writing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let the last notes be written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _quietly(writing: Coroutine[Any, Any, object]) -> None:
    with suppress(Unavailable):
        await writing
