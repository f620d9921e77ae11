"""The field table: a row per attribute, a column per dialect; answers, filters, documents are made of it.

A cell is the dialect's word, or `Cell(word, ...)` where the value differs as well. Guards: `open` is read and
written, `server` is written by us alone, `secret` is written and reads as asterisks, `hidden` is never shown.
Users, connections, permissions and what happened have theirs in files of their own.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, FromClause, func, type_coerce

from service.users.model import Kind

Guard = Literal["open", "server", "secret", "hidden"]
Language = Literal["rest8", "rest10", "scim", "graphql"]
LANGUAGES: Final[tuple[Language, ...]] = ("rest8", "rest10", "scim", "graphql")
TYPES: Final[Mapping[Kind, str]] = {"tags": "json"}  # kinds that callers know by another name


class Cell(msgspec.Struct, frozen=True):
    """A dialect's word for an attribute; `load` makes its value of ours, `dump` ours of its value.

    `lacking` is what is shown where there is no value.
    `column` names another column than the row's, `kind` and `guard` another kind and guard than the row's.
    `sql` makes what is shown and asked for of the table and the value, where no column holds it as the
    dialect says it: a reference as the number of the row that it leads to.
    """

    word: str
    column: str | None = None
    kind: Kind | None = None
    guard: Guard | None = None
    sql: Callable[[FromClause, ColumnElement[Any]], ColumnElement[Any]] | None = None
    load: Callable[[object], object] | None = None
    lacking: object = None
    dump: Callable[[object], object] | None = None


class Field(msgspec.Struct, frozen=True):
    """A row of the table: `name` is the attribute in our own words and, unless said otherwise, the column."""

    name: str
    kind: Kind
    column: str
    guard: Guard
    cells: Mapping[Language, Cell]
    key: str | None = None  # the casefolded column that equality looks at
    alias_of: str | None = None  # a second word for a value that another row holds
    references: str | None = None  # the collection that a uuid points into
    is_state: bool = False  # attributes of another row, whose collection the row names

    def said(self, language: Language) -> "Field":
        """The row as the language sees it: with the kind and the guard that its cell names."""
        cell = self.cells[language]
        if cell.kind is None and cell.guard is None:
            return self
        return msgspec.structs.replace(self, kind=cell.kind or self.kind, guard=cell.guard or self.guard)

    @property
    def attribute(self) -> str:
        """What rules know it by: a second word, or the number in the place of the key, is no second thing."""
        return "id" if self.name == "number" else self.alias_of or self.name


def _cell(cell: Cell | str) -> Cell:
    return Cell(cell) if isinstance(cell, str) else cell


def row(
    name: str,
    kind: Kind,
    *,
    guard: Guard = "open",
    column: str | None = None,
    key: str | None = None,
    alias_of: str | None = None,
    references: str | None = None,
    **cells: Cell | str | None,
) -> Field:
    """A row, with what the languages call it by their names: a cell, or a word."""
    named = {language: _cell(cell) for language in LANGUAGES if (cell := cells.get(language)) is not None}
    return Field(name, kind, column or name, guard, named, key, alias_of, references)


def swap(pairs: Mapping[object, object]) -> Callable[[object], object]:
    """What puts another word in the place of each of these."""

    def swapped(value: object) -> object:
        return pairs.get(value, value) if isinstance(value, str) else value

    return swapped


def _unlisted(value: object) -> object:
    """No network is the absence of any: a client that sends back what it read changes nothing."""
    return None if value == [] else value


def nothing(_: FromClause, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """What this service has none of, and the documented object names."""
    return type_coerce(func.nullif(value, value), value.type)


def seconds(value: object) -> object:
    """The 8 generation's dates: seconds and a numeric zone, as `2020-01-13T22:31:43+00:00`."""
    return f"{value[:19]}+00:00" if isinstance(value, str) else value


def unshortened(value: object) -> object:
    """What `seconds` shows, as a moment is kept."""
    short = isinstance(value, str) and len(value) == 25 and value.endswith("+00:00")
    return f"{str(value)[:19]}.000Z" if short else value


# Only SCIM speaks of groups.
GROUPS: Final[tuple[Field, ...]] = (
    row("id", "uuid", guard="server", scim="id"),
    row("display_name", "string", key="display_name_key", scim="displayName"),
    row("external_identifier", "string", scim="externalId"),
    row("created_at", "timestamp", guard="server", scim="meta.created"),
    row("changed_at", "timestamp", guard="server", scim="meta.lastModified"),
    row("version", "integer", guard="server", scim="meta.version"),
)

_EVERYWHERE: Final[tuple[Language, ...]] = ("rest8", "rest10", "graphql")


def _file(name: str, kind: Kind, guard: Guard = "open", *, references: str | None = None) -> Field:
    """A row of the files table, with one word in every generation."""
    said = dict.fromkeys(_EVERYWHERE, name)
    return row(name, kind, guard=guard, references=references, **said)


FILES: Final[tuple[Field, ...]] = (
    row("id", "uuid", guard="server", rest10="id", graphql="id"),
    row("number", "integer", guard="server", rest8="id"),
    _file("storage", "string", "server"),
    _file("filename_disk", "string", "server"),
    _file("filename_download", "string"),
    _file("title", "string"),
    _file("type", "string", "server"),
    _file("uploaded_by", "uuid", "server", references="directus_users"),
    _file("uploaded_on", "timestamp", "server"),
    _file("modified_by", "uuid", "server", references="directus_users"),
    _file("modified_on", "timestamp", "server"),
    _file("filesize", "integer", "server"),
    _file("width", "integer", "server"),
    _file("height", "integer", "server"),
    _file("description", "text"),
    _file("location", "string"),
    _file("tags", "tags"),
    _file("metadata", "json"),
)

ROLES: Final[tuple[Field, ...]] = (
    row("id", "uuid", guard="server", rest10="id", graphql="id"),
    row("number", "integer", guard="server", rest8="id"),
    row("name", "string", rest8="name", rest10="name", graphql="name"),
    row("icon", "string", rest10="icon", graphql="icon"),
    row("description", "text", rest8="description", rest10="description", graphql="description"),
    row(
        "ip_access",
        "tags",
        rest8=Cell("ip_whitelist", lacking=(), dump=_unlisted),
        rest10="ip_access",
        graphql="ip_access",
    ),
    row("external_id", "string", rest8="external_id"),
    row("module_listing", "json", rest8="module_listing"),
    row("collection_listing", "json", rest8="collection_listing"),
    row("enforce_tfa", "boolean", rest8="enforce_2fa", rest10="enforce_tfa", graphql="enforce_tfa"),
    row("admin_access", "boolean", rest10="admin_access", graphql="admin_access"),
    row("app_access", "boolean", rest10="app_access", graphql="app_access"),
)
