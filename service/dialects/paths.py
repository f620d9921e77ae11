"""What sorts, groups and sums look at: a word, a function of one, or a word at the end of relations."""

import re
from functools import lru_cache
from typing import Final

import msgspec

from service.dialects.dialect import words
from service.dialects.fields import TYPES, Field, Language
from service.dialects.functions import COUNT, FUNCTIONS, fits
from service.dialects.relations import relations
from service.users.model import Kind
from service.users.problems import BadQuery

DEEPEST: Final = 10  # relations on the way to a field
_CALL: Final = re.compile(r"([a-z]+)\(\s*([^()\s]+)\s*\)")
_JSON: Final[frozenset[Kind]] = frozenset({"json", "tags"})


class Path(msgspec.Struct, frozen=True):
    """The words of relations to one row, then a word, then perhaps a function of it.

    `ours`: we look at it for our own ends, which needs nobody's leave and is told to nobody.
    """

    relations: tuple[str, ...]
    word: str
    function: str | None = None
    ours: bool = False

    @property
    def key(self) -> str:
        """The key of its value in an answer: `last_access_year`."""
        return f"{self.word}_{self.function}" if self.function else self.word


def call(text: str) -> tuple[str, str | None]:
    """`year(last_access)` as its word and its function; a bare word has no function. Raises BadQuery."""
    if "(" not in text:
        return text, None
    found = _CALL.fullmatch(text)
    if found is None or found[1] not in FUNCTIONS:
        raise BadQuery(f'"{text[:64]}" is no function that is known')
    return found[2], found[1]


def field_of(language: Language, collection: str, word: str) -> Field | None:
    """The field with this word, unless it is hidden."""
    field = words(language, collection).get(word)
    return None if field is None or field.guard == "hidden" else field


def kind_of(language: Language, collection: str, word: str, function: str | None) -> Kind | None:
    """The kind of a word's, or a function's, values; None for what is not there.

    Raises BadQuery for a function that does not take the field.
    """
    field = field_of(language, collection, word)
    if function is None:
        return field.kind if field else None
    relation = relations(language, collection).get(word)
    if function == COUNT and relation is not None and relation.many:
        return "integer"
    if field is None:
        return None
    if not fits(function, field.kind):
        kind = TYPES.get(field.kind, field.kind)
        raise BadQuery(f'"{function}" is no function of "{kind}" fields such as "{word[:64]}"')
    return "integer"


@lru_cache(1024)
def read(language: Language, collection: str, text: str) -> tuple[Path, Kind]:
    """A path such as `role.name` or `year(last_access)`, and the kind of its values. Raises BadQuery."""
    *steps, last = text.split(".")
    if len(steps) > DEEPEST:
        raise BadQuery(f"A path crosses at most {DEEPEST} relations")
    here = collection
    for step in steps:
        relation = relations(language, here).get(step)
        if relation is None or relation.many:
            raise BadQuery(f'"{step[:64]}" of "{text[:64]}" is no relation to one row in "{here}"')
        here = relation.target
    word, function = call(last)
    kind = kind_of(language, here, word, function)
    if kind is None:
        raise BadQuery(f'Unknown field "{last[:64]}" in "{here}"')
    return Path(tuple(steps), word, function), kind


def end(language: Language, collection: str, path: Path) -> str:
    """The collection that has the word of a path."""
    for step in path.relations:
        collection = relations(language, collection)[step].target
    return collection


def ordered(language: Language, collection: str, text: str) -> Path:
    """A path whose values have an order and may be known. Raises BadQuery."""
    path, kind = read(language, collection, text)
    if kind in _JSON or kind == "hash":
        raise BadQuery(f'Cannot sort or group by "{text[:64]}" in "{collection}"')
    return path
