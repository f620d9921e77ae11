"""Filters as SQL: the shape of a filter becomes one condition on the tables of a statement."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.types import Text

from service.database import one_of
from service.database.case import folded_column, sought
from service.database.documents import entries, text_at
from service.database.shapes import Kind
from service.database.types import Words
from service.dialects import dialect, scim_members
from service.dialects.fields import Field, Language
from service.dialects.filters import BY_KEY
from service.dialects.nodes import Among, Held, Joined, Keyed, Node, Not, Own, Some, Term
from service.dialects.operators import NAMED, position
from service.dialects.scim_members import Parts
from service.dialects.sight import Sight
from service.users import file_access
from service.users.rows import SEARCHED, fold

# What a language looks through beside the text that is kept for searching.
_BESIDE: Final[Mapping[Language, frozenset[str]]] = {"rest8": frozenset({"company"})}
SOUGHT = ("search_plain", "search_given", "search_instead")  # of a table that keeps no text for searching


def asked(operands: Sequence[object], search: str | None) -> tuple[dict[str, object], bool]:
    """The values of a filter and of a search by the names of their binds; whether the latter is a key."""
    values: dict[str, object] = {f"v{place}": value for place, value in enumerate(operands)}
    if not search:
        return values, False
    values["search"] = fold(search) or ""
    values |= zip(SOUGHT, sought(search), strict=True)
    try:
        values["search_key"] = dialect.key(search)
    except ValueError:
        return values, False
    return values, True


def condition(sight: Sight, node: Node, parts: Parts | None = None) -> ColumnElement[bool]:
    """What the rows have to satisfy; its binds are v0, v1 ... in the order of the filter's values.

    A sight may have another prefix than v. `parts` gives what stands in one of several values, inside Among.
    """
    if isinstance(node, Joined):
        joined = [condition(sight, part, parts) for part in node.parts]
        return and_(*joined) if node.how == "and" else or_(*joined)
    if isinstance(node, Not):
        # A row without a value does not satisfy the condition, so it satisfies its negation.
        return not_(func.coalesce(condition(sight, node.part, parts), false()))
    return _some(sight, node) if isinstance(node, Some) else _single(sight, node, parts)


def _single(
    sight: Sight, node: Term | Held | Among | Keyed | Own, parts: Parts | None
) -> ColumnElement[bool]:
    if isinstance(node, Held):
        return _held(node, parts or _document(sight), sight.kind)
    if isinstance(node, Among):
        return _among(sight, node)
    if isinstance(node, Own):
        return ClauseAdapter(sight.table).traverse(file_access.OWN)
    return _keyed(sight, node) if isinstance(node, Keyed) else _term(sight, node)


def _document(sight: Sight) -> Parts:
    """What the row's document holds at a path."""
    return lambda path: text_at(sight.table.c.auth_data, path, sight.kind)


def _held(node: Held, parts: Parts, kind: Kind) -> ColumnElement[bool]:
    operator, text = NAMED[node.operator], parts(node.path)
    if operator.operand == "none":
        return operator.condition(text)
    if operator.folds:
        text = folded_column(text, kind, f"v{node.first + 1}", f"v{node.first + 2}")
    bind = bindparam(f"v{node.first}", type_=Words())
    return operator.condition(func.lower(text) if node.folded else text, bind)


def _among(sight: Sight, node: Among) -> ColumnElement[bool]:
    """One EXISTS for each place where values of the attribute are kept."""
    found = scim_members.sources(sight.collection, node.path, sight.kind)
    if found is None:
        document: ColumnElement[Any] = sight.table.c.auth_data
        listed, entry = entries(document, node.path, sight.kind)
        rows: Select[Any] = select(literal_column("1")).select_from(listed).correlate_except(listed)
        found = [(rows, lambda path: text_at(entry, path, sight.kind))]
    return or_(*(exists(_such(sight, rows, parts, node.part)) for rows, parts in found))


def _such(sight: Sight, rows: Select[Any], parts: Parts, part: Node | None) -> Select[Any]:
    return rows if part is None else rows.where(condition(sight, part, parts))


def _keyed(sight: Sight, node: Keyed) -> ColumnElement[bool]:
    lookup = scim_members.KEYED[node.name]
    value = bindparam(f"v{node.first}", type_=lookup.type)
    ids = lookup.ids(value, bindparam("caller_project", type_=Words()))
    return cast(ColumnElement[bool], sight.table.c.id.in_(ids))


def _some(sight: Sight, node: Some) -> ColumnElement[bool]:
    there, tied = sight.through(node.relations, node.word)
    conditions = [tied] if node.part is None else [tied, condition(there, node.part)]
    found = exists(
        select(literal_column("1"))
        .select_from(there.source)
        .where(*conditions)
        .correlate_except(*there.tables)
    )
    return not_(found) if node.none else found


def _term(sight: Sight, term: Term) -> ColumnElement[bool]:
    operator = NAMED[term.operator]
    keyed = term.folded or term.operator in BY_KEY
    column = sight.column(term, keyed=keyed)
    if term.subject:
        return operator.condition(column, sight.subject(term.subject, keyed=keyed and sight.has_key(term)))
    if term.folded and term.function is None and operator.operand != "none" and not sight.has_key(term):
        column = func.lower(column)
    if operator.operand == "none":
        return operator.condition(column)
    if isinstance(column.type, Integer):  # a filter may name numbers that the column never holds
        column = type_coerce(column, BigInteger())
    name = [f"{sight.prefix}{term.first + place}" for place in range(3)]
    if operator.operand == "many":
        return operator.condition(column, one_of(column, name[0], sight.kind))
    if operator.folds:
        column = folded_column(column, sight.kind, name[1], name[2])
    many = 2 if operator.operand == "two" else 1
    binds = [bindparam(name[place], type_=column.type) for place in range(many)]
    return operator.condition(column, *binds)


def search(sight: Sight, *, keyed: bool) -> ColumnElement[bool]:
    """That a text is found in any text of the row, or is one of its keys."""
    texts = [field for field in sight.home.fields if _is_searched(sight, field)]
    conditions: list[ColumnElement[Any]] = []
    if "search_text" in sight.table.c:
        kept = [field for field in texts if field.name in SEARCHED]
        if all(map(sight.is_open, kept)):
            conditions.append(position(sight.table.c.search_text, bindparam("search", type_=Text())) > 0)
            texts = [field for field in texts if field not in kept]
    plain, given, instead = SOUGHT
    for column in _readable(sight, texts):
        folded = folded_column(column, sight.kind, given, instead)
        conditions.append(position(folded, bindparam(plain, type_=Text())) > 0)
    if keyed:
        keys = [field for field in sight.home.fields if field.kind == "uuid" and field.guard != "hidden"]
        conditions += [column == bindparam("search_key") for column in _readable(sight, keys)]
    return or_(false(), *conditions)


def _readable(sight: Sight, fields: Sequence[Field]) -> list[ColumnElement[Any]]:
    return [column for column in map(sight.readable, fields) if column is not None]


def _is_searched(sight: Sight, field: Field) -> bool:
    """Of users, what their text for searching is made of; elsewhere every text that the language shows."""
    if "search_text" in sight.table.c:
        return field.name in SEARCHED or field.name in _BESIDE.get(sight.language, ())
    is_shown = sight.language in field.cells and field.guard in ("open", "server")
    return is_shown and field.kind in ("string", "text")
