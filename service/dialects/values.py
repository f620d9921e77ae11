"""Operands of filters: the text or JSON that a caller sent, as the value that a column compares with."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from service.database import moment
from service.users.model import Kind
from service.users.problems import BadQuery


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise BadQuery("A filter on a text needs a text")


def _uuid(value: object) -> str:
    try:
        return str(UUID(value)) if isinstance(value, str) else _refuse(value)
    except ValueError:
        return _refuse(value)


def _refuse(value: object) -> str:
    raise BadQuery(f'"{str(value)[:64]}" is not a UUID')


def truth(value: object) -> bool:
    """True and false, also as the words and digits that a query string carries."""
    if isinstance(value, str):
        value = {"true": True, "1": True, "": True, "false": False, "0": False}.get(value.lower(), value)
    if isinstance(value, bool | int) and value in (0, 1):
        return bool(value)
    raise BadQuery('A yes-or-no filter takes "true" or "false"')


def _timestamp(value: object) -> str:
    """Any ISO 8601 date or date-time; one without a zone is UTC."""
    try:
        parsed = datetime.fromisoformat(str(value))
        return moment((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise BadQuery(f'"{str(value)[:64]}" is not a date') from None


def _integer(value: object) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise BadQuery(f'"{str(value)[:64]}" is not a whole number') from None
    if not -(2**63) <= number < 2**63:
        raise BadQuery("A number beyond 64 bits fits no field")
    return number


_OPERANDS: Final[Mapping[Kind, Callable[[object], object]]] = {
    "string": _text,
    "text": _text,
    "uuid": _uuid,
    "boolean": truth,
    "timestamp": _timestamp,
    "integer": _integer,
}


def operand(kind: Kind, value: object) -> object:
    """The value in the column's type; None stays None. BadQuery says what does not fit."""
    if isinstance(value, str):
        if "\0" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise BadQuery("A filter cannot hold NUL or half a surrogate pair")
        if value == "null":
            return None
    if value is None:
        return None
    if value == "":
        raise BadQuery('An empty text matches nothing; use "_empty"')
    return _OPERANDS[kind](value)
