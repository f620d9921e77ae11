"""A filter object of the REST languages, read into a shape (hashable, without values) and its values."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from service.dialects.fields import Field, Language
from service.dialects.operators import Operator, spoken
from service.dialects.values import operand, truth
from service.users.problems import BadQuery
from service.users.rows import fold


class Term(msgspec.Struct, frozen=True):
    """One condition: the field and operator by our own names, and the number of its first value.

    `folded`: upper and lower case are one, and the value has been folded already.
    """

    field: str
    operator: str
    first: int
    folded: bool = False


class Joined(msgspec.Struct, frozen=True):
    """Conditions of which all or any have to hold."""

    how: Literal["and", "or"]
    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True):
    """A condition that must not hold."""

    part: "Node"


Node = Term | Joined | Not

MOST_TERMS: Final = 500
DEEPEST: Final = 20
_JOINS: Final[Mapping[str, Literal["and", "or"]]] = {"_and": "and", "_or": "or"}
# Equality of names that ignore case looks at the folded column, which has the index.
BY_KEY: Final = frozenset({"eq", "neq", "in", "nin"})


class Reader:
    """Walks one filter; `values` grows in the order of the walk."""

    def __init__(self, language: Language, fields: Mapping[str, Field], collection: str) -> None:
        self._operators = spoken(language)
        self._fields = fields
        self._collection = collection
        self._terms = 0
        self.values: list[object] = []

    def read(self, given: object, depth: int = 0) -> Node | None:
        """None for a filter that asks nothing, as `{}` and `{"_and": []}` do."""
        if not isinstance(given, Mapping):
            raise BadQuery("A filter has to be an object")
        if depth > DEEPEST:
            raise BadQuery(f"A filter nests at most {DEEPEST} levels")
        parts = [node for key, value in given.items() if (node := self._entry(str(key), value, depth))]
        return self._join("and", parts)

    def _join(self, how: Literal["and", "or"], parts: Sequence[Node]) -> Node | None:
        if len(parts) < 2:
            return parts[0] if parts else None
        return Joined(how, tuple(parts))

    def _entry(self, key: str, value: object, depth: int) -> Node | None:
        if joined := _JOINS.get(key):
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise BadQuery(f'"{key}" takes a list of filters')
            nodes = [node for part in value if (node := self.read(part, depth + 1))]
            return self._join(joined, nodes)
        field = self._fields.get(key)
        if field is None:
            raise BadQuery(f'Invalid filter key "{key[:64]}" on "{self._collection}"')
        terms = value if isinstance(value, Mapping) else {"_eq": value}
        return self._join("and", [self._term(field, str(name), given) for name, given in terms.items()])

    def _term(self, field: Field, name: str, given: object) -> Node:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise BadQuery(f"A filter holds at most {MOST_TERMS} conditions")
        operator = self._operators.get(name)
        if operator is None:
            raise BadQuery(f'Invalid filter operator "{name[:64]}"')
        if field.kind not in operator.kinds:
            raise BadQuery(f'"{field.kind}" field type does not contain the "{name[:64]}" filter operator')
        return self._bound(field, operator, given)

    def _bound(self, field: Field, operator: Operator, given: object) -> Node:
        first = len(self.values)
        if operator.operand == "none":
            positive = operator.name in ("null", "empty")
            asked = truth(given)
            names = ("null", "nnull") if operator.name.endswith("null") else ("empty", "nempty")
            return Term(field.name, names[0] if asked == positive else names[1], first)
        if operator.operand == "one":
            self.values.append(self._folded(field, operator, operand(field.kind, given)))
            return Term(field.name, operator.name, first)
        items = given.split(",") if isinstance(given, str) else given
        if not isinstance(items, Sequence) or not items:
            raise BadQuery(
                f'"{operator.words.get("rest10", operator.name)}" takes a list with at least one value'
            )
        values = [self._folded(field, operator, operand(field.kind, item)) for item in items]
        if operator.operand == "two":
            if len(values) != 2:
                raise BadQuery(f'"{operator.words.get("rest10", operator.name)}" takes two values')
            self.values.extend(values)
        else:
            self.values.append(values)
        return Term(field.name, operator.name, first)

    def _folded(self, field: Field, operator: Operator, value: object) -> object:
        return fold(value) if field.key and operator.name in BY_KEY and isinstance(value, str) else value
