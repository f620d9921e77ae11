"""Bodies of fixed shape, checked against a small table; refusals are the sentences that clients match on."""

import re
from collections.abc import Callable, Container, Mapping
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from service.users.problems import BadPayload, NoPayload

Check = Callable[[str, object], object]


class Part(msgspec.Struct, frozen=True):
    """One key of a body: what it has to be, and whether it has to be there."""

    check: Check
    required: bool = True


def _text(name: str, value: object) -> object:
    if not isinstance(value, str):
        raise BadPayload(f'"{name}" must be a string')
    if not value:
        raise BadPayload(f'"{name}" is not allowed to be empty')
    if len(value) > 8192:
        raise BadPayload(f'"{name}" is too long')
    return value


_ADDRESS: Final = re.compile(r"[^\s@\x00-\x1f<>,;]{1,64}@[^\s@\x00-\x1f<>,;]{1,255}\Z")


def _email(name: str, value: object) -> object:
    _text(name, value)
    if not isinstance(value, str) or not _ADDRESS.match(value):
        raise BadPayload(f'"{name}" must be a valid email')
    return value


def _emails(name: str, value: object) -> object:
    """One address or several; always several afterwards."""
    if isinstance(value, list):
        if len(value) > 1000:
            raise BadPayload(f'"{name}" must contain less than or equal to 1000 items')
        return [_email(f"{name}[{place}]", one) for place, one in enumerate(value)]
    return [_email(name, value)]


def _uuid(name: str, value: object) -> object:
    try:
        return str(UUID(value)) if isinstance(value, str) else _no_guid(name)
    except ValueError:
        return _no_guid(name)


def _no_guid(name: str) -> str:
    raise BadPayload(f'"{name}" must be a valid GUID')


def _uri(name: str, value: object) -> object:
    text = str(_text(name, value))
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or any(ord(c) <= 32 for c in text):
        raise BadPayload(f'"{name}" must be a valid uri')
    return text


def _boolean(name: str, value: object) -> object:
    if not isinstance(value, bool):
        raise BadPayload(f'"{name}" must be a boolean')
    return value


def one_of(*choices: str) -> Check:
    """A word of a closed list."""

    def check(name: str, value: object) -> object:
        if value not in choices:
            raise BadPayload(f'"{name}" must be one of [{", ".join(choices)}]')
        return value

    return check


TEXT: Final = Part(_text)
TEXT_MAYBE: Final = Part(_text, required=False)
EMAIL: Final = Part(_email)
EMAILS: Final = Part(_emails)
UUID_: Final = Part(_uuid)
BOOLEAN_MAYBE: Final = Part(_boolean, required=False)
URI_MAYBE: Final = Part(_uri, required=False)
MODE: Final = Part(one_of("cookie", "json", "session"), required=False)  # how a credential is given
# A fresh proof of who asks: whoever signed on with a provider minutes ago needs no password.
PROOF: Final = {"password": TEXT_MAYBE}


def expect(body: object, parts: Mapping[str, Part]) -> dict[str, object]:
    """The body's values; BadPayload names the first key that is missing, wrong or not known."""
    given = an_object(body)
    taken: dict[str, object] = {}
    for name, part in parts.items():
        if given.get(name) is not None:
            taken[name] = part.check(name, given[name])
        elif part.required:
            refusal = NoPayload if body is None else BadPayload
            raise refusal(f'"{name}" is required')
    only(given, parts)
    return taken


def an_object(body: object, name: str = "value") -> Mapping[str, object]:
    """A body, or a part of one, that has to be an object; none at all is an empty one. Raises BadPayload."""
    if body is None:
        return {}
    if not isinstance(body, Mapping):
        raise BadPayload(f'"{name}" must be of type object')
    return body


def only(given: Mapping[str, object], names: Container[str], within: str = "") -> None:
    """Raises BadPayload for a key that is none of these; `within` is the path that leads to it."""
    for name in given:
        if name not in names:
            raise BadPayload(f'"{within}{name[:64]}" is not allowed')


def text_of(body: Mapping[str, object], name: str) -> str | None:
    """A text of a body that was checked; None where it was left out."""
    return str(body[name]) if name in body else None
