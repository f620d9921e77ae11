"""Reads `startIndex` and `count` (RFC 7644, 3.4.2.4; with a cursor RFC 9865, 2.1)."""

import re
from typing import Final

import msgspec

from providers.scim.problems import InvalidCount, InvalidValue

DEFAULT_COUNT: Final = 100
MAX_COUNT: Final = 1000
CURSOR_SECONDS: Final = 3600  # for which a cursor is good
_WHOLE = re.compile(r"([+-]?)([0-9]+)")
_FARTHEST: Final = 2**31 - 1  # no list is longer, and every database can skip so many


class Page(msgspec.Struct, frozen=True):
    """`start` is the place of the first resource, from 1; `count` how many at most, 0 for the total only."""

    start: int = 1
    count: int = DEFAULT_COUNT


FIRST_PAGE: Final = Page()


def page(start_index: str | None = None, count: str | None = None) -> Page:
    """The page that is asked for: no start is below 1, no count below 0 or above MAX_COUNT."""
    start = min(max(_number(start_index, "startIndex", 1), 1), _FARTHEST)
    return Page(start, min(max(_number(count, "count", DEFAULT_COUNT), 0), MAX_COUNT))


def cursor_page(count: str | None = None) -> Page:
    """The page that a cursor leads to: a count below 0 means 0, one above MAX_COUNT is InvalidCount."""
    try:
        size = max(_number(count, "count", DEFAULT_COUNT), 0)
    except InvalidValue as problem:
        raise InvalidCount(problem.detail) from None
    if size > MAX_COUNT:
        raise InvalidCount(f'"count" is at most {MAX_COUNT}.')
    return Page(1, size)


def _number(text: str | None, name: str, otherwise: int) -> int:
    if text is None or not text.strip():
        return otherwise
    found = _WHOLE.fullmatch(text.strip())
    if found is None:
        raise InvalidValue(f'"{name}" has to be a whole number.')
    size = int(found[2]) if len(found[2]) < 10 else _FARTHEST
    return -size if found[1] == "-" else size
