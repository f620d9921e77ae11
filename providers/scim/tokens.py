"""Cuts a filter or path into pieces, and an attribute path into its parts (RFC 7644, 3.4.2.2, figure 1)."""

import re
from typing import Literal, NamedTuple, cast

from providers.scim.expression import AttrPath

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>"[^"\\]*(?:\\.[^"\\]*)*")
          | (?P<mark>[()\[\]])
          | (?P<word>[^\s()\[\]"]+)
          | (?P<end>$) )""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"([A-Za-z$][A-Za-z0-9$_-]*)(?:\.([A-Za-z$][A-Za-z0-9$_-]*))?")

Kind = Literal["string", "mark", "word", "end"]


class Token(NamedTuple):
    """A piece of the text and where it began, counted from 0."""

    kind: Kind
    text: str
    start: int


def scan(text: str, start: int) -> Token | None:
    """The piece that begins at `start` or behind the spaces there; None where a quoted text has no end."""
    found = _TOKEN.match(text, start)
    kind = cast("Kind", found.lastgroup) if found else "end"
    return Token(kind, found[kind], found.start(kind)) if found else None


def attr_path(text: str) -> AttrPath | None:
    """`[urn:]name[.sub]`, or None: the URN ends at the last colon, so the dot in `2.0` is not a separator."""
    urn, _, rest = text.rpartition(":")
    found = _NAME.fullmatch(rest)
    return AttrPath(found[1], found[2], urn or None) if found else None
