"""What goes back: data in the generation's envelope, nothing, or a problem in the caller's language."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from providers.scim import messages
from providers.scim.problems import ScimProblem
from providers.scim.schema import Resource
from service.api.calls import Call
from service.database import TooDeep, TooSlow, Unavailable
from service.dialects import problems as table
from service.dialects.dialect import COLLECTIONS, GROUP_COLLECTION, USER_COLLECTION, word_of
from service.dialects.fields import Language
from service.users.problems import BadQuery, MethodRefused, NotSignedIn, Problem, TooMany, Unreachable

_log = logging.getLogger(__name__)
_ENCODER: Final = msgspec.json.Encoder()
_DATA: Final = b'{"data":'
_JSON: Final = "application/json; charset=utf-8"
_SCIM: Final = f"{messages.MEDIA_TYPE}; charset=utf-8"

Headers = Sequence[tuple[str, str]]


class _Data(msgspec.Struct, gc=False):
    """The envelope of success, encoded with what is in it: an answer may be long, and is not copied."""

    data: object


def _typed(media: str) -> tuple[bytes, bytes]:
    return b"content-type", media.encode("latin-1")


_TYPE: Final = {media: _typed(media) for media in (_JSON, _SCIM)}  # of nearly every answer


class Answer(ASGIResponse):
    """A finished answer: its headers are bytes already, so nothing of them is worked out a second time."""

    def __init__(
        self, status: int, body: bytes = b"", media: str | None = None, headers: Headers = ()
    ) -> None:
        self.status_code = status
        self.body = body
        self.raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        if media is not None:
            self.raw += (_TYPE.get(media) or _typed(media), (b"content-length", b"%d" % len(body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def answer(value: object, *, status: int = 200, media: str = _JSON, headers: Headers = ()) -> Answer:
    """A JSON body as it stands."""
    return Answer(status, _ENCODER.encode(value), media, headers)


def data(value: object, *, headers: Headers = ()) -> Answer:
    """`{"data": ...}`, the envelope of success."""
    return Answer(200, _ENCODER.encode(_Data(value)), _JSON, headers)


def told(given: Answer) -> msgspec.Raw | None:
    """What an answer of `data` holds, encoded as it is; None when there is no body."""
    return msgspec.Raw(given.body[len(_DATA) : -1]) if given.body.startswith(_DATA) else None


def foreseen(problem: Exception) -> Exception:
    """The problem of ours that an exception is; what nobody foresaw is told to the log alone."""
    if isinstance(problem, Problem | ScimProblem):
        return problem
    if isinstance(problem, Unavailable):
        note_away(problem)
        if isinstance(problem, TooSlow):
            return Unreachable("This takes too long; ask for less of it at once")
        return Unreachable("The database cannot be reached now")
    if isinstance(problem, TooDeep):
        return BadQuery("What is asked nests too deeply; ask in fewer levels")
    _log.error("unexpected", exc_info=problem)
    return problem


def note_away(problem: Unavailable) -> None:
    """Log why the database cannot be asked: in words, for it is so for every request of the meantime."""
    cause = problem.__cause__
    said = None if cause is None else f"{type(cause).__name__}: {cause}"
    _log.warning("the database cannot be asked", extra={"reason": str(problem), "cause": said})


def scim(value: object, *, status: int = 200, headers: Headers = ()) -> Answer:
    """A SCIM message."""
    return answer(value, status=status, media=_SCIM, headers=headers)


def text(words: str, media: str = "text/plain") -> Answer:
    """A few words."""
    return Answer(200, words.encode(), f"{media}; charset=utf-8")


def nothing(*, status: int = 204, headers: Headers = ()) -> Answer:
    """204: done, and no body to read; 304: nothing new."""
    return Answer(status, headers=headers)


def away(url: str, *headers: tuple[str, str]) -> Answer:
    """302; never 307, which would repeat a POST with its body (RFC 9700, 4.12)."""
    return Answer(302, headers=[("location", url), *headers, ("content-length", "0")])


def see(url: str, *headers: tuple[str, str]) -> Answer:
    """303: what comes next is got, although this was posted (RFC 9110 section 15.4.4)."""
    return Answer(303, headers=[("location", url), *headers, ("content-length", "0")])


def _retry(problem: Exception) -> Headers:
    if isinstance(problem, TooMany):
        return (("retry-after", str(problem.retry_after)),)
    if isinstance(problem, Unreachable):
        return (("retry-after", "5"),)
    if isinstance(problem, MethodRefused):
        return (("allow", ", ".join(problem.allowed)),)
    return ()


def refusal(
    problem: Exception, call: Call, *, collection: str | None = None, headers: Headers = ()
) -> Answer:
    """The problem in the language of the path that was asked."""
    if call.entry is not None:
        call.entry.problem = problem
    if isinstance(problem, ScimProblem) or is_scim(call.path):
        error = told_in_scim(problem, collection_of(call.path))
        status = int(str(error["status"]))
        # RFC 6750, 3: who sent no token is told nothing but that one is needed.
        bearer = "Bearer" if isinstance(problem, NotSignedIn) else 'Bearer error="invalid_token"'
        challenge = (("www-authenticate", bearer),) if status == 401 else ()
        return scim(error, status=status, headers=(*_retry(problem), *challenge))
    status, body = _told(problem, call, collection or collection_of(call.path))
    return answer(body, status=status, headers=(*_retry(problem), *headers))


def error(problem: Problem, call: Call) -> Mapping[str, object]:
    """A problem as the generation tells it, where it comes beside an answer."""
    return _told(problem, call, collection_of(call.path))[1]


def _told(problem: Exception, call: Call, collection: str) -> tuple[int, Mapping[str, object]]:
    problem = call.generation.problem(problem, call)
    language: Language = call.generation.language
    field = word_of(language, collection, getattr(problem, "field", ""))
    cell, message, extras = table.told(problem, language, field, collection)
    return cell.status, call.generation.errors(cell.status, cell.code, message, extras)


def told_in_scim(problem: Exception, collection: str = USER_COLLECTION.name) -> Resource:
    """The problem as a SCIM Error, whose `status` is text."""
    if isinstance(problem, ScimProblem):
        return messages.error(problem.status, problem.detail, problem.scim_type)
    # Clients know `emails`; which of them stands for the user is a word of ours.
    field = word_of("scim", collection, getattr(problem, "field", "")).partition("[")[0]
    cell, message, _ = table.told(problem, "scim", field, collection)
    return messages.error(cell.status, message, None if cell.code is None else str(cell.code))


def collection_of(path: str) -> str:
    """The collection that a path speaks of by its first segment; users elsewhere."""
    if path.startswith("/scim/v2/Groups"):
        return GROUP_COLLECTION.name
    named = f"directus_{path.split('/', 2)[1]}" if path.startswith("/") else ""
    return named if named in COLLECTIONS else "directus_users"


def is_scim(path: str) -> bool:
    """Whether a path, without its project, speaks SCIM."""
    return path.startswith("/scim/v2") and path[8:9] in ("", "/")
