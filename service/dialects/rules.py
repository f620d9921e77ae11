"""The rules of a role, compiled: which rows and values a caller may read, as conditions of every statement,
and what of a write they allow.

One object for equal rules, so that the statements made for it are found again. Rules are written by
administrators: what a filter of theirs looks at is not limited by what the caller may see.
"""

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, case, false, or_, true

from service.database import Transaction
from service.database.shapes import Kind
from service.dialects import judging
from service.dialects.clauses import Clause, Terms
from service.dialects.dialect import COLLECTIONS, Collection, words
from service.dialects.fields import FILES as FILE_FIELDS
from service.dialects.fields import Field, Language
from service.dialects.grants import Granted, granted
from service.dialects.nodes import Own
from service.dialects.relations import Relation
from service.dialects.states import without
from service.users.leave import Action, Grant, Item
from service.users.model import FILES, PERMISSIONS, ROLES, USERS, Caller
from service.users.permissions import Rule
from service.users.problems import Forbidden, UnreadField

_EVERY: Final = '["*"]'
# What anyone who is signed in may read, whatever the rules of their role say.
_MINIMUM: Final = (
    Rule(USERS, "read", '{"id": {"_eq": "$CURRENT_USER"}}', None, None, _EVERY),
    Rule(ROLES, "read", '{"id": {"_eq": "$CURRENT_ROLE"}}', None, None, _EVERY),
    Rule(PERMISSIONS, "read", '{"role": {"_eq": "$CURRENT_ROLE"}}', None, None, _EVERY),
)
# Of files, their own uploads and the picture that they are shown with.
_PORTRAITS: Final = Granted(
    frozenset(field.attribute for field in FILE_FIELDS),
    Clause("directus_files", None, Own(), "caller_", {}),
    None,
    {},
    by_key=True,
)
_BY_OWN: Final = {home.own: home for home in COLLECTIONS.values()}


class Rules:
    """What one set of rules allows: the core's `Leave`. Its values are binds that begin with `caller_`."""

    def __init__(self, rules: Sequence[Rule], files: Sequence[Granted] = ()) -> None:
        self._grants: dict[tuple[str, str], list[Granted]] = {("read", FILES): list(files)}
        self._clauses: list[Clause] = []
        for number, rule in enumerate(rules):
            grant = granted(rule, f"caller_g{number}_")
            if grant is not None:
                self._grants.setdefault((rule.action, rule.collection), []).append(grant)
                self._clauses += [clause for clause in (grant.where, grant.validation) if clause]

    def values(self, caller: Caller) -> dict[str, object]:
        """The values of the rules' conditions for this caller, now."""
        found: dict[str, object] = {"caller_project": caller.project, "caller_user": caller.user}
        for clause in self._clauses:
            found |= clause.values(caller)
        return found

    def _reading(self, collection: str) -> Sequence[Granted]:
        return self._grants.get(("read", COLLECTIONS[collection].own), ())

    def reads(self, collection: str) -> bool:
        """Whether there is anything in this collection that the caller may read."""
        return bool(self._reading(collection))

    def knows(self, language: Language, collection: str, word: str) -> bool:
        """Whether the caller may read what a word says, of some row at least."""
        field = words(language, collection).get(word)
        attribute = word if field is None else field.attribute
        return any(attribute in grant.names for grant in self._reading(collection))

    def leads(self, language: Language, collection: str, relation: Relation) -> bool:
        """Whether the caller may follow a relation to many."""
        there = _field(relation.target, relation.column)
        ends = (there.attribute, "id")
        known = [any(end in grant.names for grant in self._reading(relation.target)) for end in ends]
        return self.knows(language, collection, relation.word) and all(known)

    def is_open(self, collection: str, field: Field) -> bool:
        """Whether the caller may read a field of every row that they may read anything of."""
        grants = self._reading(collection)
        having = [grant for grant in grants if field.attribute in grant.names]
        return len(having) == len(grants) > 0 or any(grant.where is None for grant in having)

    def is_quick(self, collection: str) -> bool:
        """Whether the rows that may be read are all, or are found by their keys."""
        grants = self._reading(collection)
        return any(grant.where is None for grant in grants) or all(grant.by_key for grant in grants)

    def rows(self, home: Collection, table: FromClause, kind: Kind) -> ColumnElement[bool]:
        """That the caller may read something of a row. Forbidden where there is no such row."""
        grants = self._reading(home.name)
        if not grants:
            raise Forbidden
        return _any(grants, home.name, table, kind)

    def value(
        self, collection: str, field: Field, table: FromClause, column: ColumnElement[Any], kind: Kind
    ) -> ColumnElement[Any]:
        """A column where the caller may read it, else NULL. UnreadField where they may in no row."""
        having = [grant for grant in self._reading(collection) if field.attribute in grant.names]
        if not having:
            raise UnreadField(field.name)
        if field.is_state:
            column = self._state(table, column, kind)
        if self.is_open(collection, field):
            return column
        return case((_any(having, collection, table, kind), column), else_=None)

    def _state(self, table: FromClause, column: ColumnElement[Any], kind: Kind) -> ColumnElement[Any]:
        """Of a former state, what the caller may read of every row of its collection."""
        known = {own: self._common(own) for own in _BY_OWN}
        return without(
            column,
            table.c.collection,
            {
                own: [field.name for field in _BY_OWN[own].fields if field.attribute not in names]
                for own, names in known.items()
                if names
            },
            kind,
        )

    def _common(self, own: str) -> frozenset[str]:
        every = [grant.names for grant in self._grants.get(("read", own), ()) if grant.where is None]
        return frozenset().union(*every)

    def cut(self, collection: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """What of a former state the caller may know: attributes that they may read of every row."""
        common = self._common(collection)
        return {name: value for name, value in state.items() if name in common}

    def grants(self, action: Action, collection: str) -> Sequence[Granted]:
        """The rules about this action, oldest first."""
        return self._grants.get((action, collection), ())

    async def holding(
        self, tx: Transaction, caller: Caller, action: Action, collection: str, ids: Several[Item]
    ) -> Mapping[Item, Sequence[Granted]]:
        """Which of them let the caller do it to these rows as they stand; rows without any are missing."""
        grants = tuple(self.grants(action, collection))
        if not grants:
            return {}
        terms = Terms(_BY_OWN[collection].name, tuple(grant.where for grant in grants))
        judged = await judging.judge(tx, terms, self.values(caller), ids)
        found = {
            id_: [grant for grant, holds in zip(grants, verdicts, strict=True) if holds]
            for id_, verdicts in judged.items()
        }
        return {id_: holding for id_, holding in found.items() if holding}

    async def presets(self, tx: Transaction, caller: Caller, grant: Grant) -> Mapping[str, object]:
        """What a rule fills in where the caller says nothing."""
        return await grant.preset(tx, caller) if isinstance(grant, Granted) else {}

    async def check(
        self,
        tx: Transaction,
        caller: Caller,
        collection: str,
        written: Mapping[str, Grant],
        named: Mapping[str, Several[str]] | None = None,
    ) -> None:
        """`Leave.check`."""
        made = {id_: grant for id_, grant in written.items() if isinstance(grant, Granted)}
        await judging.check(tx, _BY_OWN[collection].name, self.values(caller), made, named)


@lru_cache(1024)
def compiled(rules: tuple[Rule, ...], *, signed_in: bool) -> Rules:
    """The rules of a role with the minimum of whoever is signed in."""
    return Rules((*_MINIMUM, *rules), (_PORTRAITS,)) if signed_in else Rules(rules)


def of(caller: Caller) -> Rules | None:
    """What limits this caller's sight; None for administrators, and connections, which their scope limits."""
    if caller.admin or caller.connection is not None:
        return None
    if isinstance(caller.leave, Rules):
        return caller.leave
    return compiled((), signed_in=caller.user is not None)


def _any(grants: Sequence[Granted], collection: str, table: FromClause, kind: Kind) -> ColumnElement[bool]:
    if any(grant.where is None for grant in grants):
        return true()
    return or_(false(), *(grant.where.met(collection, table, kind) for grant in grants if grant.where))


def _field(collection: str, column: str) -> Field:
    return next(field for field in COLLECTIONS[collection].fields if field.column == column)
