"""How collections point at one another: by a key that a row holds, or by the rows that hold a row's key."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from service.dialects.dialect import COLLECTIONS, words
from service.dialects.fields import Language


class Relation(msgspec.Struct, frozen=True):
    """`column` is ours and holds the target's key; of a relation to many, the target's that holds ours.

    `spreads`: `*` stands for it as well.
    """

    word: str
    target: str
    column: str
    many: bool = False
    spreads: bool = True


_MANY: Final[Mapping[str, tuple[Relation, ...]]] = {
    "directus_roles": (Relation("users", "directus_users", "role", many=True),),
    "directus_activity": (Relation("revisions", "directus_revisions", "activity", many=True),),
}
# The documented objects of the 8 generation hold no lists of others, unless these are asked for.
_BARE: Final = frozenset({"rest8"})
_LANGUAGES: Final = frozenset({"rest8", "rest10", "graphql"})


@lru_cache(64)
def relations(language: Language, collection: str) -> Mapping[str, Relation]:
    """The relations of a collection by the language's words, those to one row first."""
    if language not in _LANGUAGES:
        return {}
    found = [
        Relation(word, field.references, field.column)
        for word, field in words(language, collection).items()
        if field.references is not None and field.references in COLLECTIONS
    ]
    lists = [
        msgspec.structs.replace(relation, spreads=language not in _BARE)
        for relation in _MANY.get(collection, ())
    ]
    return {relation.word: relation for relation in (*found, *lists)}
