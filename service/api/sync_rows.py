"""Rows of the sync log: a request and its answer without secrets, cut to a bounded size."""

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

import msgspec

from providers.scim import bulk
from service.dialects import scim_advice
from service.moments import moment_of
from service.redaction import MASK, clean

if TYPE_CHECKING:
    from service.api.sync_entry import Entry

READ: Final = 65_536  # bytes; what is longer is told by its size
LONGEST: Final = 4096  # characters of a request or an answer that are kept
SUMMARY: Final = 1024  # characters of a good answer to a read, which can be asked for again
_PATH: Final = 2048
_CHANGES: Final = 1000  # items that one row names

# Whatever holds none of these, in any case, holds no secret; most of what providers send is kept as it came.
_SUSPECT: Final = (
    *(b"passw", b"secret", b"token", b"cookie", b"authorization", b"assertion", b"verifier", b"private"),
    *(b"api_key", b"apikey", b'"code"', b'"state"', b'"otp"', b'"nonce"'),
    *(b"saml", b"relay", b"bearer", b"basic ", b"eyj", b"idb_"),
)
_ANY_SUSPECT: Final = re.compile(b"|".join(map(re.escape, _SUSPECT)))
_SHORT: Final = 100  # bytes; of more, as many plain searches take less time than one pattern
# A letter that need not be written so may be part of any of them; who signs in may stand in an address.
_ELSEWISE: Final = re.compile(rb'\\u00[2-7]|://[^/\s"]*@')
# A path, or a filter, that speaks of secrets stands beside one, or holds one.
_SPEAKS: Final = re.compile(r"pass(?:word|wd)|secret|token", re.IGNORECASE)


def begun(entry: "Entry") -> dict[str, Any]:
    """What is known of a request while it changes something."""
    return _row(entry, [*entry.done, *entry.doing], status=None)


def whole(entry: "Entry") -> dict[str, Any]:
    """What is known of a request that was answered."""
    status, answer = entry.status, entry.answer
    row = _row(entry, entry.done, status=status or None)
    if entry.failed:
        rehearsed = entry.connection.dry_run
        row["advice"] = scim_advice.advice(entry.problem, status, answer, rehearsed=rehearsed)
    return {
        **row,
        "duration": min(entry.duration, 2**31 - 1),
        "request": told(entry.request),
        # No good answer holds a secret: none is ever read out (the field table's guards).
        "answer": told(answer) if status >= 400 else _cut(answer, LONGEST if entry.done else SUMMARY),
    }


def _row(entry: "Entry", changed: list[tuple[str, str, str]], *, status: int | None) -> dict[str, Any]:
    call = entry.call
    named = dict.fromkeys(changed)  # a unit may do two things to one item
    return {
        "project": entry.connection.project,
        "connection": entry.connection.id,
        "id": entry.key,
        "at": _moment(entry.key),
        "method": call.method,
        "path": _path(call.scope["path"], call.scope["query_string"]),
        "status": status,
        "failed": entry.failed,
        "duration": None,
        "dry_run": entry.connection.dry_run,
        "changed": [
            {"action": action, "collection": collection, "id": item}
            for action, collection, item in list(named)[:_CHANGES]
        ]
        or None,
        "request": None,
        "answer": None,
        "advice": scim_advice.dropped(entry.dropped) if entry.dropped else None,
        "ip": call.ip,
        "request_id": call.id,
    }


def end(entry: "Entry") -> dict[str, Any]:
    """What was not known when a request changed something, of one that went well."""
    return {
        "of_project": entry.connection.project,
        "of_connection": entry.connection.id,
        "of_id": entry.key,
        "status": entry.status,
        "duration": min(entry.duration, 2**31 - 1),
        "request": told(entry.request),
        "answer": _cut(entry.answer, LONGEST),
    }


def has_failed(entry: "Entry") -> bool:
    """Whether the request, or an operation of its bulk, came to nothing; asked while its answer is whole."""
    status = entry.status
    return status >= 400 or status == 0 or (_is_bulk(entry) and _lost(entry.answer))


def _is_bulk(entry: "Entry") -> bool:
    return entry.call.method == "POST" and str(entry.call.scope["path"]).endswith(bulk.ENDPOINT)


def told(body: bytes) -> str | None:
    """A body as the log keeps it: JSON without its secrets; the size of what may hold some and is no JSON."""
    if not body:
        return None
    if _is_suspect(body):
        try:
            body = msgspec.json.encode(clean(_masked(msgspec.json.decode(body), 0)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return f"({len(body)} bytes that are no JSON)"
    return _cut(body, LONGEST)


def _is_suspect(text: bytes) -> bool:
    lower = text.lower()
    if len(lower) <= _SHORT:
        found = _ANY_SUSPECT.search(lower) is not None
    else:
        found = any(map(lower.__contains__, _SUSPECT))
    return found or ((b"\\u00" in lower or b"://" in lower) and _ELSEWISE.search(lower) is not None)


def _cut(body: bytes, keep: int) -> str | None:
    text = body[: 4 * keep + 1].decode("utf-8", "replace").replace("\0", "")
    return (text if len(text) <= keep else f"{text[:keep]}...") or None


def _masked(value: object, depth: int) -> object:
    if depth > 8:
        return "..."
    if isinstance(value, list):
        return [_masked(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    hidden = {_BESIDE[name.lower()] for name, inner in value.items() if _speaks(name, inner)}
    return {
        name: MASK if name.lower() in hidden else _masked(inner, depth + 1) for name, inner in value.items()
    }


_BESIDE: Final = {"path": "value", "filter": "filter"}  # what holds the secret that these speak of


def _speaks(name: str, inner: object) -> bool:
    return name.lower() in _BESIDE and isinstance(inner, str) and _SPEAKS.search(inner) is not None


def _moment(key: str) -> str:
    """When a key was made (RFC 9562, 5.7)."""
    return moment_of(int(key[:8] + key[9:13], 16))


def _path(path: str, query: bytes) -> str:
    """The address; a query that speaks of secrets is left out."""
    if not query:
        return path[:_PATH]
    asked = unquote_plus(query.decode("latin-1"), errors="replace")
    return f"{path}?{MASK if _is_suspect(asked.encode()) else asked}".replace("\0", "")[:_PATH]


def _lost(answer: bytes) -> bool:
    """Whether one of the operations of a Bulk answer failed."""
    try:
        operations = msgspec.json.decode(answer)["Operations"]
        return any(int(one["status"]) >= 400 for one in operations)
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError):
        return False
