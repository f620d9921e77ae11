"""Where in the data a part of a filter stands, and what is asked there."""

import msgspec

from service.dialects.fields import Field
from service.dialects.nodes import Term
from service.dialects.paths import DEEPEST as MOST_RELATIONS
from service.dialects.relations import Relation
from service.users.model import Kind
from service.users.problems import BadQuery


class Place(msgspec.Struct, frozen=True):
    """Where in the data a part of a filter stands: a collection, and the relations that lead to it."""

    collection: str
    relations: tuple[str, ...] = ()
    crossed: int = 0  # relations so far, those to many included

    def through(self, relation: Relation) -> "Place":
        """The place at the end of a relation. Raises BadQuery where that is too far."""
        if self.crossed >= MOST_RELATIONS:
            raise BadQuery(f"A filter crosses at most {MOST_RELATIONS} relations")
        steps = () if relation.many else (*self.relations, relation.word)
        return Place(relation.target, steps, self.crossed + 1)


class Asked(msgspec.Struct, frozen=True):
    """What terms are about: a word at a place, perhaps a function of it, and the kind of the values."""

    place: Place
    word: str
    function: str | None
    kind: Kind

    def term(self, field: Field | None, operator: str, first: int, subject: tuple[str, ...] = ()) -> Term:
        """The condition on it; `field` is None for the length of a list of other rows."""
        name = field.name if field else self.word
        return Term(
            name, operator, first, relations=self.place.relations, function=self.function, subject=subject
        )
