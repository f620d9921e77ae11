"""`/metrics`: what this process has answered and takes, and what mail is due, as Prometheus reads it."""

import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

from litestar import Router, get
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.calls import of
from service.journal import TIMES, AccessLog
from service.users import correspondence
from service.users.correspondence import Waiting

_STARTED: Final = time.time()
_MEDIA: Final = "text/plain; version=0.0.4"  # Prometheus's text format


class Metric(NamedTuple):
    """One number, or one for each value of a label."""

    name: str
    kind: str
    what: str
    samples: Iterable[tuple[str, float]]


@get("/metrics")
async def metrics(scope: Scope) -> ASGIResponse:
    """Numbers since the start, of this process; what is due, of all of them. Administrators only."""
    call = of(scope)
    caller = await call.member()
    waiting = await call.house.database.scan(correspondence.waiting, caller)
    found = (*_mail(waiting), *_requests(call.house.log), *_process(call.house.terms.version))
    return answers.text("".join(map(_text, found)), _MEDIA)


def _mail(waiting: Waiting) -> Iterator[Metric]:
    yield _gauge("idbridge_mail_due", "Letters that are due or on their way.", waiting.due)
    yield _gauge(
        "idbridge_mail_oldest_seconds",
        "For how long the oldest of them should have been gone.",
        waiting.oldest,
    )
    yield _gauge(
        "idbridge_mail_stalled", "1 when the sender is paused, away or far behind.", int(waiting.stalled)
    )


def _requests(log: AccessLog) -> Iterator[Metric]:
    codes = [(f'{{code="{code}"}}', float(number)) for code, number in sorted(log.answered.items())]
    yield Metric("idbridge_http_requests_total", "counter", "Requests that were answered.", codes)
    bounds, counts = (*map(str, TIMES), "+Inf"), accumulate(map(float, log.within))
    timed = [(f'_bucket{{le="{bound}"}}', count) for bound, count in zip(bounds, counts, strict=True)]
    timed += [("_sum", log.seconds), ("_count", timed[-1][1])]
    yield Metric("idbridge_http_request_duration_seconds", "histogram", "How long their answers took.", timed)


def _process(version: str) -> Iterator[Metric]:
    """By the names that Prometheus's own clients give them; what only Linux tells is left out elsewhere."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    busy = [("", used.ru_utime + used.ru_stime)]
    yield _gauge("idbridge_info", "Which version this is.", 1, f'{{version="{version}"}}')
    yield _gauge("process_start_time_seconds", "When it was started, since 1970.", round(_STARTED, 3))
    yield Metric("process_cpu_seconds_total", "counter", "Time that it kept processors busy.", busy)
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        yield _gauge("process_resident_memory_bytes", "Memory in use.", pages * resource.getpagesize())
        open_ = sum(1 for _ in Path("/proc/self/fd").iterdir())
        yield _gauge("process_open_fds", "Files and connections that are open.", open_)
        yield _gauge("process_max_fds", "How many may be.", resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _gauge(name: str, what: str, value: float, labels: str = "") -> Metric:
    return Metric(name, "gauge", what, [(labels, value)])


def _text(metric: Metric) -> str:
    lines = (f"{metric.name}{which} {value:.17g}\n" for which, value in metric.samples)
    return f"# HELP {metric.name} {metric.what}\n# TYPE {metric.name} {metric.kind}\n{''.join(lines)}"


router = Router("/", route_handlers=[metrics], include_in_schema=False)
