"""The tables that one statement looks at: a collection's own, and those at the ends of its relations.

Every column of a statement comes from here, so what the caller may not read is in none: no statement names
it, whether to answer, filter, search, sort or sum.
"""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, select, type_coerce
from sqlalchemy.sql.util import ClauseAdapter

from service.database.shapes import Kind
from service.database.types import AsJson
from service.dialects.dialect import EVERY, Collection, words
from service.dialects.fields import Field, Language
from service.dialects.functions import RANDOM, apply
from service.dialects.nodes import Term
from service.dialects.paths import Path
from service.dialects.relations import Relation, relations
from service.users.access import ScopeKind
from service.users.model import CONCEALED
from service.users.problems import Forbidden

if TYPE_CHECKING:
    from service.dialects.rules import Rules

_RAW: Final = ("json", "tags")


class Sight:
    """Grows with every path that is looked along; `source` is then what to select from.

    A row that the caller may not see is not there: the scope and the rules stand in the condition of each
    join, so its columns are NULL for filters and sorts as they are for answers. So is a value that the caller
    may read of other rows; one that they may read of none is Forbidden.
    """

    def __init__(
        self,
        language: Language,
        collection: str,
        scope: ScopeKind,
        kind: Kind,
        table: FromClause | None = None,
        rules: "Rules | None" = None,
        prefix: str = "v",
    ) -> None:
        self.language = language
        self.collection = collection
        self.kind: Kind = kind
        self.prefix = prefix
        self.scope = scope
        self._rules = rules
        self.home = EVERY[collection]
        self.table: FromClause = self.home.table if table is None else table
        self._seen: dict[tuple[str, ...], tuple[str, FromClause]] = {(): (collection, self.table)}
        self.source: FromClause = self.table

    @property
    def tables(self) -> list[FromClause]:
        """All that is looked at, the collection's own first."""
        return [table for _, table in self._seen.values()]

    @property
    def allowed(self) -> ColumnElement[bool]:
        """That the caller may see the collection's row."""
        return self._allowed(self.home, self.table)

    def _allowed(self, home: Collection, table: FromClause) -> ColumnElement[bool]:
        condition = home.conditions[self.scope if home is self.home else "all"]
        if table is not home.table:
            condition = ClauseAdapter(table).traverse(condition)
        return condition if self._rules is None else and_(condition, self._rules.rows(home, table, self.kind))

    def _at(self, steps: tuple[str, ...]) -> tuple[str, FromClause]:
        if steps not in self._seen:
            collection, table = self._at(steps[:-1])
            relation = relations(self.language, collection)[steps[-1]]
            target = EVERY[relation.target]
            there = target.table.alias()
            here = and_(
                there.c.id == self._tie(collection, table, relation.column), self._allowed(target, there)
            )
            self.source = self.source.outerjoin(there, here)
            self._seen[steps] = relation.target, there
        return self._seen[steps]

    def _tie(self, collection: str, table: FromClause, column: str) -> ColumnElement[Any]:
        """A column that holds the key of another row."""
        held = next(field for field in EVERY[collection].fields if field.column == column)
        return self._value(collection, held, table, column)

    def of(self, column: str) -> ColumnElement[Any]:
        """The key, in this column, of the row that a row of this collection belongs to; its own, of `id`."""
        return self.table.c.id if column == "id" else self._tie(self.collection, self.table, column)

    def through(self, steps: tuple[str, ...], word: str) -> tuple["Sight", ColumnElement[bool]]:
        """The rows that a relation to many leads to, and what ties them to ours."""
        collection, table = self._at(steps)
        relation: Relation = relations(self.language, collection)[word]
        if self._rules is not None and not self._rules.knows(self.language, collection, word):
            raise Forbidden
        there = Sight(
            self.language,
            relation.target,
            "all",
            self.kind,
            EVERY[relation.target].table.alias(),
            self._rules,
            self.prefix,
        )
        return there, and_(there.allowed, there.of(relation.column) == table.c.id)

    def subject(self, path: tuple[str, ...], *, keyed: bool) -> ColumnElement[Any]:
        """What the caller's own row says, as rules ask for it: nothing of whoever is not signed in."""
        own = Sight(self.language, "directus_users", "own", self.kind, EVERY["directus_users"].table.alias())
        *steps, word = path
        collection, table = own._at(tuple(steps))
        field = words(self.language, collection)[word]
        column = table.c[field.key] if keyed and field.key else own.valued(Path(tuple(steps), word))
        found = select(column).select_from(own.source).where(own.allowed)
        return found.correlate_except(*own.tables).scalar_subquery()

    def _field(self, steps: tuple[str, ...], name: str) -> tuple[str, Field, FromClause]:
        """The field with this name of ours at the end of relations, and the table that has it."""
        collection, table = self._at(steps)
        return collection, next(f for f in EVERY[collection].fields if f.name == name), table

    def has_key(self, term: Term) -> bool:
        """Whether what a term looks at has a column of its own for comparing without regard to case."""
        return self._field(term.relations, term.field)[1].key is not None

    def column(self, term: Term, *, keyed: bool) -> ColumnElement[Any]:
        """What a filter looks at; `keyed`: without regard to case, where there is a column for that."""
        collection, _ = self._at(term.relations)
        if term.function is not None and term.field in relations(self.language, collection):
            return self._counted(term.relations, term.field)
        collection, field, table = self._field(term.relations, term.field)
        if term.ours:
            return table.c[field.column]
        if keyed and field.key and term.function is None:
            return self._value(collection, field, table, field.key)
        column = self._said(collection, field, table)
        return column if term.function is None else apply(term.function, column, self.kind)

    def valued(self, path: Path) -> ColumnElement[Any]:
        """What a sort, a group or a sum looks at, by the language's word."""
        collection, table = self._at(path.relations)
        if path.function == RANDOM:
            return func.random()
        if path.ours:
            return table.c[path.word]
        field = words(self.language, collection).get(path.word)
        if field is None:
            return self._counted(path.relations, path.word)
        column = self._said(collection, field, table)
        return column if path.function is None else apply(path.function, column, self.kind)

    def shown(self, path: Path) -> ColumnElement[Any]:
        """What an answer is made of: a secret stays in the database, asterisks come when there is one."""
        column = self.valued(path)
        collection, _ = self._at(path.relations)
        field = words(self.language, collection).get(path.word)
        if field is None or path.ours or path.function is not None:
            return column
        if field.guard == "secret":
            return case((column.is_not(None), literal_column(f"'{CONCEALED}'")), else_=None)
        return type_coerce(column, AsJson()) if field.kind in _RAW else column

    def is_open(self, field: Field) -> bool:
        """Whether the caller may read this of every row that they see."""
        return self._rules is None or self._rules.is_open(self.collection, field)

    def readable(self, field: Field) -> ColumnElement[Any] | None:
        """The field's column; None where the caller may read it of no row."""
        try:
            return self._value(self.collection, field, self.table, field.column)
        except Forbidden:
            return None

    def _said(self, collection: str, field: Field, table: FromClause) -> ColumnElement[Any]:
        """The value as the language says it."""
        cell = field.cells.get(self.language)
        name = (cell.column if cell else None) or field.column
        column = self._value(collection, field, table, name)
        return column if cell is None or cell.sql is None else cell.sql(table, column)

    def _value(self, collection: str, field: Field, table: FromClause, name: str) -> ColumnElement[Any]:
        """A column, NULL in the rows of which the caller may not read it; Forbidden where that is all."""
        column: ColumnElement[Any] = table.c[name]
        return (
            column if self._rules is None else self._rules.value(collection, field, table, column, self.kind)
        )

    def _counted(self, steps: tuple[str, ...], word: str) -> ColumnElement[Any]:
        there, tied = self.through(steps, word)
        rows = select(func.count()).select_from(there.source).where(tied).correlate_except(*there.tables)
        return rows.scalar_subquery()
