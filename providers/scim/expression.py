"""The parsed form of a filter (RFC 7644, 3.4.2.2): small frozen values, and the text that they came from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Comparator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
Literals: TypeAlias = str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class AttrPath:
    """`[urn:]name[.sub]`; as text it is what filters, paths and the `attributes` parameter call it."""

    name: str
    sub: str | None = None
    urn: str | None = None

    def __str__(self) -> str:
        prefix = f"{self.urn}:" if self.urn else ""
        return f"{prefix}{self.name}.{self.sub}" if self.sub else f"{prefix}{self.name}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path op value`; the value is a JSON literal."""

    path: AttrPath
    op: Comparator
    value: Literals

    def __str__(self) -> str:
        return f"{self.path} {self.op} {json.dumps(self.value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`."""

    path: AttrPath

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True, slots=True)
class Not:
    """`not (term)`."""

    term: "Expression"

    def __str__(self) -> str:
        return f"not ({self.term})"


@dataclass(frozen=True, slots=True)
class And:
    """Two or more terms joined by `and`."""

    terms: tuple["Expression", ...]

    def __str__(self) -> str:
        return " and ".join(f"({term})" if isinstance(term, And | Or) else str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more terms joined by `or`, which binds less than `and`."""

    terms: tuple["Expression", ...]

    def __str__(self) -> str:
        return " or ".join(f"({term})" if isinstance(term, Or) else str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[filter]`: one value of the attribute satisfies the whole filter."""

    path: AttrPath
    filter: "Expression"

    def __str__(self) -> str:
        return f"{self.path}[{self.filter}]"


Expression: TypeAlias = Comparison | Present | Not | And | Or | ValuePath


def mapped(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with something else in the place of each term that is not made of terms itself."""
    match expression:
        case And(terms) | Or(terms):
            return type(expression)(tuple(mapped(term, change) for term in terms))
        case Not(term):
            return Not(mapped(term, change))
        case _:
            return change(expression)


def size(expression: Expression | None) -> int:
    """How many conditions are asked."""
    match expression:
        case And(terms) | Or(terms):
            return sum(size(term) for term in terms)
        case Not(term) | ValuePath(_, term):
            return size(term)
        case None:
            return 0
        case _:
            return 1
