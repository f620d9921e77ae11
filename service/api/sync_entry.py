"""One request of a connection on its way into the sync log."""

from time import perf_counter_ns
from typing import TYPE_CHECKING

from service.api import sync_rows
from service.database import new_key
from service.users.connections import Connection

if TYPE_CHECKING:
    from service.api.calls import Call


class Entry:
    """One request in the log. `doing` is what the unit at work does, `done` what was committed."""

    __slots__ = (
        "answer",
        "begun",
        "call",
        "connection",
        "doing",
        "done",
        "duration",
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
        self.problem: Exception | None = None
        self.begun = False  # whether its row is there already
        self.status = 0
        self.request = b""
        self.answer = b""
        self.duration = 0

    def take(self, body: bytes) -> None:
        """A piece of the answer; more of it than is kept is not held on to."""
        if len(self.answer) <= sync_rows.READ:
            self.answer += body

    def end(self, status: int) -> None:
        """The request was answered."""
        body = self.call.body
        self.status = status
        self.duration = (perf_counter_ns() - self.call.started) // 1000
        self.request = body if len(body) <= sync_rows.READ else b"(%d bytes)" % len(body)
        if status < 400 and not self.done:
            self.answer = self.answer[: sync_rows.SUMMARY + 1]
