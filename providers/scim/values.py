"""Holds a value against its attribute (RFC 7643, 2.3 to 2.5): type, spelling of names, no doubles."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from providers.scim.problems import InvalidSyntax, InvalidValue, TooMany, shown
from providers.scim.schema import Attribute, Resource, Type, Value
from providers.scim.tolerance import Profile

_MOST_DROPPED: Final = 10_000
_MOST_REMEMBERED: Final = 100
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_SURROGATES = re.compile("[\ud800-\udfff]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\s-]*", re.ASCII)


def moment(text: str) -> str | None:
    """An xsd:dateTime as `2011-05-13T04:42:34.000Z`: its order as text is that in time. None if no such."""
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
        utc = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def truth(value: object) -> bool | None:
    """A boolean; Entra ID sends "True" and "False" as text. None if it is neither."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _date_time(value: object) -> str | None:
    return value if isinstance(value, str) and moment(value) else None


def _binary(value: object) -> str | None:
    return value if isinstance(value, str) and _BASE64.fullmatch(value.rstrip("= \t\r\n")) else None


def _integer(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -(2**63) <= value < 2**63 else None


def _decimal(value: object) -> float | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _integer(value)


_READ: Final[Mapping[Type, tuple[Callable[[object], str | bool | int | float | None], str]]] = {
    "string": (_text, "text"),
    "reference": (_text, "text"),
    "boolean": (truth, "true or false"),
    "integer": (_integer, "a whole number of at most 64 bits"),
    "decimal": (_decimal, "a number"),
    "dateTime": (_date_time, "a date and time, as 2011-05-13T04:42:34Z"),
    "binary": (_binary, "base64 text"),
}


def _called(value: object) -> str:
    kinds = {bool: "true or false", str: "text", list: "a list", dict: "an object", type(None): "null"}
    return kinds.get(type(value), "a number")


def storable(text: str) -> bool:
    """PostgreSQL keeps no NUL in a text, and UTF-8 has no lone surrogates."""
    return "\x00" not in text and (text.isascii() or not _SURROGATES.search(text))


class Intake:
    """Reads the values of one message under one profile, and remembers the names that it dropped."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._dropped: dict[str, None] = {}
        self._count = 0

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names, each once, the first hundred of them."""
        return tuple(self._dropped)

    def drop(self, name: str) -> None:
        """Remembers a name for the log, not its value."""
        self._count += 1
        if self._count > _MOST_DROPPED:
            raise TooMany(f"More than {_MOST_DROPPED} attributes of no schema that is served here are sent.")
        if len(self._dropped) < _MOST_REMEMBERED:
            self._dropped[shown(name)] = None

    def unknown(self, name: str) -> None:
        """An attribute that no published schema has."""
        if not self.profile.unknown_attributes:
            raise InvalidSyntax(f'No schema that is served here has the attribute "{shown(name)}".')
        self.drop(name)

    def value(self, attribute: Attribute, value: object, where: str) -> Value:
        """The value as it is kept, or None for what is unassigned: null, [] and {} are (RFC 7643, 2.5)."""
        if value is None:
            return None
        if attribute.multi_valued:
            return self._values(attribute, value, where)
        if self.profile.loose_shapes and isinstance(value, list) and len(value) == 1:
            return self.one(attribute, value[0], where)
        return self.one(attribute, value, where)

    def one(self, attribute: Attribute, value: object, where: str) -> Value:
        """One value, be the attribute multi-valued or not."""
        if value is None:
            return None
        if attribute.type == "complex":
            return self._complex(attribute, value, where)
        return self._simple(attribute, value, where)

    def _simple(self, attribute: Attribute, value: object, where: str) -> Value:
        read, wanted = _READ[attribute.type]
        if read is _text and isinstance(value, str) and storable(value):  # as most values are
            return value
        if self.profile.loose_shapes and isinstance(value, dict) and "value" in value:
            value = value["value"]
        kept = read(value)
        if kept is None:
            raise InvalidValue(f'"{where}" has to be {wanted}, not {_called(value)}.')
        if isinstance(kept, str) and not storable(kept):
            raise InvalidValue(f'"{where}" holds a character that cannot be stored.')
        return kept

    def _complex(self, attribute: Attribute, value: object, where: str) -> Resource | None:
        if self.profile.loose_shapes and isinstance(value, str) and attribute.sub("value"):
            value = {"value": value}
        if not isinstance(value, dict):
            raise InvalidValue(f'"{where}" has to be an object with sub-attributes, not {_called(value)}.')
        kept: Resource = {}
        seen: set[str] = set()
        for name, item in value.items():
            sub = attribute.sub(name)
            if sub is None:
                self.unknown(f"{where}.{name}")
                continue
            once(sub, seen, where)
            read = self.value(sub, item, f"{where}.{sub.name}") if sub.mutability != "readOnly" else None
            if read is not None:
                kept[sub.name] = read
        return kept or None

    def _values(self, attribute: Attribute, value: object, where: str) -> list[Value] | None:
        if not isinstance(value, list):
            if not self.profile.loose_shapes:
                raise InvalidValue(f'"{where}" has to be a list, not {_called(value)}.')
            value = [value]
        if len(value) > attribute.max_values:
            raise TooMany(f'"{where}" has {len(value)} values; at most {attribute.max_values} are kept.')
        found = distinct([read for item in value if (read := self.one(attribute, item, where)) is not None])
        one_primary(found, where)
        return found or None


def once(attribute: Attribute, seen: set[str], where: str = "") -> None:
    """Names ignore case (RFC 7643, 2.1), so `title` and `Title` in one object contradict each other."""
    if attribute.name in seen:
        raise InvalidSyntax(f'"{where}{"." if where else ""}{attribute.name}" is sent twice in one object.')
    seen.add(attribute.name)


def fingerprint(value: Value) -> bytes:
    """Equal for values that are exactly equal, whatever the order of their sub-attributes."""
    return msgspec.json.encode(value, order="deterministic")


def distinct(entries: list[Value]) -> list[Value]:
    """The entries in their order, without those that are there already."""
    if len(entries) < 2:
        return entries
    kept: dict[bytes, Value] = {}
    for entry in entries:
        kept.setdefault(fingerprint(entry), entry)
    return list(kept.values())


def one_primary(entries: list[Value], where: str) -> None:
    """RFC 7643, 2.4: `primary` is true for at most one value."""
    if sum(isinstance(entry, dict) and entry.get("primary") is True for entry in entries) > 1:
        raise InvalidValue(f'"{where}" has more than one primary value.')
