"""What a question asks for: the parameters of a GET (RFC 7644, 3.4.2), or the body of a .search (3.4.3)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from providers.scim.paging import FIRST_PAGE, Page, cursor_page, page
from providers.scim.problems import InvalidCursor, InvalidFilter, InvalidSyntax, InvalidValue
from providers.scim.projection import names
from providers.scim.tolerance import DEFAULT, Profile

SEARCH_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


class Search(msgspec.Struct, frozen=True):
    """`filter` is the text of one; `attributes`, `excluded` and `sort_by` are names as the client wrote them.

    `cursor` is None for pages by index, empty for the first page of those by cursor (RFC 9865, 2).
    `everywhere`: types are asked together, and what one of them lacks has no value there (3.4.2.1).
    """

    filter: str | None = None
    page: Page = FIRST_PAGE
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sort_by: str | None = None
    descending: bool = False
    cursor: str | None = None
    everywhere: bool = False

    def on(self, page: Page) -> "Search":
        """The same question to all types, for another page."""
        return msgspec.structs.replace(self, page=page, everywhere=True)


def of_parameters(given: Mapping[str, object]) -> Search:
    """The parameters behind a question mark; their names in any case, each at most once.

    A filter that is given twice is refused: to pass over it would answer with everybody, and an identity
    provider takes the first of an answer for the one that it asked about.
    """
    if not given:
        return _EVERYTHING
    known: dict[str, str] = {}
    for name, value in given.items():
        key = name.lower()
        if key not in _NAMES:
            continue
        if key in known or not isinstance(value, str):
            refused = InvalidFilter if key == "filter" else InvalidValue
            raise refused(f'The parameter "{_NAMES[key]}" has to be given once, as text.')
        known[key] = value
    return _search(known, names(known.get("attributes")), names(known.get("excludedattributes")))


def of_body(body: object, profile: Profile = DEFAULT) -> Search:
    """A SearchRequest. Raises InvalidSyntax, InvalidValue, InvalidFilter, InvalidCount, TooMany."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    members = {str(name).lower(): value for name, value in body.items() if value is not None}
    schemas = members.get("schemas")
    if schemas is None and not profile.missing_schemas:
        raise InvalidSyntax(f'"schemas" has to name {SEARCH_REQUEST}.')
    if schemas is not None and not (isinstance(schemas, list) and _holds(schemas, SEARCH_REQUEST)):
        raise InvalidSyntax(f'"schemas" has to name {SEARCH_REQUEST}.')
    asked = members.get("filter")
    if asked is not None and not isinstance(asked, str):
        raise InvalidFilter('"filter" has to be text.')
    known = {key: value for key in _TEXTS if (value := _text(members, key)) is not None}
    known |= {key: value for key in _NUMBERS if (value := _whole(members, _NAMES[key])) is not None}
    return _search(known, _listed(members, "attributes"), _listed(members, "excludedAttributes"))


def _search(known: Mapping[str, str], attributes: tuple[str, ...], excluded: tuple[str, ...]) -> Search:
    """What was given, each under its name in lower case."""
    cursor, start = known.get("cursor"), known.get("startindex")
    if cursor is not None and start is not None:
        raise InvalidValue('Use "cursor" or "startIndex", not both at once.')
    return Search(
        known.get("filter"),
        page(start, known.get("count")) if cursor is None else cursor_page(known.get("count")),
        attributes,
        excluded,
        known.get("sortby") or None,
        _descends(known.get("sortorder")),
        cursor,
    )


def _descends(order: str | None) -> bool:
    """RFC 7644, 3.4.2.3: ascending when nothing is said."""
    said = (order or "ascending").strip().lower()
    if said not in ("ascending", "descending"):
        raise InvalidValue('"sortOrder" has to be ascending or descending.')
    return said == "descending"


def _text(members: Mapping[str, object], key: str) -> str | None:
    value = members.get(key)
    if value is not None and not isinstance(value, str):
        raise (InvalidCursor if key == "cursor" else InvalidValue)(f'"{_NAMES[key]}" has to be text.')
    return value


def _holds(schemas: list[object], urn: str) -> bool:
    return any(isinstance(one, str) and one.lower() == urn.lower() for one in schemas)


def _whole(members: Mapping[str, object], name: str) -> str | None:
    """A whole number, or text that says one."""
    value = members.get(name.lower())
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue(f'"{name}" has to be a whole number.')
    return str(max(-1, min(value, 2**31)))


def _listed(members: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of names, or names in one text with commas."""
    value = members.get(name.lower(), [])
    texts = value if isinstance(value, list) else [value]
    given = [text for text in texts if isinstance(text, str)]
    if len(given) < len(texts):
        raise InvalidValue(f'"{name}" has to be a list of attribute names.')
    return names(",".join(given))


_NAMES: Final = {
    name.lower(): name
    for name in (
        *("filter", "startIndex", "count", "attributes", "excludedAttributes"),
        *("sortBy", "sortOrder", "cursor"),
    )
}
_TEXTS: Final = ("filter", "sortby", "sortorder", "cursor")
_NUMBERS: Final = ("startindex", "count")
_EVERYTHING: Final = Search()
