"""Which values fit the columns: what one of the databases would refuse or change is refused on both."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
# msgspec writes NUL as \u0000; an even run of backslashes before it means that the text says "\u0000" itself.
_NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def fit_key(value: object) -> str:
    """`value` if it is a key; ValueError for anything else."""
    if not (isinstance(value, str) and _KEY.fullmatch(value)):
        raise ValueError("a key is a UUID in lower case with dashes")
    return value


def fit_text(value: object) -> str:
    """`value` if both databases keep it as it is; ValueError for NUL and lone surrogates."""
    if not isinstance(value, str):
        raise ValueError("text is expected")
    if "\0" in value:
        raise ValueError("text must not hold NUL")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("text must not hold a lone surrogate") from None
    return value


def fit_moment(value: object) -> str:
    """`value` if it is a moment; ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a moment is text")
    return _known_moment(value)


@lru_cache(256)  # what one request writes, it mostly writes at one moment
def _known_moment(value: str) -> str:
    if not _MOMENT.fullmatch(value):
        raise ValueError("a moment is written 2021-02-05T15:18:13.000Z")
    datetime.fromisoformat(value)  # refuses the 31st of February, which PostgreSQL would refuse too
    return value


def fit_document(value: object) -> str:
    """`value` as JSON; ValueError for what JSON cannot say, and for NUL."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, OverflowError, RecursionError) as reason:
        raise ValueError(f"a document holds what JSON can say: {reason}") from reason
    if "\\u0000" in text and _NUL_IN_JSON.search(text):
        raise ValueError("text must not hold NUL")
    return text


def fit_flag(value: object) -> bool:
    """`value` if it is true or false; ValueError for anything else, which SQLite alone would keep."""
    if not isinstance(value, bool):
        raise ValueError("a flag is True or False")
    return value


def fit_bytes(value: object) -> bytes:
    """`value` if it is bytes; ValueError for anything else, which SQLite alone would keep."""
    if not isinstance(value, bytes):
        raise ValueError("bytes are expected")
    return value


def fit_integer(bits: int) -> Callable[[object], int]:
    """A check that lets an `int` of so many bits pass; SQLite alone would keep a wider one, or a text."""
    limit = 1 << bits - 1

    def fit(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not -limit <= value < limit:
            raise ValueError(f"an integer of {bits} bits is expected")
        return value

    return fit


_KEPT = (fit_text, fit_key, fit_moment)


def fit_column(fit: Callable[[Any], Any], column: list[Any]) -> list[Any]:
    """`fit` for each value of a column that is not None.

    What is kept as it is is only looked at, once for all that are alike; texts are looked at as one.
    """
    if fit in _KEPT:
        try:
            different = set(column) - {None}
            for value in ["".join(different)] if fit is fit_text else different:
                fit(value)
        except (TypeError, ValueError):
            pass  # one by one, then: the first that does not fit is told of
        else:
            return column
    return [value if value is None else fit(value) for value in column]
