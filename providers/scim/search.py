"""What a question asks for: the parameters of a GET (RFC 7644, 3.4.2), or the body of a .search (3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from providers.scim.paging import FIRST_PAGE, Page, page
from providers.scim.problems import InvalidFilter, InvalidSyntax, InvalidValue
from providers.scim.projection import names
from providers.scim.tolerance import DEFAULT, Profile

SEARCH_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@dataclass(frozen=True, slots=True)
class Search:
    """`filter` is the text of one; `attributes` and `excluded` are names as the client wrote them."""

    filter: str | None = None
    page: Page = FIRST_PAGE
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def on(self, page: Page) -> "Search":
        """The same question for another page."""
        return replace(self, page=page)


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
    return Search(
        known.get("filter"),
        page(known.get("startindex"), known.get("count")),
        names(known.get("attributes")),
        names(known.get("excludedattributes")),
    )


def of_body(body: object, profile: Profile = DEFAULT) -> Search:
    """A SearchRequest. Raises InvalidSyntax, InvalidValue, InvalidFilter, TooMany."""
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
    return Search(
        asked,
        page(_whole(members, "startIndex"), _whole(members, "count")),
        _listed(members, "attributes"),
        _listed(members, "excludedAttributes"),
    )


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
    name.lower(): name for name in ("filter", "startIndex", "count", "attributes", "excludedAttributes")
}
_EVERYTHING: Final = Search()
