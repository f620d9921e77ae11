"""What SCIM filters ask of attributes without a column: those in a user's document, members and groups."""

from collections.abc import Mapping
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
from providers.scim.problems import InvalidFilter
from providers.scim.schema import COMMON, Attribute, ResourceType, Target
from service.database.case import sought
from service.dialects import nodes
from service.dialects.nodes import Among, Held, Joined, Node
from service.dialects.operators import spoken

NOT_ASKED: Final = "is nothing that a filter can ask about here"
DERIVED: Final = frozenset({"groups", "members"})
_OPERATORS: Final[Mapping[str, str]] = {word: operator.name for word, operator in spoken("scim").items()}
_FOLDING: Final[Mapping[str, str]] = {
    "eq": "ieq",
    "ne": "ineq",
    "co": "icontains",
    "sw": "istarts_with",
    "ew": "iends_with",
}


def folded(text: str) -> str:
    """As the databases' lower() folds it, which knows only ASCII, as the one of bytes does."""
    return text.encode().lower().decode()


class Attributes:
    """Turns terms of one filter into conditions; their values are kept in the order of the binds."""

    def __init__(self, type_: ResourceType) -> None:
        self.type = type_
        self.values: list[object] = []

    def keep(self, value: object) -> int:
        """The place of a value."""
        self.values.append(value)
        return len(self.values) - 1

    def asked(self, op: str, value: object, *, exact: bool) -> tuple[str, int, bool]:
        """Our name of an operator, the place of its first value, and whether the databases' lower() does for
        its case: it is quick, and knows only ASCII. Other letters are folded each by itself."""
        if exact or not isinstance(value, str):
            return _OPERATORS[op], self.keep(value), False
        if value.isascii() or op not in _FOLDING:
            return _OPERATORS[op], self.keep(folded(value)), True
        first, *_ = map(self.keep, sought(value))
        return _FOLDING[op], first, False

    def present(self, asked: Present) -> Node:
        """Whether the attribute has a value."""
        target, path = self._located(asked.path)
        if not target.attribute.multi_valued:
            return Held(path, "nnull", 0)
        return Among(path, Held((target.sub.name,), "nnull", 0) if target.sub else None)

    def compare(self, asked: Comparison) -> Node:
        """Whether the value, or one of several, compares so."""
        target, path = self._located(asked.path)
        if not target.attribute.multi_valued:
            return self._held(path, target.leaf, asked.op, asked.value)
        if target.sub is None:
            raise InvalidFilter(f'"{asked.path}" {NOT_ASKED}.')
        # Of several values none may be equal (RFC 7644, 3.4.2.2, has one rule for eq: any of them).
        op = "eq" if asked.op == "ne" else asked.op
        found = Among(path, self._held((target.sub.name,), target.leaf, op, asked.value))
        return nodes.Not(found) if asked.op == "ne" else found

    def chosen(self, term: ValuePath) -> Node:
        """Whether one of the values satisfies the whole filter."""
        target, path = self._located(term.path)
        return Among(path, self._within(term.filter, target.attribute))

    def _located(self, path: AttrPath) -> tuple[Target, tuple[str, ...]]:
        """The attribute, and where it is in a document: names, the sub-attribute only of a single value."""
        target = self.type.locate(path)
        derived = target is not None and target.attribute.name in DERIVED
        if target is None or target.attribute in COMMON or (derived and path.sub == "$ref"):
            raise InvalidFilter(f'"{path}" {NOT_ASKED}.')
        names = [target.extension.urn] if target.extension else []
        names.append(target.attribute.name)
        if target.sub is not None and not target.attribute.multi_valued:
            names.append(target.sub.name)
        return target, tuple(names)

    def _within(self, asked: Expression, attribute: Attribute) -> Node:
        match asked:
            case And(terms) | Or(terms):
                parts = tuple(self._within(term, attribute) for term in terms)
                return Joined("and" if isinstance(asked, And) else "or", parts)
            case Not(term):
                return nodes.Not(self._within(term, attribute))
            case Present(path):
                return Held((self._sub(path, attribute).name,), "nnull", 0)
            case Comparison(path, op, value):
                sub = self._sub(path, attribute)
                return self._held((sub.name,), sub, op, value)
            case ValuePath():
                raise InvalidFilter(f'"{asked.path}" opens square brackets inside square brackets.')

    def _sub(self, path: AttrPath, attribute: Attribute) -> Attribute:
        sub = attribute.sub(path.name)
        if sub is None or (attribute.name in DERIVED and sub.name == "$ref"):
            raise InvalidFilter(f'"{attribute.name}.{path}" {NOT_ASKED}.')
        return sub

    def _held(self, path: tuple[str, ...], leaf: Attribute, op: str, value: Literals) -> Node:
        if leaf.type == "boolean":
            return self._flag(path, leaf, op, wanted=value is True)
        operator, first, lowered = self.asked(op, value, exact=leaf.case_exact)
        found = Held(path, operator, first, folded=lowered)
        return Joined("or", (found, Held(path, "null", 0))) if op == "ne" else found

    def _flag(self, path: tuple[str, ...], leaf: Attribute, op: str, *, wanted: bool) -> Node:
        """What is not said to be primary is not (RFC 7643, 2.4)."""
        if leaf.name == "primary":
            found = Held(path, "eq", self.keep("true"))
            return found if wanted == (op == "eq") else nodes.Not(found)
        found = Held(path, "eq", self.keep("true" if wanted else "false"))
        return nodes.Not(found) if op == "ne" else found
