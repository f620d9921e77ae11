"""Arguments in the words of REST: filters whose functions are fields of their own become calls."""

from collections.abc import Mapping

from service.dialects.dialect import words
from service.dialects.relations import relations

FUNCTIONS = "_func"


def of_function(collection: str, name: str) -> str | None:
    """The word that `name_func` is about; None when the name is no such field."""
    word = name.removesuffix(FUNCTIONS)
    known = name.endswith(FUNCTIONS) and (
        word in words("graphql", collection) or word in relations("graphql", collection)
    )
    return word if known else None


def filter_of(collection: str, given: Mapping[str, object]) -> dict[str, object]:
    """The filter as REST's reader takes it."""
    return dict(pair for key, value in given.items() for pair in _entries(collection, key, value))


def _entries(collection: str, key: str, value: object) -> list[tuple[str, object]]:
    if key in ("_and", "_or") and isinstance(value, list):
        return [(key, [filter_of(collection, part) for part in value if isinstance(part, Mapping)])]
    if not isinstance(value, Mapping):
        return [(key, value)] if value is not None else []
    if word := of_function(collection, key):
        return [(f"{function}({word})", operators) for function, operators in value.items()]
    if relation := relations("graphql", collection).get(key):
        return [(key, filter_of(relation.target, value))]
    return [(key, value)]


def query_of(collection: str, given: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """The arguments of a list as REST's parameters; with a prefix, as those of `deep`."""
    asked = {f"{prefix}{name}": value for name, value in given.items() if value is not None}
    where = given.get("filter")
    if isinstance(where, Mapping):
        asked[f"{prefix}filter"] = filter_of(collection, where)
    return asked
