"""What an answer is made of: the paths to select, and what makes the objects of the rows of their values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any, Final

import msgspec

from service.database.kept import kept
from service.dialects import scim, scim_groups
from service.dialects.dialect import words
from service.dialects.fields import Language
from service.dialects.parts import Branch, Inner, Leaf, Part
from service.dialects.paths import Path

Row = tuple[Any, ...]
# For each branch that was asked for apart, by its number: what was found, by the key that it was asked with.
Found = Mapping[int, Mapping[str, list[object]]]
# Values go column by column: the loops over the rows are then the interpreter's own.
Columns = Sequence[Sequence[Any]]
Getter = Callable[[Columns, Found], Iterable[object]]

_NOTHING: Final[Found] = {}
_MANY: Final = 200  # values of one object
# A resource is made of these columns, and of a part that was chosen beside them: the groups of a user.
SCIM_COLUMNS: Final = {"directus_users": scim.COLUMNS, "groups": scim_groups.COLUMNS}
_RESOURCES: Final = {"directus_users": scim.by_name, "groups": scim_groups.by_name}


class Nest(msgspec.Struct, frozen=True):
    """A branch that is asked for apart, its number, and where in the row the key stands to ask with: that of
    the row that many belong to, or that of the one row itself."""

    branch: Branch
    number: int
    place: int


class Selection(msgspec.Struct, frozen=True, eq=False):
    """`looks` are selected in this order; `nests` are asked for afterwards, with the keys that were found.

    `keys` are those of an object that is nothing but the row, value by value; else there are none.
    """

    looks: tuple[Path, ...]
    nests: tuple[Nest, ...]
    make: Callable[[Sequence[Row], Found], Iterable[object]]
    keys: tuple[str, ...] = ()

    def items(self, rows: Sequence[Row], found: Found = _NOTHING) -> list[object]:
        """The rows as objects whose keys are the dialect's words."""
        return list(self.make(rows, found)) if rows else []


@kept(1024, lambda one: len(one.looks), _MANY)
def selection(language: Language, collection: str, chosen: tuple[Part, ...]) -> Selection:
    """The selection of these parts, which have to be known and readable."""
    if language == "scim":
        resources = _RESOURCES[collection]((*SCIM_COLUMNS[collection], *map(str, chosen)))
        return Selection((), (), lambda rows, _: resources(rows))
    layout = _Layout(language)
    make = layout.maker(collection, chosen, ())
    looks, nests = tuple(layout.looks), tuple(layout.nests)
    if layout.plain and len(looks) == len(chosen):  # each row is the object already, value by value
        struct = _struct(chosen)
        return Selection(looks, nests, lambda rows, _: starmap(struct, rows), tuple(map(_key, chosen)))
    return Selection(looks, nests, lambda rows, found: make(tuple(zip(*rows, strict=True)), found))


class _Layout:
    """Finds the place of each value in a row that all parts, near and far, share."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.looks: dict[Path, int] = {}
        self.nests: list[Nest] = []
        self.plain = True  # as long as no value differs from what the row holds

    def _look(self, path: Path) -> int:
        return self.looks.setdefault(path, len(self.looks))

    def maker(self, collection: str, parts: tuple[Part, ...], at: tuple[str, ...]) -> Getter:
        """What makes the objects of the parts at the end of these relations."""
        struct = _struct(parts)
        getters = [self._getter(collection, part, at) for part in parts]
        return lambda columns, found: map(struct, *[get(columns, found) for get in getters])

    def _getter(self, collection: str, part: Part, at: tuple[str, ...]) -> Getter:
        if isinstance(part, str | Leaf):
            return self._leaf(collection, part, at)
        self.plain = False
        if isinstance(part, Branch):
            return self._branch(part, at)
        if isinstance(part, Inner):
            return self.maker(collection, part.parts, at)
        # Of any column: there is one value for each row.
        place, value = self._look(Path(at, "id", ours=True)), part.value
        return lambda columns, _: [value] * len(columns[place])

    def _leaf(self, collection: str, part: str | Leaf, at: tuple[str, ...]) -> Getter:
        leaf = Leaf(part, part) if isinstance(part, str) else part
        place = self._look(Path(at, leaf.word, leaf.function, leaf.ours))
        field = words(self._language, collection).get(leaf.word)
        cell = None if field is None or leaf.function is not None else field.cells[self._language]
        if cell is None or (cell.load is None and cell.lacking is None):
            return lambda columns, _: columns[place]
        self.plain = False
        load, lacking = cell.load or _as_it_is, cell.lacking
        return lambda columns, _: [lacking if value is None else load(value) for value in columns[place]]

    def _branch(self, branch: Branch, at: tuple[str, ...]) -> Getter:
        relation = branch.relation
        there = at if relation.many else (*at, relation.word)
        marker = self._look(Path(there, "id", ours=True))
        if branch.number is not None:
            return self._nest(branch, branch.number, marker)
        make = self.maker(relation.target, branch.parts, there)
        return lambda columns, found: [
            None if key is None else made
            for key, made in zip(columns[marker], make(columns, found), strict=True)
        ]

    def _nest(self, branch: Branch, number: int, key: int) -> Getter:
        self.nests.append(Nest(branch, number, key))
        if branch.relation.many:
            return lambda columns, found: [found[number].get(one, []) for one in columns[key]]
        return lambda columns, found: [next(iter(found[number].get(one, ())), None) for one in columns[key]]


def _as_it_is(value: object) -> object:
    return value


def _key(part: Part) -> str:
    return part if isinstance(part, str) else part.key


@kept(1024, lambda one: len(one.__struct_fields__), _MANY)
def _struct(parts: tuple[Part, ...]) -> Callable[..., object]:
    keys = list(map(_key, parts))
    names = [(f"c{place}", object) for place in range(len(keys))]
    rename = {f"c{place}": key for place, key in enumerate(keys)}
    return msgspec.defstruct("Item", names, rename=rename, frozen=True, gc=False)
