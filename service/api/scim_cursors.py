"""Cursors (RFC 9865): sealed, good for an hour, for the question and the connection they were made for."""

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from providers.scim.paging import CURSOR_SECONDS
from providers.scim.problems import ExpiredCursor, InvalidCount, InvalidCursor
from service.api.scim_requests import Request
from service.dialects.scim_pages import Step
from service.sealing import Place, SealBroken

_KEYS: Final = "numbers"  # what ends a place; cursors from before it was so lead nowhere
_LONGEST: Final = 8192  # characters; a sort by a long text makes ours long


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A page of `count` behind or before `place`; `total` is that of the first page, `made` in seconds."""

    made: int
    count: int
    total: int
    step: Step
    place: tuple[Any, ...]


def write(request: Request, total: int, step: Step, place: Sequence[Any]) -> str:
    """The text of a cursor, of unreserved characters only."""
    cursor = Cursor(int(time.time()), request.asked.page.count, total, step, tuple(place))
    sealed = request.call.house.sealer.seal(msgspec.json.encode(cursor).decode(), _place(request))
    return sealed.rstrip("=")


def read(request: Request, text: str) -> Cursor:
    """The cursor of a request. Raises InvalidCursor, ExpiredCursor, InvalidCount."""
    if len(text) > _LONGEST:
        raise InvalidCursor(_UNKNOWN)
    try:
        opened = request.call.house.sealer.open(text + "=" * (-len(text) % 4), _place(request))
    except SealBroken:
        raise InvalidCursor(_UNKNOWN) from None
    cursor = msgspec.json.decode(opened, type=Cursor)
    if cursor.made + CURSOR_SECONDS < time.time():
        raise ExpiredCursor(f"The cursor is more than {CURSOR_SECONDS} seconds old; begin again without it.")
    if cursor.count != request.asked.page.count:
        raise InvalidCount(f'"count" has to stay as on the first page, {cursor.count}.')
    return cursor


_UNKNOWN: Final = (
    "The cursor was not given for this question to this connection; leave it empty to begin, "
    "and change nothing else from page to page."
)


def _place(request: Request) -> Place:
    """What a cursor is bound to: whoever asks, at which address, for what and in which order."""
    asked = request.asked
    question = (
        _KEYS,
        request.call.scope["path"].removesuffix("/.search"),
        (asked.filter, asked.sort_by, asked.descending, asked.attributes, asked.excluded),
    )
    digest = sha256(msgspec.json.encode(question)).hexdigest()
    return Place("scim_cursors", f"{request.connection.project}/{request.connection.id}", digest)
