"""What an answer is made of: the paths to select, and what makes an object of each row of their values."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from service.dialects import scim
from service.dialects.dialect import words
from service.dialects.fields import Language
from service.dialects.parts import Branch, Constant, Inner, Leaf, Part
from service.dialects.paths import Path

Row = tuple[Any, ...]
# For each branch to many, by its number: what was found, by the key of the row that it belongs to.
Found = Mapping[int, Mapping[str, list[object]]]
Maker = Callable[[Row, Found], object]

_NOTHING: Final[Found] = {}


class Nest(msgspec.Struct, frozen=True):
    """A branch to many, and where in the row the key stands that its rows belong to."""

    branch: Branch
    place: int


class Selection(msgspec.Struct, frozen=True, eq=False):
    """`looks` are selected in this order; `nests` are asked for afterwards, with the keys that were found."""

    looks: tuple[Path, ...]
    nests: tuple[Nest, ...]
    make: Maker

    def item(self, row: Row, found: Found = _NOTHING) -> object:
        """The row as an object whose keys are the dialect's words."""
        return self.make(row, found)


@lru_cache(1024)
def selection(language: Language, collection: str, chosen: tuple[Part, ...]) -> Selection:
    """The selection of these parts, which have to be known and readable."""
    if language == "scim":
        resource = scim.by_name(scim.COLUMNS)
        return Selection((), (), lambda row, _: resource(*row))
    layout = _Layout(language)
    make = layout.maker(collection, chosen, ())
    return Selection(tuple(layout.looks), tuple(layout.nests), make)


class _Layout:
    """Finds the place of each value in a row that all parts, near and far, share."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.looks: dict[Path, int] = {}
        self.nests: list[Nest] = []

    def _look(self, path: Path) -> int:
        return self.looks.setdefault(path, len(self.looks))

    def maker(self, collection: str, parts: Sequence[Part], at: tuple[str, ...]) -> Maker:
        """What makes an object of the parts at the end of these relations."""
        struct = _struct(tuple(part if isinstance(part, str) else part.key for part in parts))
        leaves = [part for part in parts if isinstance(part, str | Leaf)]
        if len(leaves) < len(parts):
            getters = [self._getter(collection, part, at) for part in parts]
            return lambda row, found: struct(*[get(row, found) for get in getters])
        places: list[int] = []
        fixes: list[tuple[int, Callable[[Any], object]]] = []
        for position, part in enumerate(leaves):
            place, fix = self._leaf(collection, part, at)
            places.append(place)
            fixes += [(position, one) for one in fix]
        return _plain(struct, places, fixes)

    def _leaf(
        self, collection: str, part: str | Leaf, at: tuple[str, ...]
    ) -> tuple[int, list[Callable[[Any], object]]]:
        leaf = Leaf(part, part) if isinstance(part, str) else part
        place = self._look(Path(at, leaf.word, leaf.function))
        field = words(self._language, collection).get(leaf.word)
        if field is None or leaf.function is not None:
            return place, []
        fixes: list[Callable[[Any], object]] = [msgspec.Raw] if field.kind in ("json", "tags") else []
        load = field.cells[self._language].load
        return place, [*fixes, load] if load else fixes

    def _getter(self, collection: str, part: Part, at: tuple[str, ...]) -> Maker:
        if isinstance(part, str | Leaf):
            place, fixes = self._leaf(collection, part, at)
            return _value(place, fixes)
        if isinstance(part, Constant):
            return lambda row, found: part.value
        if isinstance(part, Inner):
            return self.maker(collection, part.parts, at)
        relation = part.relation
        if relation.many:
            key, number = self._look(Path(at, "id")), part.number
            self.nests.append(Nest(part, key))
            return lambda row, found: found[number].get(row[key], [])
        there = (*at, relation.word)
        marker = self._look(Path(there, "id"))
        make = self.maker(relation.target, part.parts, there)
        return lambda row, found: None if row[marker] is None else make(row, found)


def _value(place: int, fixes: Sequence[Callable[[Any], object]]) -> Maker:
    if not fixes:
        return lambda row, _: row[place]

    def fixed(row: Row, _: Found) -> object:
        value = row[place]
        for fix in fixes:
            value = None if value is None else fix(value)
        return value

    return fixed


def _plain(
    struct: Callable[..., object], places: Sequence[int], fixes: Sequence[tuple[int, Callable[[Any], object]]]
) -> Maker:
    """The quick way of an object without branches; quicker still where the row is the object already."""
    whole = list(places) == list(range(len(places)))
    many = len(places)

    def fixed(row: Row, _: Found) -> object:
        values = list(row[:many]) if whole else [row[place] for place in places]
        for position, fix in fixes:
            if values[position] is not None:
                values[position] = fix(values[position])
        return struct(*values)

    if not fixes and whole:
        return lambda row, _: struct(*row[:many])
    return fixed


@lru_cache(1024)
def _struct(keys: tuple[str, ...]) -> Callable[..., object]:
    names = [(f"c{place}", object) for place in range(len(keys))]
    rename = {f"c{place}": key for place, key in enumerate(keys)}
    return msgspec.defstruct("Item", names, rename=rename, frozen=True, gc=False)
