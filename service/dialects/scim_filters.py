"""SCIM filters as conditions on what we keep; beside a look-up by key, the rest is asked of the resources."""

from collections.abc import Mapping
from typing import Final

import msgspec

from providers.scim import binding
from providers.scim import filter as filters
from providers.scim.expression import And, AttrPath, Comparison, Expression, Not, Or, Present, ValuePath
from providers.scim.group import GROUP
from providers.scim.problems import InvalidFilter
from providers.scim.schema import ResourceType
from providers.scim.tolerance import Profile
from providers.scim.user import USER
from service.dialects import nodes, scim_references
from service.dialects.dialect import GROUP_COLLECTION, USER_COLLECTION
from service.dialects.fields import Field
from service.dialects.nodes import Joined, Keyed, Node, Term
from service.dialects.scim import EMAIL, FIELDS
from service.dialects.scim_columns import Columns
from service.dialects.scim_following import EVERY, FOLLOWING
from service.users.checks import is_uuid
from service.users.rows import fold

COLUMNS_OF: Final[Mapping[str, Mapping[str, Field]]] = {
    "User": FIELDS,
    "Group": {field.cells["scim"].word: field for field in GROUP_COLLECTION.fields},
}
COLLECTIONS: Final[Mapping[str, str]] = {"User": USER_COLLECTION.name, "Group": GROUP_COLLECTION.name}
# At most a few resources have one of these; at most a few hundred users and groups have the others.
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "User": frozenset({"id", "userName", "externalId", "emails.value"}),
    "Group": frozenset({"id", "displayName", "externalId"}),
}
# Equality on these is answered by a table of its own.
_TABLES: Final = {("User", "emails.value"): "emails", ("User", "groups.value"): "groups",
                  ("Group", "members.value"): "members"}  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """A filter as a condition and its values. `by_key`: an index finds the few for whom it can hold.

    `rest` is what the database cannot answer: it is asked of the resources of those few. `name` is the value
    of a filter that is `userName eq` and nothing else.
    """

    where: Node
    values: list[object]
    by_key: bool = False
    rest: Expression | None = None
    name: str | None = None


def read(text: str, profile: Profile, type_: ResourceType = USER, *, everywhere: bool = False) -> Asked:
    """What a SCIM filter asks for; of all types if `everywhere`. Raises InvalidFilter or TooMany."""
    parsed = filters.parse(text, unquoted=profile.unquoted_values)
    bound = binding.bind(parsed, type_, profile, (USER, GROUP) if everywhere else ())
    bound = scim_references.resolved(bound, type_)
    terms = bound.terms if isinstance(bound, And) else (bound,)
    reader = _Reader(type_)
    if not any(map(reader.is_key, terms)):
        return Asked(reader.read(bound), reader.values)
    nodes, rest = reader.read_some(terms)
    name = bound.value if isinstance(bound, Comparison) and str(bound.path) == "userName" else None
    return Asked(
        nodes[0] if len(nodes) == 1 else Joined("and", tuple(nodes)),
        reader.values,
        by_key=True,
        rest=And(tuple(rest)) if rest else None,
        name=name if isinstance(name, str) else None,
    )


def of_nobody(name: str) -> Asked:
    """Who has no userName yet, and this one for an e-mail: whom a connection that adopts may look up."""
    nameless = Term(FIELDS["userName"].name, "null", 0)
    mailbox = Term(FIELDS[EMAIL].name, "eq", 0, folded=True)
    return Asked(Joined("and", (mailbox, nameless)), [fold(name)], by_key=True)


def _pinned(term: ValuePath) -> tuple[Comparison | None, list[Expression]]:
    """What `emails[type eq "work" and value eq "x"]` asks of the value, and the rest of it."""
    terms = term.filter.terms if isinstance(term.filter, And) else (term.filter,)
    asked = [
        one for one in terms if isinstance(one, Comparison) and one.op == "eq" and str(one.path) == "value"
    ]
    return (asked[0] if len(asked) == 1 else None), [one for one in terms if one not in asked]


class _Reader(Columns):
    """Walks one filter; what has a column is asked of it, everything else of where it is kept."""

    def __init__(self, type_: ResourceType) -> None:
        super().__init__(type_)
        self._columns = COLUMNS_OF[type_.name]

    def is_key(self, term: Expression) -> bool:
        """Whether a term alone picks a few."""
        keys = _KEYS[self.type.name]
        if isinstance(term, ValuePath):
            return f"{term.path}.value" in keys and _pinned(term)[0] is not None
        return isinstance(term, Comparison) and term.op == "eq" and str(term.path) in keys

    def read_some(self, terms: tuple[Expression, ...]) -> tuple[list[Node], list[Expression]]:
        """The conditions of those terms that the database answers, and the other terms."""
        nodes: list[Node] = []
        rest: list[Expression] = []
        for term in terms:
            known = len(self.values)
            try:
                nodes.append(self.read(term))
            except InvalidFilter:
                del self.values[known:]
                rest.append(term)
        return nodes, rest

    def read(self, asked: Expression) -> Node:
        """The condition of an expression; its values join `values`."""
        match asked:
            case And(terms) | Or(terms):
                return Joined("and" if isinstance(asked, And) else "or", tuple(map(self.read, terms)))
            case Not(term):
                return nodes.Not(self.read(term))
            case Present(path):
                return self._present(asked, str(path))
            case Comparison(path, op, value):
                return self._compare(asked, str(path), op, value)
            case ValuePath():
                return self._chosen(asked)

    def _present(self, asked: Present, path: str) -> Node:
        field = self._columns.get(path)
        if field is not None:
            return _is_there(field)
        parts = [one for word, one in self._columns.items() if word.startswith(f"{path}.") and word != EMAIL]
        mailbox = [self._columns[EMAIL]] if path in ("emails", "emails.value") else []
        nodes = [_is_there(one) for one in (*parts, *mailbox)]
        if path == "meta" or path in FOLLOWING:
            return EVERY
        return Joined("or", (self.present(asked), *nodes)) if nodes else self.present(asked)

    def _compare(self, asked: Comparison, path: str, op: str, value: object) -> Node:
        if path in FOLLOWING:
            return self.following(asked)
        table = _TABLES.get((self.type.name, path))
        if op == "ne" and table is not None:
            return nodes.Not(self._compare(asked, path, "eq", value))
        if op == "eq" and table == "emails":
            named = Comparison(AttrPath("value"), "eq", asked.value)
            return self._addressed(value, ValuePath(AttrPath("emails"), named))
        if op == "eq" and table is not None:
            return self._keyed(table, value)
        field = self._columns.get(EMAIL if path == "emails.value" else path)
        if field is None:
            return self.compare(asked)
        node = self.column(field, path, op, value)
        return Joined("or", (node, self.compare(asked))) if path == "emails.value" else node

    def _keyed(self, table: str, value: object) -> Node:
        if not is_uuid(value):
            return Term("id", "in", self.keep([]))
        return Keyed(table, self.keep(value.lower()))

    def _addressed(self, value: object, exactly: ValuePath) -> Node:
        """The address that stands for a user, whatever type it has, or another one that is exactly so."""
        found = Keyed("emails", self.keep(fold(str(value))))
        own = Term(FIELDS[EMAIL].name, "eq", found.first, folded=True)
        return Joined("and", (found, Joined("or", (own, self.chosen(exactly)))))

    def _chosen(self, term: ValuePath) -> Node:
        asked, others = _pinned(term)
        table = _TABLES.get((self.type.name, f"{term.path}.value"))
        if table is None or asked is None:
            return self.chosen(term)
        if table == "emails" and all(map(_is_kind, others)):
            return self._addressed(asked.value, term)
        if table == "emails":
            found: Node = Keyed(table, self.keep(fold(str(asked.value))))
        else:
            found = self._keyed(table, asked.value)
        return Joined("and", (found, self.chosen(term))) if others else found


def _is_there(field: Field) -> Term:
    return Term(field.name, "nempty" if field.kind == "string" else "nnull", 0)


def _is_kind(term: Expression) -> bool:
    return isinstance(term, Comparison) and term.op == "eq" and str(term.path) in ("type", "primary")
