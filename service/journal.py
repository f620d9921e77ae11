"""The log: JSON lines on stderr with the request's id, nothing secret in them; cheap lines for requests."""

import asyncio
import logging
import sys
import time
from bisect import bisect_left
from contextvars import ContextVar
from typing import IO

import msgspec

from service.moments import moment_of
from service.redaction import clean, redact

_log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="")

FLUSH_SECONDS = 0.05
TIMES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds; Prometheus's usual ones
LONGEST_TEXT = 16_384  # characters of a message or a traceback
LONGEST_PATH = 512
PROBES = frozenset({"/-/live", "/-/ready"})  # asked every second or two: what is well would hide the rest
# DEBUG of authlib prints PKCE verifiers, INFO of httpx2 prints whole addresses with their queries.
QUIET = ("authlib", "httpx", "httpx2", "httpcore", "httpcore2", "aiosqlite", "asyncio", "uvicorn", "alembic")
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "silent": logging.CRITICAL + 1,
}
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonLines(logging.Formatter):
    """Makes one JSON object of a record: time, level, logger, message, request, and what `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; a record whose arguments do not fit is still a line, and still without secrets."""
        line: dict[str, object] = {
            "time": moment_of(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(_message(record))[:LONGEST_TEXT],
        }
        if request := request_id.get():
            line["request"] = request
        for name, value in vars(record).items():
            if name not in _ORDINARY:
                line[name] = clean(value, name)
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))[-LONGEST_TEXT:]
        return _json(line)


def start(level: str = "info", stream: IO[str] | None = None) -> None:
    """Bring every logger under one handler. `level`: debug, info, warn, warning, error or silent."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name in logging.root.manager.loggerDict:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[level]))
    logging.captureWarnings(capture=True)


class Line(msgspec.Struct, gc=False):
    """An answered request, as it is logged."""

    time: str
    level: str
    logger: str
    message: str
    request: str
    method: str
    path: str
    status: int
    ms: float
    client: str
    user: str | None


_Noted = tuple[int, str, str, str, int, float, str, str | None]


class AccessLog:
    """Notes and counts each request; makes lines of many of them at once, FLUSH_SECONDS later at most.

    For the event loop's thread only. A kill -9 loses the lines of the last FLUSH_SECONDS.
    """

    def __init__(self, stream: IO[bytes] | None = None) -> None:
        self._stream = stream or sys.stderr.buffer
        self._noted: list[_Noted] = []
        self._proxied = False
        self._wanted = logging.getLogger("access").isEnabledFor(logging.INFO)
        self.answered: dict[int, int] = {}  # requests by status
        self.seconds = 0.0  # that their answers took, summed up
        self.within = [0] * (len(TIMES) + 1)  # requests by the first of TIMES that was enough, or by none

    def note(
        self,
        *,
        method: str,
        path: str,
        status: int,
        seconds: float,
        client: str,
        request: str,
        user: str | None,
    ) -> None:
        """Note an answered request: `path` without its query, `seconds` it took, the key of the user."""
        if status < 600 and status != 101:  # the rest is how sockets ended, which are no requests
            self.answered[status] = self.answered.get(status, 0) + 1
            self.seconds += seconds
            self.within[bisect_left(TIMES, seconds)] += 1
        if not self._wanted or (path in PROBES and status == 200):
            return
        if not self._noted:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        at = time.time_ns() // 1_000_000
        self._noted.append((at, request, method, path, status, seconds, client, user))

    def note_proxy(self, client: str) -> None:
        """Warn, once, of a proxy that nobody named: failures of all who come through it count as one's."""
        if not self._proxied:
            self._proxied = True
            _log.warning(
                "a proxy is not one of IP_TRUST_PROXY: everybody seems to be there", extra={"client": client}
            )

    def flush(self) -> None:
        """Write what waits; called at the end, too."""
        noted, self._noted = self._noted, []
        if noted:
            try:
                self._stream.write(_ENCODER.encode_lines(list(map(_line, noted))))
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads the log any more: the service goes on
                self._wanted = False


def _line(noted: _Noted) -> Line:
    at, request, method, path, status, seconds, client, user = noted
    if len(path) > LONGEST_PATH or "eyJ" in path:  # the 8 generation has invitation tokens in its paths
        path = redact(path)[:LONGEST_PATH]
    ms = round(seconds * 1000, 1)
    return Line(moment_of(at), "info", "access", "request", request, method, path, status, ms, client, user)


def _message(record: logging.LogRecord) -> str:
    try:
        if isinstance(record.args, dict):
            return str(record.msg) % clean(record.args)
        return record.getMessage()
    except Exception:  # a foreign __str__ may raise anything; logging would print it all, raw
        return f"{record.msg!r} (with arguments that do not fit)"


def _json(line: dict[str, object]) -> str:
    try:
        return _encode(line).decode()
    except UnicodeEncodeError:  # a lone surrogate, from outside
        whole = {name: str(value).encode("utf-8", "replace").decode() for name, value in line.items()}
        return _encode(whole).decode()


_ENCODER = msgspec.json.Encoder()
_encode = _ENCODER.encode
