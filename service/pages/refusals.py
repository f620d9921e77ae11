"""Problems of this room, told on a page: a person with a browser can do nothing with JSON."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response

from service.api import answers
from service.api.calls import of
from service.database import Unavailable
from service.pages.here import LOGIN
from service.pages.notice_table import Name
from service.pages.notices import notice
from service.pages.sheet import away
from service.users import problems

_log = logging.getLogger(__name__)

_NOTICES: Final[Mapping[type[Exception], Name]] = {
    problems.Forbidden: "crossed",
    problems.BadPayload: "garbled",
    problems.BadQuery: "unknown",
    problems.Forged: "unknown",
    problems.TooLarge: "garbled",
    problems.WrongMedia: "garbled",
    problems.RouteUnknown: "elsewhere",
    problems.TooMany: "busy",
    problems.Unreachable: "down",
    Unavailable: "down",
}


def refuse(request: Request[Any, Any, Any], problem: Exception) -> Response[bytes]:
    """The page for a problem; what nobody foresaw is told to the log alone."""
    call = of(request.scope)
    if isinstance(problem, problems.NotSignedIn):
        return away(LOGIN, call)
    found = (_NOTICES[kind] for kind in type(problem).__mro__ if kind in _NOTICES)
    name: Name = next(found, "broken")
    if name == "broken":
        _log.error("unexpected", exc_info=problem)
    elif isinstance(problem, Unavailable):
        answers.note_away(problem)
    wait = {"busy": getattr(problem, "retry_after", 1), "down": 5}.get(name)
    headers = {"retry-after": str(wait)} if wait else None
    return notice(name, call, headers=headers, request=call.id)
