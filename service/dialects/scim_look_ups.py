"""Look-ups, as `userName eq "..."`: a provider asks one for each of its people, so each is read once.

What such a filter asks depends on the attribute alone; what is kept holds no text of anybody's.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from providers.scim import binding
from providers.scim import filter as filters
from providers.scim.expression import Comparison
from providers.scim.problems import ScimProblem
from providers.scim.schema import ResourceType
from providers.scim.tolerance import Profile
from service.dialects import scim_columns, scim_filters
from service.dialects.nodes import Node, Term
from service.dialects.scim_filters import Asked

_LONGEST: Final = 512  # characters of a filter that may be one
# Of printable text without a backslash this is what the grammar reads (RFC 7644, figure 1), and it is JSON.
_LOOK_UP: Final = re.compile(r' *([^ ()\[\]"]+) +eq +"([^"\\]*)" *', re.IGNORECASE)


class LookUp(msgspec.Struct, frozen=True):
    """A filter but for its text; `fitted` makes of that what the column is compared with."""

    where: Node
    fitted: Callable[[str], object]
    names: bool  # whether the text is a userName

    def of(self, text: str) -> Asked:
        """The filter with this text."""
        return Asked(self.where, [self.fitted(text)], by_key=True, name=text if self.names else None)


def read(text: str, profile: Profile, type_: ResourceType, *, everywhere: bool = False) -> Asked:
    """What a SCIM filter asks for, as `scim_filters.read` has it and with what that raises."""
    plain = len(text) <= _LONGEST and text.isprintable() and not everywhere
    found = _LOOK_UP.fullmatch(text) if plain else None
    if found is not None:
        known = _look_up(found[1], profile, type_)
        if known is not None:
            return known.of(found[2])
    return scim_filters.read(text, profile, type_, everywhere=everywhere)


@lru_cache(256)
def _look_up(name: str, profile: Profile, type_: ResourceType) -> LookUp | None:
    """The look-up by an attribute that is a column; None where the text decides more than whom it finds."""
    text = f'{name} eq ""'
    try:
        bound = binding.bind(filters.parse(text), type_, profile)
        asked = scim_filters.read(text, profile, type_)
    except ScimProblem:  # which whoever reads the filter itself tells
        return None
    where = asked.where
    if not (asked.by_key and isinstance(bound, Comparison) and isinstance(where, Term)):
        return None
    field = scim_filters.COLUMNS_OF[type_.name].get(str(bound.path))
    if field is None:
        return None
    return LookUp(where, scim_columns.fitted(field, exact=not where.folded), asked.name is not None)
