"""The column types: one Python value for each, the same on SQLite and PostgreSQL."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from sqlalchemy import Boolean, Dialect, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.types import TypeDecorator, TypeEngine

from service.database.fitting import fit_bytes, fit_document, fit_flag, fit_key, fit_moment, fit_text
from service.moments import moment_of

T = TypeVar("T")
NIL_KEY: Final = "00000000-0000-0000-0000-000000000000"  # nobody's, and before every key (RFC 9562, 5.9)
MAX_KEY: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # behind every key (5.10)

# What is random in a key, as it is written; each is used once. To ask for every one would let go of the
# interpreter, and to write one takes longer than the rest of a key.
_chances: list[str] = []
os.register_at_fork(after_in_child=_chances.clear)


def _chance() -> str:
    """`7xxx-yxxx-xxxxxxxxxxxx` of 74 random bits: the version, 12 bits, the variant, 62 bits."""
    try:
        return _chances.pop()
    except IndexError:
        drawn = os.urandom(10 * 256).hex()
        first, *others = (_written(drawn[place : place + 20]) for place in range(0, len(drawn), 20))
        _chances.extend(others)
        return first


def _written(digits: str) -> str:
    return f"7{digits[:3]}-{_VARIANTS[digits[3]]}{digits[4:7]}-{digits[7:19]}"


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # 10 in the highest bits


def new_key() -> str:
    """A fresh UUIDv7 (RFC 9562, 5.7), lower case with dashes: later keys sort after earlier ones."""
    stamp = f"{time.time_ns() // 1_000_000:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-{_chance()}"


def moment(when: datetime) -> str:
    """`when` (aware) as `2021-02-05T15:18:13.000Z`: UTC, milliseconds cut off; text order is time order."""
    if when.tzinfo is None:
        raise ValueError("a moment needs a datetime that knows its zone")
    return when.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def now() -> str:
    """The present moment."""
    return moment_of(time.time_ns() // 1_000_000)


class Fitted(TypeDecorator[T]):
    """A type of ours. `fit` gives a value as the drivers take it, and raises ValueError for one that is none.

    `on_postgresql`: what PostgreSQL keeps it as, where that is another type than SQLite's.
    """

    on_postgresql: ClassVar[TypeEngine[Any] | None] = None

    @staticmethod
    def fit(value: object) -> Any:
        raise NotImplementedError

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if self.on_postgresql is None or dialect.name != "postgresql":
            return super().load_dialect_impl(dialect)
        return dialect.type_descriptor(self.on_postgresql)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        return None if value is None else self.fit(value)


class Key(Fitted[str]):
    """A UUID: `str`, lower case with dashes. PostgreSQL keeps it as uuid, SQLite as text.

    On PostgreSQL the connection's own codec does the reading (`postgres.lane`), so that arrays agree as well.
    """

    impl = Text
    cache_ok = True
    fit = staticmethod(fit_key)
    on_postgresql = UUID(as_uuid=False)

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """The text is the value: SQLAlchemy would make a text of it, once more for each row."""


class Moment(Fitted[str]):
    """A point in time: `str` `2021-02-05T15:18:13.000Z`. PostgreSQL: timestamptz, SQLite: the text itself.

    On PostgreSQL the connection's own codec does the reading (`postgres.lane`), so that arrays agree as well.
    """

    impl = Text
    cache_ok = True
    fit = staticmethod(fit_moment)
    on_postgresql = TIMESTAMP(timezone=True)


class _JsonbAsText(JSONB):
    """Without processors, which would decode a second time: the driver's own text is the value."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


class Document(Fitted[Any]):
    """A JSON value: written from anything that JSON can say (None is SQL NULL), read back decoded.

    PostgreSQL: jsonb, SQLite: text. `type_coerce(column, Text)` reads the raw JSON text on both.
    """

    impl = Text
    cache_ok = True
    fit = staticmethod(fit_document)
    on_postgresql = _JsonbAsText()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


class AsJson(TypeDecorator[msgspec.Raw]):
    """What coerces a document that goes into an answer: its text, unread, as an encoder repeats it."""

    impl = Text
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str], msgspec.Raw]:
        return msgspec.Raw


class Flag(Fitted[bool]):
    """True or False: `bool` on both, although SQLite keeps 0 and 1."""

    impl = Boolean
    cache_ok = True
    fit = staticmethod(fit_flag)


class Words(Fitted[str]):
    """Text that sorts and compares by code point on both: `COLLATE "C"` on PostgreSQL, SQLite's own order."""

    impl = Text
    cache_ok = True
    fit = staticmethod(fit_text)
    on_postgresql = Text(collation="C")


class Bytes(Fitted[bytes]):
    """Bytes as they are: bytea on PostgreSQL, a blob on SQLite."""

    impl = LargeBinary
    cache_ok = True
    fit = staticmethod(fit_bytes)
