"""The one thread that writes to SQLite: many waiting units in one commit, a savepoint around each."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from service.database.door import Announcements, Unavailable
from service.database.sqlite.problems import unavailable
from service.database.sqlite.writing import Begin, Job

_TOGETHER = 128  # units in one commit, so that the first of them does not wait long for the last
_WAITING = 10_000  # units in the queue; more are turned away at once

_log = logging.getLogger(__name__)


class Writer:
    """Takes units from the loop and gives their outcomes back, each only after the COMMIT that holds it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], announcements: Announcements) -> None:
        self._connect = connect
        self._announcements = announcements
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def write(self, begin: Begin) -> Any:
        if self._closed:
            raise Unavailable("sqlite: closed")
        if self._queue.qsize() >= _WAITING:
            raise Unavailable("sqlite: too many writes are waiting")
        job = Job(begin, self._loop.create_future())
        self._queue.put(job)
        return await job.future

    async def close(self) -> None:
        """Write what is waiting, then end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        open_ = True
        while open_:
            taken = self._take()
            open_ = taken[-1] is not None
            jobs = [job for job in taken if job is not None and not job.future.cancelled()]
            if jobs:
                self._write(jobs)
                self._loop.call_soon_threadsafe(self._deliver, jobs)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[Job | None]:
        """The next unit and those that wait behind it; None, always last, means that no more will come."""
        taken = [self._queue.get()]
        try:
            while taken[-1] is not None and len(taken) < _TOGETHER:
                taken.append(self._queue.get_nowait())
        except Empty:
            pass
        return taken

    def _deliver(self, jobs: Sequence[Job]) -> None:
        self._announcements.deliver({announced for job in jobs for announced in job.announced})
        for job in jobs:
            job.settle()

    def _write(self, jobs: Sequence[Job]) -> bool:
        """Commit all together, or each by itself when that fails; False when not even BEGIN was possible."""
        try:
            connection = self._connection = self._connection or self._connect()
            connection.execute("BEGIN IMMEDIATE")
        except Exception as error:
            self._give_up(jobs, error)
            return False
        if not self._commit(connection, jobs) and len(jobs) > 1:
            for number, job in enumerate(jobs):
                if not self._write([job]):
                    # Locked by another process: the rest need not find that out as slowly.
                    self._give_up(jobs[number:], job.failed)
                    break
        return True

    def _commit(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> bool:
        """True when each job has its outcome; False when the transaction was lost, the good with the bad."""
        try:
            if len(jobs) == 1:
                _alone(connection, jobs[0])
                return True
            for job in jobs:
                connection.execute("SAVEPOINT unit")
                if not job.attempt(connection):
                    if not connection.in_transaction:  # SQLite may roll all back when the disk is full
                        return False
                    connection.execute("ROLLBACK TO unit")
                connection.execute("RELEASE unit")
            connection.execute("COMMIT")
        except Exception as error:
            self._give_up(jobs, error)
            return False
        return True

    def _give_up(self, jobs: Sequence[Job], error: BaseException | None) -> None:
        """Nothing of `jobs` was kept: say so, and begin the next with a clean connection."""
        failed = unavailable(error) if isinstance(error, sqlite3.Error) else None
        if failed is None and not isinstance(error, Unavailable):
            _log.error("the writer's transaction failed", exc_info=error)
        for job in jobs:
            job.fail(failed or Unavailable("sqlite: the transaction failed"), error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _alone(connection: sqlite3.Connection, job: Job) -> None:
    """A unit that shares its transaction with no other: that itself is undone."""
    if job.attempt(connection):
        connection.execute("COMMIT")
    elif connection.in_transaction:
        connection.execute("ROLLBACK")
