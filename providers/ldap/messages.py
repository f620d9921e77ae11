"""LDAP's messages (RFC 4511 section 4): the requests that we send, and what comes back.

A filter is never a text here: the value that a person typed travels as a value, so that there is nothing in
it to escape.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from providers.ldap import ber
from providers.ldap.ber import Element, Malformed, element, integer, text

BIND, BOUND = 0x60, 0x61
SEARCH, ENTRY, DONE, REFERENCE = 0x63, 0x64, 0x65, 0x73
EXTEND, EXTENDED = 0x77, 0x78

SUCCESS, SIZE_EXCEEDED, REFERRAL, NO_SUCH_OBJECT = 0, 4, 10, 32
_START_TLS = b"1.3.6.1.4.1.1466.20037"  # section 4.14

Scope = Literal["base", "one", "sub"]
_SCOPES: dict[Scope, int] = {"base": 0, "one": 1, "sub": 2}


class Entry(Struct, frozen=True):
    """Something in the directory; the names of its attributes are in lower case."""

    dn: str
    attributes: dict[str, list[bytes]]


class Result(NamedTuple):
    """How an operation ended (section 4.1.9)."""

    code: int
    said: str


def message(number: int, operation: bytes) -> bytes:
    """A request on its way."""
    return element(ber.SEQUENCE, integer(number), operation)


def bind(dn: str, password: str) -> bytes:
    """The simple bind of section 4.2."""
    return element(BIND, integer(3), text(dn), element(0x80, password.encode()))


def start_tls() -> bytes:
    """From here on in TLS."""
    return element(EXTEND, element(0x80, _START_TLS))


def search(base: str, scope: Scope, attribute: str, value: str, wanted: list[str], most: int) -> bytes:
    """The entries whose attribute has this very value, at most so many; aliases are not followed."""
    return element(
        SEARCH,
        text(base),
        integer(_SCOPES[scope], ber.ENUMERATED),
        integer(0, ber.ENUMERATED),
        integer(most),
        integer(4),  # seconds that the directory may take
        ber.FALSE,
        element(0xA3, text(attribute), text(value)),  # equalityMatch
        element(ber.SEQUENCE, *map(text, wanted)),
    )


def open_message(data: bytes) -> tuple[int, Element]:
    """A message's number and its operation. Raises Malformed."""
    match ber.read_all(data):
        case [Element() as first, Element() as operation, *_]:
            return ber.number(first), operation
    raise Malformed("no message")


def result(operation: Element) -> Result:
    """The end of an operation. Raises Malformed."""
    match ber.read_all(operation.inside):
        case [Element() as code, Element(), Element() as said, *_]:
            return Result(ber.number(code), said.inside.decode(errors="replace"))
    raise Malformed("no result")


def entry(operation: Element) -> Entry:
    """A found entry. Raises Malformed, and UnicodeDecodeError for a name that is not UTF-8."""
    match ber.read_all(operation.inside):
        case [Element(ber.TEXT, dn), Element(ber.SEQUENCE, listed)]:
            pairs = map(_attribute, ber.read_all(listed))
            return Entry(dn.decode(), dict(pairs))
    raise Malformed("no entry")


def _attribute(found: Element) -> tuple[str, list[bytes]]:
    match ber.read_all(found.inside):
        case [Element(ber.TEXT, name), Element(ber.SET, values)]:
            return name.decode().lower(), [one.inside for one in ber.read_all(values)]
    raise Malformed("no attribute")
