"""What SCIM lists are sorted by (RFC 7644, 3.4.2.3)."""

from typing import Final

import msgspec

from providers.scim.problems import InvalidPath, InvalidValue, shown
from providers.scim.schema import COMMON, ResourceType
from providers.scim.tokens import attr_path
from providers.scim.tolerance import Profile
from providers.scim.user import USER
from service.dialects.scim import EMAIL
from service.dialects.scim_attributes import DERIVED
from service.dialects.scim_filters import COLUMNS_OF

_SORTED_AS: Final = {"meta.location": "id"}  # they differ in that alone


class Order(msgspec.Struct, frozen=True):
    """What lists are sorted by: the canonical name of a column, or the names that lead to a value in the
    document; neither for the order in which resources came. `exact`: case counts. `part` is what counts of
    the primary value of several, else of their first."""

    column: str | None = None
    path: tuple[str, ...] = ()
    part: str | None = None
    exact: bool = False
    descending: bool = False


def order(sort_by: str | None, profile: Profile, type_: ResourceType, *, descending: bool) -> Order:
    """What `sortBy` says. Raises InvalidPath for what no schema knows, InvalidValue for what has no order."""
    if sort_by is None:
        return Order()
    named = attr_path(sort_by.strip())
    target = type_.locate(named, unqualified=profile.unqualified) if named else None
    if target is None:
        raise InvalidPath(f'"sortBy" names "{shown(sort_by)}", which no schema knows.')
    name, leaf = _SORTED_AS.get(str(target), str(target)), target.leaf
    if name == "meta.resourceType":  # which is the same everywhere
        return Order()
    column = EMAIL if type_ is USER and name in ("emails", "emails.value") else name
    field = COLUMNS_OF[type_.name].get(column)
    if field is not None and field.guard != "secret":
        return Order(column, exact=leaf.case_exact, descending=descending)
    several = target.attribute.multi_valued
    if several and leaf.type == "complex":  # `phoneNumbers` stands for `phoneNumbers.value`, as in filters
        leaf = leaf.sub("value") or leaf
    kept = target.attribute not in COMMON and target.attribute.name not in DERIVED
    if field is not None or not kept or leaf.type == "complex" or leaf.returned == "never":
        raise InvalidValue(f'Lists cannot be sorted by "{name}", which has no single value.')
    above = (target.extension.urn,) if target.extension else ()
    below = (target.sub.name,) if target.sub and not several else ()
    path, part = (*above, target.attribute.name, *below), leaf.name if several else None
    return Order(path=path, part=part, exact=leaf.case_exact, descending=descending)
