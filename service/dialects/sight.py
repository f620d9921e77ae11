"""The tables that one statement looks at: a collection's own, and those at the ends of its relations."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column, select, type_coerce
from sqlalchemy.sql.util import ClauseAdapter

from service.database.shapes import Kind
from service.database.types import AsJson
from service.dialects.dialect import EVERY, Collection, words
from service.dialects.fields import Field, Language
from service.dialects.functions import apply
from service.dialects.paths import Path
from service.dialects.relations import Relation, relations
from service.users.access import ScopeKind
from service.users.model import CONCEALED

_RAW: Final = ("json", "tags")


class Sight:
    """Grows with every path that is looked along; `source` is then what to select from.

    A row that the caller may not see is not there: the scope stands in the condition of each join, so its
    columns are NULL for filters and sorts as they are for answers.
    """

    def __init__(
        self,
        language: Language,
        collection: str,
        scope: ScopeKind,
        kind: Kind,
        table: FromClause | None = None,
    ) -> None:
        self.language = language
        self.collection = collection
        self.kind: Kind = kind
        self._scope = scope
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
        at_home = home is self.home
        condition = home.conditions[self._scope if at_home else near(self._scope)]
        if table is home.table:
            return condition
        return ClauseAdapter(table).traverse(condition)

    def _at(self, steps: tuple[str, ...]) -> tuple[str, FromClause]:
        if steps not in self._seen:
            collection, table = self._at(steps[:-1])
            relation = relations(self.language, collection)[steps[-1]]
            target = EVERY[relation.target]
            there = target.table.alias()
            here = and_(there.c.id == table.c[relation.column], self._allowed(target, there))
            self.source = self.source.outerjoin(there, here)
            self._seen[steps] = relation.target, there
        return self._seen[steps]

    def through(self, steps: tuple[str, ...], word: str) -> tuple["Sight", ColumnElement[bool]]:
        """The rows that a relation to many leads to, and what ties them to ours."""
        collection, table = self._at(steps)
        relation: Relation = relations(self.language, collection)[word]
        home = EVERY[relation.target]
        there = Sight(self.language, relation.target, near(self._scope), self.kind, home.table.alias())
        return there, and_(there.allowed, there.table.c[relation.column] == table.c.id)

    def field(self, steps: tuple[str, ...], name: str) -> tuple[Field, FromClause]:
        """The field with this name of ours at the end of relations, and the table that has it."""
        collection, table = self._at(steps)
        return next(field for field in EVERY[collection].fields if field.name == name), table

    def column(self, steps: tuple[str, ...], name: str, function: str | None) -> ColumnElement[Any]:
        """What a filter looks at, by our own name of the field."""
        collection, table = self._at(steps)
        if function is not None and name in relations(self.language, collection):
            return self._counted(steps, name)
        field, table = self.field(steps, name)
        column: ColumnElement[Any] = table.c[field.column]
        return column if function is None else apply(function, column, self.kind)

    def valued(self, path: Path) -> ColumnElement[Any]:
        """What a sort, a group or a sum looks at, by the language's word."""
        collection, table = self._at(path.relations)
        field = words(self.language, collection).get(path.word)
        if field is None:
            return self._counted(path.relations, path.word)
        column: ColumnElement[Any] = table.c[field.cells[self.language].column or field.column]
        return column if path.function is None else apply(path.function, column, self.kind)

    def shown(self, path: Path) -> ColumnElement[Any]:
        """What an answer is made of: a secret stays in the database, asterisks come when there is one."""
        column = self.valued(path)
        collection, _ = self._at(path.relations)
        field = words(self.language, collection).get(path.word)
        if field is None or path.function is not None:
            return column
        if field.guard == "secret":
            return case((column.is_not(None), literal_column(f"'{CONCEALED}'")), else_=None)
        return type_coerce(column, AsJson()) if field.kind in _RAW else column

    def _counted(self, steps: tuple[str, ...], word: str) -> ColumnElement[Any]:
        there, tied = self.through(steps, word)
        rows = select(func.count()).select_from(there.source).where(tied).correlate_except(*there.tables)
        return rows.scalar_subquery()


def near(scope: ScopeKind) -> ScopeKind:
    """The scope of rows that a relation leads to: who sees all sees all of them, anyone else their own."""
    return "all" if scope == "all" else "own"
