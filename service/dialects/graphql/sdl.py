"""The schema of a view in the schema language: types, inputs and filters, all from the field table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from service.dialects.dialect import words
from service.dialects.fields import Field
from service.dialects.functions import PARTS
from service.dialects.graphql.roots import EVENTS, Home, Root, listing, roots
from service.dialects.graphql.views import Glimpse, View
from service.dialects.operators import OPERATORS, Operator
from service.dialects.relations import Relation, relations
from service.dialects.summaries import KINDS
from service.users.model import Kind

_TYPES: Final[Mapping[Kind, str]] = {
    "string": "String", "text": "String", "uuid": "ID", "boolean": "Boolean", "timestamp": "Date",
    "integer": "Int", "json": "JSON", "tags": "JSON", "hash": "Hash",
}  # fmt: skip
_FILTERS: Final[Mapping[Kind, str]] = {
    "boolean": "boolean", "timestamp": "date", "integer": "number", "hash": "hash",
}  # fmt: skip
# What a filter of each name takes: the kind whose operators it has, and the type of their operands.
_OPERANDS: Final[Mapping[str, tuple[Kind, str]]] = {
    "string": ("string", "String"),
    "boolean": ("boolean", "Boolean"),
    "date": ("timestamp", "String"),
    "number": ("integer", "GraphQLStringOrFloat"),
    "hash": ("hash", "String"),
}
_NEVER_NULL: Final[Mapping[str, frozenset[str]]] = {
    "directus_roles": frozenset({"name", "enforce_tfa", "admin_access"}),
    "directus_activity": frozenset({"action", "collection", "item"}),
    "directus_revisions": frozenset({"collection", "item"}),
    "directus_permissions": frozenset({"collection", "action"}),
}
_PARTS: Final = tuple(sorted(PARTS))  # of a date
_PART_FILTERS: Final = " ".join(f"{name}: number_filter_operators" for name in _PARTS)

_FIXED: Final = f"""
"A date and time as ISO 8601 writes it"
scalar Date
"A whole number of any size, as a string"
scalar GraphQLBigInt
scalar GraphQLStringOrFloat
"What is hidden: asterisks where there is something"
scalar Hash
scalar JSON
enum auth_mode {{ json cookie session }}
enum EventEnum {{ {" ".join(EVENTS)} }}
enum graphql_sdl_scope {{ items system }}
type auth_tokens {{ access_token: String expires: GraphQLBigInt refresh_token: String }}
type users_me_tfa_generate_data {{ secret: String otpauth_url: String }}
type users_me_tfa_recovery_codes_data {{ codes: [String!]! }}
type delete_one {{ id: ID! }}
type delete_many {{ ids: [ID]! }}
type count_functions {{ count: Int }}
type datetime_functions {{ {" ".join(f"{name}: Int" for name in _PARTS)} }}
type server_info {{ project: server_info_project version: String queryLimit: server_info_query_limit }}
type server_info_project {{ project_name: String }}
type server_info_query_limit {{ default: Int max: Int }}
input count_function_filter_operators {{ count: number_filter_operators }}
input datetime_function_filter_operators {{ {_PART_FILTERS} }}
"""


def text(view: View) -> str:
    """The whole schema, to be parsed; what the caller may not see is not in it."""
    found = roots(view)
    return "\n".join(
        (
            _FIXED,
            *(_operators(name) for name in _OPERANDS),
            *(line for glimpse in view.glimpses for line in _of(view, glimpse)),
            *(_told(root) for root in found if root.home == "subscription"),
            *_homes(found),
        )
    )


def _homes(found: Sequence[Root]) -> Iterator[str]:
    """The types of the operations; whoever is told of nothing has no subscriptions."""
    homes = {home: [_root(root) for root in found if root.home == home] for home in get_args(Home)}
    for home, lines in homes.items():
        if lines:
            yield _block(f"type {home.capitalize()}", lines)
    yield _block("schema", [f"{home}: {home.capitalize()}" for home, lines in homes.items() if lines])


def _told(root: Root) -> str:
    """What a subscription tells of: `data` is null once the row is gone."""
    return _block(f"type {root.type}", ["key: ID!", "event: EventEnum", f"data: {root.collection}"])


def _block(head: str, lines: list[str]) -> str:
    return "\n".join((f"{head} {{", *(f"  {line}" for line in lines), "}"))


def _root(root: Root) -> str:
    arguments = f"({root.arguments})" if root.arguments else ""
    return f"{root.name}{arguments}: {root.type}"


def _operators(name: str) -> str:
    kind, operand = _OPERANDS[name]
    lines = [_operator(one, operand) for one in OPERATORS if kind in one.kinds and "graphql" in one.words]
    return _block(f"input {name}_filter_operators", lines)


def _operator(operator: Operator, operand: str) -> str:
    many = operator.operand in ("many", "two")
    kind = "Boolean" if operator.operand == "none" else f"[{_pair(operator, operand)}]" if many else operand
    return f"{operator.words['graphql']}: {kind}"


def _pair(operator: Operator, operand: str) -> str:
    return "GraphQLStringOrFloat" if operator.operand == "two" else operand


def _of(view: View, glimpse: Glimpse) -> Iterator[str]:
    name = glimpse.collection
    if glimpse.read:
        yield _block(f"type {name}", list(_fields(view, glimpse)))
        yield _block(f"input {name}_filter", list(_filter(view, glimpse)))
        yield from _aggregated(glimpse)
    if glimpse.create:
        yield _block(f"input create_{name}_input", list(_input(view, glimpse, "create")))
    if glimpse.update:
        yield _block(f"input update_{name}_input", list(_input(view, glimpse, "update")))


def related(view: View, collection: str, word: str) -> Relation | None:
    """The relation of this word, when the caller may look along it."""
    relation = relations("graphql", collection).get(word)
    return relation if relation is not None and view.glimpse(relation.target).read else None


def functions(kind: Kind) -> str | None:
    """The prefix of the types that hold the functions of a field; None where it has none."""
    return {"timestamp": "datetime", "json": "count", "tags": "count"}.get(kind)


def _fields(view: View, glimpse: Glimpse) -> Iterator[str]:
    known = words("graphql", glimpse.collection)
    for word in glimpse.read:
        relation, field = related(view, glimpse.collection, word), known.get(word)
        if relation is not None:
            kind = f"[{relation.target}]" if relation.many else relation.target
            yield f"{word}({listing(relation.target)}): {kind}"
            if relation.many:
                yield f"{word}_func: count_functions"
        elif field is not None:
            yield f"{word}: {_type(field)}{'!' if _is_full(glimpse.collection, word) else ''}"
            if prefix := functions(field.kind):
                yield f"{word}_func: {prefix}_functions"


def _type(field: Field) -> str:
    return "ID" if field.name == "id" else _TYPES[field.kind]


def _is_full(collection: str, word: str) -> bool:
    return word == "id" or word in _NEVER_NULL.get(collection, ())


def _filter(view: View, glimpse: Glimpse) -> Iterator[str]:
    known = words("graphql", glimpse.collection)
    for word in glimpse.read:
        relation, field = related(view, glimpse.collection, word), known.get(word)
        if relation is not None:
            yield f"{word}: {relation.target}_filter"
            if relation.many:
                yield f"{word}_func: count_function_filter_operators"
        elif field is not None:
            yield f"{word}: {_FILTERS.get(field.kind, 'string')}_filter_operators"
            if prefix := functions(field.kind):
                yield f"{word}_func: {prefix}_function_filter_operators"
    yield from (f"{joint}: [{glimpse.collection}_filter]" for joint in ("_and", "_or"))


def _input(view: View, glimpse: Glimpse, verb: str) -> Iterator[str]:
    known = words("graphql", glimpse.collection)
    for word in glimpse.create if verb == "create" else glimpse.update:
        relation, field = relations("graphql", glimpse.collection).get(word), known.get(word)
        # A row that is linked is named by its id, so an input without one is none for links.
        if relation is not None and "id" in getattr(view.glimpse(relation.target), verb):
            kind = f"{verb}_{relation.target}_input"
            yield f"{word}: {f'[{kind}]' if relation.many else kind}"
        elif relation is not None and relation.many:
            yield f"{word}: JSON"
        elif field is not None:
            yield f"{word}: {_type(field)}"


def _aggregated(glimpse: Glimpse) -> Iterator[str]:
    name, known = glimpse.collection, words("graphql", glimpse.collection)
    counted = [word for word in glimpse.read if word in known and known[word].kind in KINDS["count"]]
    summed = [word for word in counted if known[word].kind in KINDS["sum"]]
    lines = ["group: JSON", "countAll: Int"]
    if counted:
        yield _block(f"type {name}_aggregated_count", [f"{word}: Int" for word in counted])
        lines += [f"{operation}: {name}_aggregated_count" for operation in ("count", "countDistinct")]
    if summed:
        yield _block(f"type {name}_aggregated_fields", [f"{word}: Float" for word in summed])
        numbers = ("avg", "sum", "avgDistinct", "sumDistinct", "min", "max")
        lines += [f"{operation}: {name}_aggregated_fields" for operation in numbers]
    yield _block(f"type {name}_aggregated", lines)
