"""Tells whether a value of a multi-valued attribute satisfies a bound filter: the brackets of a path."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.scim.expression import And, Comparison, Expression, Not, Or, Present, ValuePath
from providers.scim.schema import Attribute, Value
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
    return found is not None and _COMPARE[asked.op](comparable(sub, found), comparable(sub, asked.value))
