"""What the query string of a SCIM request asks for.

Providers ask the same of one person after another: but for the filter, what they ask is read once.
"""

from typing import Final
from urllib.parse import unquote

import msgspec

from providers.scim import search
from providers.scim.search import Search
from service.api import query_string
from service.api.query_string import MOST

_SHORT: Final = 512  # bytes of a query string that is worth remembering
_FILTER: Final = b"filter="
# These name attributes and numbers: no secret, and nobody's name.
_ALIKE: Final = frozenset(
    ("attributes", "excludedattributes", "startindex", "count", "sortby", "sortorder"),
)
_known: Final[dict[bytes, Search]] = {}


def read(raw: bytes) -> Search:
    """What is asked. Raises BadQuery, and what `search.of_parameters` does."""
    known = _known.get(raw)
    if known is not None:
        return known
    if len(raw) > _SHORT or b"+" in raw:
        return _read(raw)
    pieces = raw.split(b"&")
    filters = [piece for piece in pieces if piece.startswith(_FILTER)]
    if not filters:
        return _alike(raw) or _read(raw)
    try:
        text = unquote(filters[0][len(_FILTER) :].decode("ascii"), errors="strict")
    except ValueError:
        return _read(raw)
    asked = _alike(b"&".join(piece for piece in pieces if piece is not filters[0]))
    return _read(raw) if asked is None else msgspec.structs.replace(asked, filter=text)


def _alike(raw: bytes) -> Search | None:
    """What may be asked of many people; None where anything else is said."""
    found = _known.get(raw)
    if found is None:
        given = query_string.read(raw)
        if not _ALIKE.issuperset(map(str.lower, given)):
            return None
        found = search.of_parameters(given)
        if len(_known) >= MOST:
            _known.clear()
        _known[raw] = found
    return found


def _read(raw: bytes) -> Search:
    # Who writes spaces as %20 means a plus by `+`, as RFC 3986 does, and not the space of HTML forms: to read
    # `anna+test@example.com` with a space in it would answer that there is no such user.
    if b"+" in raw and b"%20" in raw:
        raw = raw.replace(b"+", b"%2B")
    return search.of_parameters(query_string.read(raw))
