"""SCIM filters as conditions on our columns; beside a look-up by key, the rest is asked of the resources."""

from typing import Final

import msgspec

from providers.scim import binding
from providers.scim import filter as filters
from providers.scim.expression import And, Comparison, Expression, Not, Or, Present, ValuePath
from providers.scim.problems import InvalidFilter
from providers.scim.tolerance import Profile
from providers.scim.user import USER
from service.dialects import filters as conditions
from service.dialects.fields import Field
from service.dialects.filters import Joined, Node, Term
from service.dialects.operators import OPERATORS, Operator
from service.dialects.scim import EMAIL, FIELDS
from service.users.checks import is_uuid
from service.users.model import ACTIVE
from service.users.rows import fold

_WORDS: Final[dict[str, Operator]] = {
    operator.words["scim"]: operator for operator in OPERATORS if "scim" in operator.words
}
_ALIASES: Final = {"emails": EMAIL, "emails.value": EMAIL}
_EXACT: Final = frozenset({"id", "externalId"})  # caseExact, RFC 7643 3.1
_KEYS: Final = frozenset({"id", "userName", "externalId", "emails.value"})  # at most a few users have one
_FILTERABLE: Final = 'is asked only of a user who is named beside it, as in: id eq "..." and ...'


class Asked(msgspec.Struct, frozen=True):
    """A filter as a condition and its values. `by_key`: an index finds the few users for whom it can hold.

    `rest` is what no column answers: it is asked of the resources of those few. `name` is the value of a
    filter that is `userName eq` and nothing else.
    """

    where: Node
    values: list[object]
    by_key: bool = False
    rest: Expression | None = None
    name: str | None = None


def read(text: str, profile: Profile) -> Asked:
    """What a SCIM filter asks for. Raises InvalidFilter or TooMany."""
    bound = binding.bind(filters.parse(text, unquoted=profile.unquoted_values), USER, profile)
    terms = bound.terms if isinstance(bound, And) else (bound,)
    reader = _Reader()
    if not any(map(_is_key, terms)):
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


def _is_key(term: Expression) -> bool:
    """Whether a term alone picks a few users."""
    if isinstance(term, ValuePath):
        asked = _mailbox(term)
        return asked is not None and asked.op == "eq"
    return isinstance(term, Comparison) and term.op == "eq" and str(term.path) in _KEYS


def _mailbox(term: ValuePath) -> Comparison | None:
    """What `emails[type eq "work" and value eq "x"]` asks of the value; None when it asks anything else.

    One e-mail of a user can be looked up: the one that stands for the user, whatever its type.
    """
    terms = term.filter.terms if isinstance(term.filter, And) else (term.filter,)
    asked = [one for one in terms if isinstance(one, Comparison) and str(one.path) == "value"]
    others = [one for one in terms if one not in asked]
    if str(term.path) != "emails" or len(asked) != 1 or not all(map(_is_kind, others)):
        return None
    return asked[0]


class _Reader:
    def __init__(self) -> None:
        self.values: list[object] = []

    def read_some(self, terms: tuple[Expression, ...]) -> tuple[list[Node], list[Expression]]:
        """The conditions of those terms that columns answer, and the other terms."""
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
        match asked:
            case And(terms) | Or(terms):
                return Joined("and" if isinstance(asked, And) else "or", tuple(map(self.read, terms)))
            case Not(term):
                return conditions.Not(self.read(term))
            case Present(path):
                return self._present(str(path))
            case Comparison(path, op, value):
                return self._compare(str(path), op, value)
            case ValuePath():
                return self._chosen(asked)

    def _present(self, path: str) -> Node:
        field = _field(path)
        return Term(field.name, "nempty" if field.kind == "string" else "nnull", 0)

    def _compare(self, path: str, op: str, value: object) -> Node:
        field = _field(path)
        if field.name == "status":
            return self._active(op, value)
        if field.kind == "uuid":
            return self._id(op, value)
        term = self._term(field, op, value, exact=path in _EXACT or field.kind != "string")
        # An attribute that is not there is not equal to anything (RFC 7644, 3.4.2.2).
        return Joined("or", (term, Term(field.name, "null", 0))) if op == "ne" else term

    def _term(self, field: Field, op: str, value: object, *, exact: bool) -> Term:
        operator = _WORDS[op]
        if field.kind not in operator.kinds and op not in ("gt", "ge", "lt", "le"):
            raise InvalidFilter(f'"{op}" cannot be asked of "{field.cells["scim"].word}".')
        if not exact and isinstance(value, str):
            # The databases' lower() knows only ASCII, as the one of bytes does.
            value = fold(value) if field.key else value.encode().lower().decode()
        self.values.append(value)
        return Term(field.name, operator.name, len(self.values) - 1, folded=not exact)

    def _id(self, op: str, value: object) -> Node:
        """What is no key of ours is nobody's id, which is an answer and no mistake."""
        if op not in ("eq", "ne"):
            raise InvalidFilter('Of "id" a filter can ask for eq and ne only.')
        self.values.append([value.lower()] if is_uuid(value) else [])
        found = Term("id", "in", len(self.values) - 1)
        return found if op == "eq" else conditions.Not(found)

    def _active(self, op: str, value: object) -> Node:
        self.values.append(ACTIVE)
        positive = (op == "eq") == bool(value)
        return Term("status", "eq" if positive else "neq", len(self.values) - 1)

    def _chosen(self, term: ValuePath) -> Node:
        asked = _mailbox(term)
        if asked is None:
            raise InvalidFilter(
                f'"{term.path}[...]" {_FILTERABLE}. Of emails, ask for a value, beside its type or primary.'
            )
        return self._compare("emails.value", asked.op, asked.value)


def _field(path: str) -> Field:
    field = FIELDS.get(_ALIASES.get(path, path))
    if field is None or field.guard == "secret":
        raise InvalidFilter(f'"{path}" {_FILTERABLE}.')
    return field


def _is_kind(term: Expression) -> bool:
    return isinstance(term, Comparison) and term.op == "eq" and str(term.path) in ("type", "primary")
