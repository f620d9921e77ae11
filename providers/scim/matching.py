"""Tells whether a resource, or one value of a multi-valued attribute, satisfies a bound filter."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.scim.expression import And, AttrPath, Comparison, Expression, Not, Or, Present, ValuePath
from providers.scim.resource import extended
from providers.scim.schema import Attribute, Resource, ResourceType, Target, Value
from providers.scim.values import moment

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def comparable(attribute: Attribute, value: Value) -> Value:
    """The value as filters compare it (RFC 7643, 7: caseExact)."""
    if not isinstance(value, str):
        return value
    if attribute.type == "dateTime":
        return moment(value)
    return value if attribute.case_exact else value.casefold()


def matches(expression: Expression, entry: Value, attribute: Attribute) -> bool:
    """Whether `entry`, one value of `attribute`, satisfies the filter that `binding.bind_values` made fit."""
    match expression:
        case And(terms):
            return all(matches(term, entry, attribute) for term in terms)
        case Or(terms):
            return any(matches(term, entry, attribute) for term in terms)
        case Not(term):
            return not matches(term, entry, attribute)
        case Present(path):
            return isinstance(entry, dict) and entry.get(path.name) is not None
        case Comparison():
            return _compare(expression, entry, attribute)
        case ValuePath():
            return False


def _compare(asked: Comparison, entry: Value, attribute: Attribute) -> bool:
    sub = attribute.sub(asked.path.name)
    found = entry.get(asked.path.name) if isinstance(entry, dict) else None
    if sub is None:
        return False
    if found is None and sub.name == "primary":
        found = False  # RFC 7643, 2.4: what is not said to be primary is not
    if asked.op == "ne":
        return found is None or comparable(sub, found) != comparable(sub, asked.value)
    return found is not None and _holds(asked.op, comparable(sub, found), comparable(sub, asked.value))


def _holds(op: str, found: Value, asked: Value) -> bool:
    # What is stored may have been written by somebody who knows no schema.
    return isinstance(found, str) == isinstance(asked, str) and _COMPARE[op](found, asked)


def satisfies(resource: Resource, expression: Expression, resource_type: ResourceType) -> bool:
    """Whether a resource satisfies the filter that `binding.bind` made fit; of several values one has to."""
    match expression:
        case And(terms) | Or(terms):
            together = all if isinstance(expression, And) else any
            return together(satisfies(resource, term, resource_type) for term in terms)
        case Not(term):
            return not satisfies(resource, term, resource_type)
        case ValuePath(path, chosen):
            target, values = _held(resource, path, resource_type)
            return any(matches(chosen, value, target.attribute) for value in values)
        case Present(path):
            return bool(_held(resource, path, resource_type)[1])
        case Comparison(path, op, value):
            target, values = _held(resource, path, resource_type)
            asked, found = comparable(target.leaf, value), (comparable(target.leaf, one) for one in values)
            return asked not in found if op == "ne" else any(_holds(op, one, asked) for one in found)


def _held(resource: Resource, path: AttrPath, resource_type: ResourceType) -> tuple[Target, list[Value]]:
    """What the path names, and its values in the resource, none of them null."""
    target = resource_type.locate(path)
    if target is None:
        raise KeyError(str(path))
    value = extended(resource, target.extension).get(target.attribute.name)
    values = value if isinstance(value, list) else [value]
    if target.sub is not None:
        values = [one.get(target.sub.name) if isinstance(one, dict) else None for one in values]
    return target, [one for one in values if one is not None]
