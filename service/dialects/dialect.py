"""The machine that turns the field table into a language: selections to read with, bodies to take."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Table, Text, case, literal_column, type_coerce

from service.database import tables
from service.dialects import scim
from service.dialects.fields import ROLES, USERS, Cell, Field, Language
from service.users import access
from service.users.access import Scope, ScopeKind
from service.users.model import CONCEALED, Caller
from service.users.problems import BadPayload, BadQuery

Row = tuple[Any, ...]
_KEY: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Collection(msgspec.Struct, frozen=True, eq=False):
    """Rows that the languages speak of: the documented name, the table, and its part of the field table."""

    name: str
    table: Table
    fields: tuple[Field, ...]
    scope: Callable[[Caller], Scope]
    conditions: Mapping[ScopeKind, ColumnElement[bool]]

    def column(self, field: Field, cell: Cell | None = None) -> ColumnElement[Any]:
        """The column that a filter or a sort looks at."""
        name = (cell.column if cell else None) or field.column
        found: ColumnElement[Any] = self.table.c[name]
        return found


COLLECTIONS: Final[Mapping[str, Collection]] = {
    collection.name: collection
    for collection in (
        Collection("directus_users", tables.users, USERS, access.scope, access.CONDITIONS),
        Collection("directus_roles", tables.roles, ROLES, access.role_scope, access.ROLE_CONDITIONS),
    )
}
USER_COLLECTION: Final = COLLECTIONS["directus_users"]
ROLE_COLLECTION: Final = COLLECTIONS["directus_roles"]


class Selection(msgspec.Struct, frozen=True, eq=False):
    """The columns of an answer and what makes an object of each row."""

    columns: tuple[ColumnElement[Any], ...]
    struct: Callable[..., object]
    fixes: tuple[tuple[int, Callable[[Any], object]], ...]

    def item(self, row: Row) -> object:
        """The row as an object whose keys are the dialect's words."""
        if not self.fixes:
            return self.struct(*row)
        values = list(row)
        for place, fix in self.fixes:
            if values[place] is not None:
                values[place] = fix(values[place])
        return self.struct(*values)


@lru_cache(64)
def words(language: Language, collection: str) -> Mapping[str, Field]:
    """The fields of a collection under the language's own words, in the documented order."""
    fields = COLLECTIONS[collection].fields
    return {field.cells[language].word: field for field in fields if language in field.cells}


@lru_cache(64)
def readable(language: Language, collection: str) -> tuple[str, ...]:
    """What `*` stands for."""
    return tuple(word for word, field in words(language, collection).items() if field.guard != "hidden")


def word_of(language: Language, collection: str, name: str) -> str:
    """The language's word for one of our attributes; our own where it has none."""
    for word, field in words(language, collection).items():
        if field.name == name:
            return word
    return name


def _shown(collection: Collection, field: Field, cell: Cell) -> ColumnElement[Any]:
    column = collection.column(field, cell)
    if field.guard == "secret":  # the secret stays in the database: asterisks when there is one
        return case((column.is_not(None), literal_column(f"'{CONCEALED}'")), else_=None)
    return type_coerce(column, Text()) if field.kind in ("json", "tags") else column


@lru_cache(1024)
def selection(language: Language, collection: str, chosen: tuple[str, ...]) -> Selection:
    """The selection of these words, which have to be known and readable."""
    known, home = words(language, collection), COLLECTIONS[collection]
    if language == "scim":
        stored = [home.table.c[name] for name in scim.COLUMNS]
        raw = [type_coerce(column, Text()) if column.name == "auth_data" else column for column in stored]
        return Selection(tuple(raw), scim.by_name(scim.COLUMNS), ())
    columns: list[ColumnElement[Any]] = []
    fixes: list[tuple[int, Callable[[Any], object]]] = []
    for place, word in enumerate(chosen):
        field = known[word]
        cell = field.cells[language]
        columns.append(_shown(home, field, cell).label(f"c{place}"))
        if field.kind in ("json", "tags"):
            fixes.append((place, msgspec.Raw))
        if cell.load:
            fixes.append((place, cell.load))
    names = [(f"c{place}", object) for place in range(len(chosen))]
    rename = {f"c{place}": word for place, word in enumerate(chosen)}
    struct = msgspec.defstruct("Item", names, rename=rename, frozen=True, gc=False)
    return Selection(tuple(columns), struct, tuple(fixes))


def choose(language: Language, collection: str, asked: Sequence[str]) -> tuple[str, ...]:
    """The words that `fields` asks for; `*` and nothing mean every one. BadQuery names unknown ones."""
    every = readable(language, collection)
    if not asked or asked == ["*"]:
        return every
    chosen: dict[str, None] = {}
    for word in asked:
        if word == "*":
            chosen.update(dict.fromkeys(every))
        elif word in every:
            chosen[word] = None
        else:
            raise BadQuery(f'Unknown field "{word[:64]}" in "{collection}"')
    return tuple(chosen)


def take(language: Language, collection: str, body: object) -> dict[str, object]:
    """A body of the language as values of ours. An unknown word is refused: nothing is lost in silence."""
    if not isinstance(body, Mapping):
        raise BadPayload('"value" must be of type object')
    known = words(language, collection)
    taken: dict[str, object] = {}
    for word, value in body.items():
        field = known.get(word)
        if field is None:
            raise BadPayload(f'"{word[:64]}" is not allowed')
        if field.guard == "server" and field.name != "id":
            continue  # written by us alone; a client that sends back what it read is not wrong
        dump = field.cells[language].dump
        taken[field.name] = dump(value) if dump else value
    return taken


def settle(collection: str, taken: dict[str, object], stored: Mapping[str, object]) -> dict[str, object]:
    """The values with second words under their first ones.

    A client that sends back all that it read, with one of the two words changed, means the one that is not as
    stored; where both differ the first word wins.
    """
    settled = dict(taken)
    for field in COLLECTIONS[collection].fields:
        if field.alias_of is None or field.name not in settled:
            continue
        second, first = settled.pop(field.name), settled.get(field.alias_of)
        if field.alias_of not in taken or first in (stored.get(field.alias_of), CONCEALED):
            settled[field.alias_of] = second
    return settled


def key(text: str) -> str:
    """A uuid in its one spelling, lower case with dashes. ValueError when it is none."""
    return text if _KEY.fullmatch(text) else str(UUID(text))
