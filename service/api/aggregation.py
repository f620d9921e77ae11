"""`aggregate` and `groupBy`, and what `sort` means beside them."""

from collections.abc import Mapping, Sequence
from typing import Final

from service.api import query_string
from service.api.query_string import words
from service.dialects import paths
from service.dialects.fields import TYPES, Language
from service.dialects.summaries import KINDS, Operation, Sum, Summary
from service.users.problems import BadQuery

MOST_SUMS: Final = 50
MOST_GROUPS: Final = 10
_OPERATIONS: Final[Mapping[str, Operation]] = {operation: operation for operation in KINDS}
_OF_ROWS: Final = frozenset({"count", "countAll"})


def read(language: Language, collection: str, query: Mapping[str, object]) -> Summary | None:
    """What is to be summed; None when the question is for rows. Raises BadQuery."""
    given = query.get("aggregate")
    grouped = words(query.get("groupBy", ""), "groupBy")
    aggregate = {} if given in (None, "") else query_string.json(given, "aggregate")
    if not isinstance(aggregate, Mapping):
        raise BadQuery('"aggregate" has to be an object')
    if not aggregate and not grouped:
        return None
    if len(grouped) > MOST_GROUPS:
        raise BadQuery(f'"groupBy" takes at most {MOST_GROUPS} fields')
    groups = tuple(
        paths.ordered(language, collection, _near(text, "group by")) for text in dict.fromkeys(grouped)
    )
    sums = [one for name, of in aggregate.items() for one in _sums(language, collection, str(name), of)]
    if len(sums) > MOST_SUMS:
        raise BadQuery(f'"aggregate" takes at most {MOST_SUMS} fields')
    summary = Summary(tuple(sums), groups)
    names = _names(summary, dict.fromkeys(grouped))
    return Summary(summary.sums, groups, _order(words(query.get("sort", ""), "sort"), names))


def _near(text: str, verb: str) -> str:
    if "." in text:
        raise BadQuery(f'Cannot {verb} "{text[:64]}": it is a field of another collection')
    return text


def _sums(language: Language, collection: str, name: str, given: object) -> Sequence[Sum]:
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise BadQuery(f'"aggregate" does not know "{name[:64]}"')
    asked = list(dict.fromkeys(words(given, f"aggregate.{name}")))
    if not asked:
        raise BadQuery(f'"aggregate.{name}" names no field')
    if operation in _OF_ROWS and (asked == ["*"] or operation == "countAll"):
        return [Sum(operation)]
    return [_sum(language, collection, operation, text) for text in asked]


def _sum(language: Language, collection: str, operation: Operation, text: str) -> Sum:
    path, kind = paths.read(language, collection, _near(text, operation))
    if kind not in KINDS[operation]:
        type_ = TYPES.get(kind, kind)
        raise BadQuery(f'"{operation}" cannot be asked of "{text[:64]}", a "{type_}" field of "{collection}"')
    return Sum(operation, path)


def _names(summary: Summary, grouped: Mapping[str, object]) -> Mapping[str, int]:
    """Where each thing that can be sorted by stands in the rows."""
    names = {text: place for place, text in enumerate(grouped)}
    for place, one in enumerate(summary.sums, start=len(names)):
        names.setdefault(one.operation, place)
        names[f"{one.operation}.{one.path.key if one.path else '*'}"] = place
    return names


def _order(sort: Sequence[str], names: Mapping[str, int]) -> tuple[tuple[int, bool], ...]:
    order: dict[int, bool] = {}
    for text in sort:
        place = names.get(text.removeprefix("-"))
        if place is None:
            raise BadQuery(f'Cannot sort by "{text[:64]}", which is neither a group nor a sum of the answer')
        order.setdefault(place, text.startswith("-"))
    return tuple(order.items())
