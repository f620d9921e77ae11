"""Holds a parsed filter against the schemas: names in their own spelling, values of the right type."""

from collections.abc import Collection
from typing import Final

from providers.scim.expression import (
    And,
    AttrPath,
    Comparison,
    Expression,
    Literals,
    Not,
    Or,
    Present,
    ValuePath,
)
from providers.scim.problems import InvalidFilter, shown
from providers.scim.schema import Attribute, ResourceType, Target
from providers.scim.tolerance import DEFAULT, Profile
from providers.scim.values import moment, storable, truth

_EQUALITY: Final = frozenset({"eq", "ne"})
_ORDER: Final = _EQUALITY | {"gt", "ge", "lt", "le"}
_TEXT: Final = _ORDER | {"co", "sw", "ew"}
# RFC 7644, 3.4.2.2, table 3: booleans and binaries have no order; parts of a text exist in texts only.
_OPERATORS: Final = {
    "string": _TEXT,
    "reference": _TEXT,
    "boolean": _EQUALITY,
    "binary": _EQUALITY,
    "integer": _ORDER,
    "decimal": _ORDER,
    "dateTime": _ORDER,
}


# What is true of nothing: no id is empty.
_NEVER: Final = Comparison(AttrPath("id"), "eq", "")


def bind(
    expression: Expression,
    resource_type: ResourceType,
    profile: Profile = DEFAULT,
    elsewhere: Collection[ResourceType] = (),
) -> Expression:
    """The filter of a query, ready to be looked up: `str(path)` is the canonical name of what it compares.

    A complex attribute that is compared stands for its `value` (`emails co "x"`, figure 2), a comparison
    with null becomes a presence, dates become `2011-05-13T04:42:34.000Z`. Raises InvalidFilter for names
    that no schema has, for what is never read (`password`), for an operator or value that the type refuses.
    What only one of the types `elsewhere` has is taken for an attribute without a value (3.4.2.1).
    """
    match expression:
        case And(terms) | Or(terms):
            kind = And if isinstance(expression, And) else Or
            return kind(tuple(bind(term, resource_type, profile, elsewhere) for term in terms))
        case Not(term):
            return Not(bind(term, resource_type, profile, elsewhere))
        case ValuePath(path) | Present(path) | Comparison(path) if _is_foreign(
            path, resource_type, profile, elsewhere
        ):
            return _without_value(expression)
        case ValuePath(path, chosen):
            target = _locate(path, resource_type, profile)
            return ValuePath(target.path, bind_values(chosen, target.attribute))
        case Present(path):
            return Present(_locate(path, resource_type, profile).path)
        case Comparison(path):
            return _compare(expression, _locate(path, resource_type, profile))


def bind_values(expression: Expression, attribute: Attribute) -> Expression:
    """What stands in square brackets behind `attribute`: its names are sub-attributes."""
    if attribute.type != "complex" or not attribute.multi_valued:
        raise InvalidFilter(
            f'"{attribute.name}" has one value only, so square brackets have nothing to choose from.'
        )
    match expression:
        case And(terms):
            return And(tuple(bind_values(term, attribute) for term in terms))
        case Or(terms):
            return Or(tuple(bind_values(term, attribute) for term in terms))
        case Not(term):
            return Not(bind_values(term, attribute))
        case ValuePath(path, _):
            raise InvalidFilter(f'"{shown(path)}" opens square brackets inside square brackets.')
        case Present(path):
            return Present(_within(path, attribute).path)
        case Comparison(path):
            return _compare(expression, _within(path, attribute))


def _is_foreign(
    path: AttrPath, resource_type: ResourceType, profile: Profile, elsewhere: Collection[ResourceType]
) -> bool:
    if not elsewhere or resource_type.locate(path, unqualified=profile.unqualified) is not None:
        return False
    found = (other.locate(path, unqualified=profile.unqualified) for other in elsewhere)
    return any(target is not None and target.leaf.returned != "never" for target in found)


def _without_value(asked: ValuePath | Present | Comparison) -> Expression:
    """What a term says of an attribute that has none: it is not equal to anything, and nothing else."""
    if isinstance(asked, Comparison) and asked.op == ("eq" if asked.value is None else "ne"):
        return Not(_NEVER)
    return _NEVER


def _locate(path: AttrPath, resource_type: ResourceType, profile: Profile) -> Target:
    target = resource_type.locate(path, unqualified=profile.unqualified)
    if target is None or target.leaf.returned == "never":
        raise InvalidFilter(f'"{shown(path)}" is not an attribute that a filter can ask about.')
    return target


def _within(path: AttrPath, attribute: Attribute) -> Target:
    sub = attribute.sub(path.name)
    if sub is None or path.sub or path.urn:
        raise InvalidFilter(f'"{shown(path)}" is not a sub-attribute of "{attribute.name}".')
    return Target(None, sub)


def _compare(asked: Comparison, target: Target) -> Expression:
    value = target.leaf.sub("value") if target.leaf.type == "complex" else None
    if value is not None:
        target = Target(target.extension, target.attribute, value)
    if target.leaf.type == "complex":
        raise InvalidFilter(
            f'"{target}" has parts; name one of them, as "{target}.{target.leaf.sub_attributes[0].name}".'
        )
    if asked.value is None:
        return _absence(asked, target)
    if asked.op not in _OPERATORS[target.leaf.type]:
        raise InvalidFilter(
            f'"{asked.op}" cannot be asked of "{target}", which is of the type {target.leaf.type}.'
        )
    return Comparison(target.path, asked.op, _typed(asked.value, target))


def _absence(asked: Comparison, target: Target) -> Expression:
    if asked.op not in _EQUALITY:
        raise InvalidFilter(f'"{target}" can be compared with null by eq and ne only.')
    return Not(Present(target.path)) if asked.op == "eq" else Present(target.path)


def _typed(value: Literals, target: Target) -> Literals:
    found: Literals = None
    match target.leaf.type:
        case "boolean":
            found = truth(value)
        case "integer" | "decimal":
            found = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "dateTime":
            found = moment(value) if isinstance(value, str) else None
        case _:
            found = value if isinstance(value, str) and storable(value) else None
    if found is None:
        raise InvalidFilter(
            f'The value that "{target}" is compared with is not of the type {target.leaf.type}.'
        )
    return found
