"""LDAP's encoding, BER with definite lengths (RFC 4511 section 5.1): a tag, a length, and what is inside."""

from typing import NamedTuple

INTEGER, TEXT, ENUMERATED, SEQUENCE, SET = 0x02, 0x04, 0x0A, 0x30, 0x31
FALSE = b"\x01\x01\x00"


class Malformed(ValueError):
    """These bytes are not what they were said to be."""


class Element(NamedTuple):
    """One value: what is inside a constructed one is `read_all(inside)`."""

    tag: int
    inside: bytes


def element(tag: int, *parts: bytes) -> bytes:
    """A value of these parts."""
    inside = b"".join(parts)
    size = len(inside)
    if size < 0x80:
        return bytes((tag, size)) + inside
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + inside


def integer(number: int, tag: int = INTEGER) -> bytes:
    """A whole number that is not negative."""
    return element(tag, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def text(value: str) -> bytes:
    """An octet string of UTF-8."""
    return element(TEXT, value.encode())


def measure(data: bytes) -> tuple[int, int] | None:
    """Where the inside of the first element begins and how long it is; None while bytes are missing.

    Raises Malformed for a length that is indefinite, or beyond 2**32.
    """
    if len(data) < 2:
        return None
    if data[1] < 0x80:
        return 2, data[1]
    more = data[1] & 0x7F
    if not 1 <= more <= 4:
        raise Malformed("a length that LDAP does not have")
    return (2 + more, int.from_bytes(data[2 : 2 + more], "big")) if len(data) >= 2 + more else None


def read_all(data: bytes) -> list[Element]:
    """Every element that stands in these bytes, one behind the other. Raises Malformed."""
    found, at = [], 0
    while at < len(data):
        size = measure(data[at : at + 6])
        if size is None or at + sum(size) > len(data):
            raise Malformed("an element is cut off")
        start = at + size[0]
        found.append(Element(data[at], data[start : start + size[1]]))
        at = start + size[1]
    return found


def number(found: Element) -> int:
    """The whole number in an INTEGER or an ENUMERATED. Raises Malformed."""
    if found.tag not in {INTEGER, ENUMERATED} or not 1 <= len(found.inside) <= 8:
        raise Malformed("no whole number")
    return int.from_bytes(found.inside, "big", signed=True)
