"""References in SCIM filters: what asks of an address asks of the resource that is there.

Addresses are made when a resource is answered, by where the client has asked; kept are ids. Of an address the
type and the id count, as a reference may be relative (RFC 7643, 2.3.7).
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from providers.scim.expression import (
    And,
    AttrPath,
    Comparison,
    Expression,
    Literals,
    Not,
    Present,
    ValuePath,
    mapped,
)
from providers.scim.group import GROUP
from providers.scim.schema import ResourceType
from providers.scim.user import USER

_TYPES: Final[Mapping[str, str]] = {type_.endpoint[1:]: type_.name for type_ in (USER, GROUP)}
_ADDRESS: Final = re.compile(rf"(?:.*/)?({'|'.join(_TYPES)})/([^/?#]+)", re.DOTALL)
_REFERRING: Final = ("groups", "members")  # whose `$ref` follows from `value`
_LOCATION: Final = AttrPath("meta", "location")
_NOBODY: Final = ("", "")  # no type has this name, no resource this id


def resolved(asked: Expression, type_: ResourceType) -> Expression:
    """A bound filter that asks for ids in the place of addresses, as far as eq, ne and pr ask of them."""
    return mapped(asked, partial(_resolved, type_))


def _resolved(type_: ResourceType, asked: Expression) -> Expression:
    match asked:
        case ValuePath(path, chosen) if path.name in _REFERRING:
            return ValuePath(path, _flat(mapped(chosen, partial(_within, path.name))))
        case Present(AttrPath(name, "$ref")) if name in _REFERRING:
            return Present(AttrPath(name, "value"))
        case Comparison(AttrPath(name, "$ref"), "eq" | "ne" as op, value) if name in _REFERRING:
            return _asked(op, ValuePath(AttrPath(name), _leads_to(value, name)))
        case Comparison(path, "eq" | "ne" as op, value) if path == _LOCATION:
            named, id_ = _target(value)
            return Comparison(AttrPath("id"), op, id_ if named == type_.name else "")
    return Present(AttrPath("id")) if asked == Present(_LOCATION) else asked


def _within(name: str, asked: Expression) -> Expression:
    """What stands in square brackets."""
    match asked:
        case Present(AttrPath("$ref")):
            return Present(AttrPath("value"))
        case Comparison(AttrPath("$ref"), "eq" | "ne" as op, value):
            return _asked(op, _leads_to(value, name))
        case _:
            return asked


def _asked(op: str, found: Expression) -> Expression:
    return found if op == "eq" else Not(found)


def _flat(chosen: Expression) -> Expression:
    """With all that is joined by `and` side by side, where an index looks for the value."""
    if not isinstance(chosen, And):
        return chosen
    terms = (term.terms if isinstance(term, And) else (term,) for term in chosen.terms)
    return And(tuple(one for inner in terms for one in inner))


def _leads_to(address: Literals, name: str) -> Expression:
    """That an entry is the one with this address; groups are all that users are in."""
    type_, id_ = _target(address)
    if name == "groups":
        return Comparison(AttrPath("value"), "eq", id_ if type_ == GROUP.name else "")
    named = Comparison(AttrPath("type"), "eq", type_)
    return And((Comparison(AttrPath("value"), "eq", id_), named))


def _target(address: Literals) -> tuple[str, str]:
    """The type and the id that an address leads to."""
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    return (_TYPES[found[1]], found[2]) if found else _NOBODY
