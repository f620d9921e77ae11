"""One request of a connection on its way into the sync log."""

from collections.abc import Iterable
from time import perf_counter_ns
from typing import TYPE_CHECKING

from service.api import sync_rows
from service.database import new_key
from service.users.connections import Connection

if TYPE_CHECKING:
    from service.api.calls import Call


_NAMES = 100  # of what was dropped, which an operation names itself


class Entry:
    """One request in the log. `doing` is what the unit at work does, `done` what was committed, `dropped` the
    names of what was sent and has no place here."""

    __slots__ = (
        "answer",
        "begun",
        "call",
        "connection",
        "doing",
        "done",
        "dropped",
        "duration",
        "failed",
        "key",
        "problem",
        "request",
        "status",
    )

    def __init__(self, call: "Call", connection: Connection) -> None:
        self.key = new_key()
        self.call = call
        self.connection = connection
        self.doing: list[tuple[str, str, str]] = []
        self.done: list[tuple[str, str, str]] = []
        self.dropped: dict[str, None] = {}
        self.problem: Exception | None = None
        self.begun = False  # whether its row is there already
        self.status = 0
        self.failed = False
        self.request = b""
        self.answer = b""
        self.duration = 0

    def take(self, body: bytes) -> None:
        """A piece of the answer; more of it than is kept is not held on to."""
        if len(self.answer) <= sync_rows.READ:
            self.answer += body

    def drop(self, names: Iterable[str]) -> None:
        """Names of what was sent in vain; of very many the first ones tell enough."""
        if len(self.dropped) < _NAMES:
            self.dropped.update(dict.fromkeys(names))

    def end(self, status: int) -> None:
        """The request was answered. What is not kept of it is not held on to until its row is written."""
        body, self.call.body = self.call.body, b""
        self.status = status
        self.failed = sync_rows.has_failed(self)
        self.duration = (perf_counter_ns() - self.call.started) // 1000
        self.request = body if len(body) <= sync_rows.READ else b"(%d bytes)" % len(body)
        kept = sync_rows.SUMMARY + 1 if status < 400 and not self.done else sync_rows.READ
        self.answer = self.answer[:kept]
