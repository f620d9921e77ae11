"""A filter object of the REST languages, read into a shape and its values."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from service.database.case import sought
from service.dialects import paths
from service.dialects.fields import TYPES, Field, Language
from service.dialects.nodes import Node, Some, joined
from service.dialects.operators import Operator, spoken
from service.dialects.places import Asked, Place
from service.dialects.relations import Relation, relations
from service.dialects.values import operand, truth
from service.dialects.variables import Variables
from service.users.model import Kind
from service.users.problems import BadQuery
from service.users.rows import fold

MOST_TERMS: Final = 500
DEEPEST: Final = 20
_LONGEST: Final = 1000  # letters of a text that is sought without regard to case
_JOINS: Final[Mapping[str, Literal["and", "or"]]] = {"_and": "and", "_or": "or"}
# Equality of names that ignore case looks at the folded column, which has the index.
BY_KEY: Final = frozenset({"eq", "neq", "in", "nin"})


class Reader:
    """Walks one filter; `values` grows in the order of the walk."""

    def __init__(
        self, language: Language, collection: str, variables: Variables, most: int = MOST_TERMS
    ) -> None:
        self._most = most
        self._operators = spoken(language)
        self._language = language
        self._home = Place(collection)
        self._variables = variables
        self.terms = 0  # so far
        self.values: list[object] = []

    def read(self, given: object) -> Node | None:
        """None for a filter that asks nothing, as `{}` and `{"_and": []}` do."""
        return self._all(given, self._home, 0)

    def _all(self, given: object, place: Place, depth: int) -> Node | None:
        if not isinstance(given, Mapping):
            raise BadQuery("A filter has to be an object")
        if depth > DEEPEST:
            raise BadQuery(f"A filter nests at most {DEEPEST} levels")
        nodes = [self._entry(str(key), value, place, depth) for key, value in given.items()]
        return joined("and", nodes)

    def _entry(self, key: str, value: object, place: Place, depth: int) -> Node | None:
        if how := _JOINS.get(key):
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise BadQuery(f'"{key}" takes a list of filters')
            return joined(how, [self._all(part, place, depth + 1) for part in value])
        word, function = paths.call(key)
        relation = relations(self._language, place.collection).get(word)
        if relation is not None and relation.many and function is None:
            return self._many(relation, value, place, depth)
        kind = paths.kind_of(self._language, place.collection, word, function)
        if kind is None:
            raise BadQuery(f'Invalid filter key "{key[:64]}" on "{place.collection}"')
        if relation is not None and function is None and isinstance(value, Mapping):
            return self._related(relation, kind, value, place, depth)
        return self._terms_of(Asked(place, word, function, kind), value)

    def _related(
        self, relation: Relation, kind: Kind, given: Mapping[str, object], place: Place, depth: int
    ) -> Node | None:
        """Operators ask of the key itself; anything else, of the row that it leads to."""
        asked = Asked(place, relation.word, None, kind)
        own = {name: value for name, value in given.items() if name in self._operators}
        there = {name: value for name, value in given.items() if name not in self._operators}
        nodes: list[Node | None] = [self._terms_of(asked, own)] if own else []
        if there:
            nodes.append(self._all(there, place.through(relation), depth + 1))
        return joined("and", nodes)

    def _many(self, relation: Relation, given: object, place: Place, depth: int) -> Node | None:
        """`_some` and `_none` stand directly on a relation to many; without either, some is meant."""
        if not isinstance(given, Mapping):
            raise BadQuery(f'"{relation.word}" is a relation to many: it takes a filter')
        there = place.through(relation)
        nodes: list[Node | None] = []
        plain = {name: value for name, value in given.items() if name not in ("_some", "_none")}
        for name, part in (
            *((name, given[name]) for name in ("_some", "_none") if name in given),
            ("", plain),
        ):
            if name or plain:
                self._count()
                inner = self._all(part, there, depth + 1)
                nodes.append(Some(relation.word, inner, name == "_none", place.relations))
        return joined("and", nodes)

    def _terms_of(self, asked: Asked, given: object) -> Node | None:
        terms = given if isinstance(given, Mapping) else {"_eq": given}
        return joined("and", [self._term(asked, str(name), value) for name, value in terms.items()])

    def _operator(self, asked: Asked, name: str) -> Operator:
        operator = self._operators.get(name)
        if operator is None:
            raise BadQuery(f'Invalid filter operator "{name[:64]}" on "{asked.word[:64]}"')
        return operator

    def _count(self) -> None:
        self.terms += 1
        if self.terms > self._most:
            raise BadQuery(f"A filter holds at most {self._most} conditions")

    def _term(self, asked: Asked, name: str, given: object) -> Node:
        operator, field = self.fitting(asked, name)
        named, first = self._operands(field, asked.kind, operator, given)
        return asked.term(field, named, first)

    def fitting(self, asked: Asked, name: str) -> tuple[Operator, Field | None]:
        """The operator of this name, and the field that it is asked of. Raises BadQuery."""
        self._count()
        operator = self._operator(asked, name)
        if asked.kind not in operator.kinds:
            kind = TYPES.get(asked.kind, asked.kind)
            raise BadQuery(f'"{kind}" field type does not contain the "{name[:64]}" filter operator')
        return operator, paths.field_of(self._language, asked.place.collection, asked.word)

    def _operands(
        self, field: Field | None, kind: Kind, operator: Operator, given: object
    ) -> tuple[str, int]:
        """The name of the operator that is meant, and the number of its first value."""
        first = len(self.values)
        if operator.operand == "none":
            return _presence(operator, self._truth(given)), first
        if operator.operand == "one":
            value = self._operand(field, kind, given)
            self.values.extend(_sought(value) if operator.folds else [_keyed(field, operator, value)])
            return operator.name, first
        items = [part.strip() for part in given.split(",")] if isinstance(given, str) else given
        word = operator.words.get(self._language, operator.name)
        if not isinstance(items, Sequence) or not items:
            raise BadQuery(f'"{word}" takes a list with at least one value')
        values = [_keyed(field, operator, self._operand(field, kind, item)) for item in items]
        if operator.operand == "two":
            if len(values) != 2:
                raise BadQuery(f'"{word}" takes two values')
            self.values.extend(values)
        else:
            self.values.append(values)
        return operator.name, first

    def _truth(self, given: object) -> bool:
        return truth(given)

    def _operand(self, field: Field | None, kind: Kind, given: object) -> object:
        """A value to compare with, in our own words as bodies are."""
        value = operand(kind, self._variables.fill(given))
        dump = field.cells[self._language].dump if field and field.kind == kind else None
        return value if dump is None or value is None else dump(value)


def _presence(operator: Operator, asked: bool) -> str:
    names = ("null", "nnull") if operator.name.endswith("null") else ("empty", "nempty")
    return names[0] if asked == (operator.name in ("null", "empty")) else names[1]


def _keyed(field: Field | None, operator: Operator, value: object) -> object:
    keyed = field is not None and field.key and operator.name in BY_KEY
    return fold(value) if keyed and isinstance(value, str) else value


def _sought(value: object) -> Sequence[object]:
    """The value and the letters that have to be folded for it to be found."""
    if not isinstance(value, str):
        return (None, "", "")
    if len(value) > _LONGEST:
        raise BadQuery(f"A text of more than {_LONGEST} letters cannot be looked for in any case")
    return sought(value)
