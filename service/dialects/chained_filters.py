"""Filters of the 8 generation: conditions in a row, each joined to those before it by `and` or `or`.

`filter[role.name][eq]=Editor`, `filter[title][logical]=or`; several operators of one field hold together, or
with `logical=or` any of them. The documented operators are in the table; those of relations to many are here.
"""

from collections.abc import Mapping
from typing import Final, Literal

from service.dialects import paths
from service.dialects.fields import Field
from service.dialects.filters import Reader
from service.dialects.functions import COUNT
from service.dialects.nodes import Node, Some, Term, joined
from service.dialects.operators import Operator
from service.dialects.places import Asked, Place
from service.dialects.relations import Relation, relations
from service.dialects.values import operand
from service.users.model import Kind
from service.users.numbers import Number
from service.users.problems import BadQuery, UnknownFilter

How = Literal["and", "or"]
_IGNORED_EMPTY: Final = frozenset({"contains", "ncontains"})
_COUNTED: Final = {"has": "gte", "nhas": "lt"}
MOST_WILD: Final = 5  # `%` of one pattern: each may make the text be walked once more


class ChainedReader(Reader):
    """Reads one filter object, whose order counts."""

    def read(self, given: object) -> Node | None:
        """None for a filter that asks nothing."""
        if not isinstance(given, Mapping):
            raise BadQuery("A filter has to be an object")
        chain: Node | None = None
        for path, asked in given.items():
            for how, node in self._conditions(str(path), asked):
                chain = joined(how, [chain, node])
        return chain

    def _conditions(self, path: str, asked: object) -> list[tuple[How, Node | None]]:
        """One for a field; one for each entry where the field has a list of them."""
        listed = asked if isinstance(asked, list) and all(isinstance(one, Mapping) for one in asked) else None
        return [self._condition(path, one) for one in ([asked] if listed is None else listed)]

    def _condition(self, path: str, asked: object) -> tuple[How, Node | None]:
        terms = (
            dict(asked) if isinstance(asked, Mapping) else {"in" if isinstance(asked, list) else "eq": asked}
        )
        logical = str(terms.pop("logical", "and")).lower()
        if logical not in ("and", "or"):
            raise BadQuery('"logical" has to be "and" or "or"')
        how: How = "or" if logical == "or" else "and"
        return how, self._along(path.split("."), terms, self._home, how)

    def _along(self, steps: list[str], terms: Mapping[str, object], place: Place, how: How) -> Node | None:
        """The condition at the end of a path; a relation to many on it is met by some row."""
        word, *rest = steps
        relation = relations(self._language, place.collection).get(word)
        if rest:
            if relation is None:
                raise BadQuery(f'Invalid field "{word[:64]}" in "{place.collection}"')
            inner = self._along(rest, terms, place.through(relation), how)
            if not relation.many or inner is None:
                return inner
            self._count()
            return Some(relation.word, inner, relations=place.relations)
        if relation is not None and relation.many:
            return joined(how, [self._of_many(relation, name, value, place) for name, value in terms.items()])
        kind = paths.kind_of(self._language, place.collection, word, None)
        if kind is None:
            raise BadQuery(f'Invalid field "{word[:64]}" in "{place.collection}"')
        asked = Asked(place, word, None, kind)
        return joined(
            how,
            [
                self._term(asked, name, value)
                for name, value in terms.items()
                if not (value == "" and self._operator(asked, name).name in _IGNORED_EMPTY)
            ],
        )

    def _of_many(self, relation: Relation, name: str, given: object, place: Place) -> Node | None:
        """`all`: each of the rows that are named is among them; `has`: there are at least so many."""
        self._count()
        if name in _COUNTED:
            self.values.append(operand("integer", given))
            first = len(self.values) - 1
            return Term(relation.word, _COUNTED[name], first, relations=place.relations, function=COUNT)
        if name != "all":
            raise UnknownFilter(name[:64])
        listed = given.split(",") if isinstance(given, str) else given
        if not isinstance(listed, list) or not listed:
            raise BadQuery('"all" takes a list with at least one id')
        there = Asked(place.through(relation), "id", None, "integer")
        return joined(
            "and",
            [Some(relation.word, self._term(there, "eq", one), relations=place.relations) for one in listed],
        )

    def _operator(self, asked: Asked, name: str) -> Operator:
        if name in _COUNTED or name == "all":
            raise BadQuery(f'"{name}" asks of relations to many, and "{asked.word[:64]}" is none')
        operator = self._operators.get(name)
        if operator is None:
            raise UnknownFilter(name[:64])
        return operator

    def _truth(self, given: object) -> bool:
        """Whatever stands there: the operator alone says what is meant."""
        return True

    def _operand(self, field: Field | None, kind: Kind, given: object) -> object:
        if kind == "timestamp" and given == "now":
            given = "$NOW"
        if isinstance(given, str) and given.count("%") > MOST_WILD and kind in ("string", "text"):
            raise BadQuery(f"A pattern holds at most {MOST_WILD} of %")
        found = super()._operand(field, kind, given)
        return int(found) if isinstance(found, Number) else found
