"""The rules that a value must meet, whichever language it came in."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeGuard

from mail.addresses import BadAddress, mailbox
from service.database import moment
from service.database.fitting import fit_text
from service.users.model import ATTRIBUTES, Attribute, Kind
from service.users.problems import Invalid

DEPTH: Final = 32  # levels of a JSON value
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 5322 knows more local parts than these; the rest is only of use to people who attack mail software.
_LOCAL: Final = r"[^\s\"(),:;<>@\[\\\]]{1,64}"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+")


def check(name: str, value: object, attributes: Mapping[str, Attribute] = ATTRIBUTES) -> object:
    """`value` as it is kept (keys in lower case, moments in UTC). Raises Invalid(name, rule)."""
    attribute = attributes[name]
    if value is None:
        if attribute.nullable:
            return None
        raise Invalid(name, "nnull")
    return _email(attribute, value) if name == "email" else _KINDS[attribute.kind](attribute, value)


def is_uuid(value: object) -> TypeGuard[str]:
    """Any version, with dashes, in any case."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_email(text: str) -> bool:
    """A bounded `local@domain` of two labels or more: letters of any script, no spaces, nothing unseen."""
    return len(text) <= 128 and text.isprintable() and _EMAIL.fullmatch(text) is not None


def deliverable(email: str) -> str:
    """The address, if letters can go there: no mail server takes all that look well. Raises Invalid."""
    try:
        mailbox(email)
    except BadAddress:
        raise Invalid("email", "email") from None
    return email


def _wrong(attribute: Attribute, detail: str) -> Invalid:
    return Invalid(attribute.name, "type", detail=detail)


def _text(attribute: Attribute, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(attribute, "must be a string")
    try:
        fit_text(value)
    except ValueError:
        raise _wrong(attribute, "must not hold NUL or half a surrogate pair") from None
    if attribute.limit is not None and len(value) > attribute.limit:
        raise Invalid(attribute.name, "max_length", limit=attribute.limit)
    if attribute.choices and value not in attribute.choices:
        raise Invalid(attribute.name, "choice", limit=", ".join(attribute.choices))
    return value


def _email(attribute: Attribute, value: object) -> str:
    text = _text(attribute, value)
    if not is_email(text):
        raise Invalid(attribute.name, "email")
    return text


def _uuid(attribute: Attribute, value: object) -> str:
    if not is_uuid(value):
        raise _wrong(attribute, "must be a valid GUID")
    return value.lower()


def _boolean(attribute: Attribute, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(attribute, "must be a boolean")
    return value


def _integer(attribute: Attribute, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise _wrong(attribute, "must be an integer")
    return value


def _timestamp(attribute: Attribute, value: object) -> str:
    """Any ISO 8601 date-time; one without a zone is UTC."""
    try:
        when = datetime.fromisoformat(_text(attribute, value))
        return moment(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise _wrong(attribute, "must be a date in ISO 8601") from None


def _tags(attribute: Attribute, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(attribute, "must be an array of strings")
    return [_text(attribute, item) for item in value]


def _json(attribute: Attribute, value: object) -> object:
    level = [value]
    for _ in range(DEPTH):
        level = _within(attribute, level)
        if not level:
            return value
    if all(isinstance(one, str) for one in level) and not _within(attribute, level):
        return value
    raise _wrong(attribute, f"must not be nested deeper than {DEPTH} levels")


def _within(attribute: Attribute, level: Sequence[object]) -> list[object]:
    """Checks one level of a JSON value, its texts as one; gives the values of the next."""
    texts: list[str] = []
    inner: list[object] = []
    for value in level:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            texts += value
            inner += value.values()
        elif isinstance(value, list):
            inner += value
        elif value is not None:
            _number(attribute, value)
    try:
        _text(attribute, "".join(texts))
    except TypeError:  # a name that is none
        raise _wrong(attribute, "must be a string") from None
    return inner


def _number(attribute: Attribute, value: object) -> None:
    """That JSON can say it, and both databases keep it: a number, true or false."""
    if isinstance(value, float):
        if value - value != 0:
            raise _wrong(attribute, "must not hold a number that JSON cannot say")
    elif not isinstance(value, int):
        raise _wrong(attribute, "must be JSON")
    elif not -(2**63) <= value < 2**63:
        raise _wrong(attribute, "must not hold an integer beyond 64 bits")


_KINDS: Final[Mapping[Kind, Callable[[Attribute, object], object]]] = {
    "string": _text,
    "text": _text,
    "hash": _text,
    "uuid": _uuid,
    "boolean": _boolean,
    "integer": _integer,
    "timestamp": _timestamp,
    "tags": _tags,
    "json": _json,
}
