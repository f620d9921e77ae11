"""What an answer is made of: words of the row itself, and branches where relations lead to others."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from service.dialects.nodes import Node
from service.dialects.paths import Path
from service.dialects.relations import Relation

DEFAULT_ROWS: Final = 100  # of a relation to many, when `deep` says nothing else
Order = tuple[tuple[Path, bool], ...]  # a path, and whether it descends


class Leaf(msgspec.Struct, frozen=True):
    """A value of the row: `key` names it in the answer; `ours` as in a Path."""

    key: str
    word: str
    function: str | None = None
    ours: bool = False


KEY: Final = Leaf("id", "id", ours=True)


class Branch(msgspec.Struct, frozen=True):
    """An object (of a relation to many, a list of them); without parts, the key in its place.

    One with a `number` is asked for apart: the number tells it from the others of one question, and the
    values of what `deep` asks of it are kept under it.
    """

    key: str
    relation: Relation
    parts: tuple["Part", ...]
    number: int | None = None
    where: Node | None = None
    searched: bool = False
    sort: Order = ()


class Inner(msgspec.Struct, frozen=True):
    """An object of more values of the same row."""

    key: str
    parts: tuple["Part", ...]


class Constant(msgspec.Struct, frozen=True):
    """A value that is the same for every row."""

    key: str
    value: str


Part = str | Leaf | Branch | Inner | Constant  # a str is a leaf under its own word


class Wish(msgspec.Struct):
    """What `deep` asks of one relation; `limit` None is all of its rows.

    Where a relation leads to one row, order and pages mean nothing; a row that the filter or the search does
    not let through is null.
    """

    fields: list[str] = []
    where: Node | None = None
    operands: list[object] = []
    search: str | None = None
    sort: Order = ()
    limit: int | None = DEFAULT_ROWS
    offset: int = 0
    aliases: Mapping[str, str] = {}

    @property
    def chooses(self) -> bool:
        """Whether a row may be there and not be wanted."""
        return self.where is not None or bool(self.search)


class Chosen(msgspec.Struct, frozen=True):
    """Parts that a language with selections of its own has chosen, with the wishes of their branches."""

    parts: tuple[Part, ...]
    wishes: Sequence[Wish] = ()


def branch(key: str, relation: Relation, parts: tuple[Part, ...], wish: Wish, wishes: list[Wish]) -> Branch:
    """A branch; where it has to be asked for apart, `wishes` gets its wish, at the place of its number."""
    if not relation.many and not wish.chooses:
        return Branch(key, relation, parts)
    wishes.append(wish)
    sort = wish.sort if relation.many else ()
    return Branch(key, relation, parts, len(wishes) - 1, wish.where, bool(wish.search), sort)
