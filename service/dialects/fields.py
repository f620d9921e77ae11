"""The field table: a row per attribute, a column per dialect; answers, filters, documents are made of it.

A cell is the dialect's word, or `Cell(word, ...)` where the value differs as well. Guards: `open` is read and
written, `server` is written by us alone, `secret` is written and reads as asterisks, `hidden` is never shown.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, FromClause, Text, cast, func, literal_column, select

from service.database import tables
from service.dialects import references, sealed
from service.users.model import ATTRIBUTES, CONCEALED, Kind

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


def _row(
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
    named = {language: _cell(cell) for language in LANGUAGES if (cell := cells.get(language)) is not None}
    return Field(name, kind, column or name, guard, named, key, alias_of, references)


def _user(name: str, rest8: Cell | str | None, rest10: Cell | str | None, scim: Cell | str | None = None,
          *, guard: Guard = "open", column: str | None = None, key: str | None = None,
          alias_of: str | None = None, references: str | None = None) -> Field:  # fmt: skip
    """A row of the users table; GraphQL speaks the words of the 10 generation."""
    return _row(
        name,
        ATTRIBUTES[alias_of or name].kind,
        guard=guard,
        column=column,
        key=key,
        alias_of=alias_of,
        references=references,
        rest8=rest8,
        rest10=rest10,
        scim=scim,
        graphql=rest10,
    )


def swap(pairs: Mapping[object, object]) -> Callable[[object], object]:
    """What puts another word in the place of each of these."""

    def swapped(value: object) -> object:
        return pairs.get(value, value) if isinstance(value, str) else value

    return swapped


# One stored state has two words, and both are understood in both generations.
_ARCHIVED_HERE: Final = swap({"deleted": "archived"})
_DELETED_THERE: Final = swap({"archived": "deleted"})


def _is_active(value: object) -> object:
    return value == "active"


def _linked(value: object) -> object:
    """An object that holds nothing but an id is a link (a client sends back what it read as an object)."""
    return value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value


def _open_reset(table: FromClause, changed_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Asterisks for who was sent a letter to reset their password, and has not changed since."""
    letter = tables.letters.c
    concealed: ColumnElement[str] = literal_column(f"'{CONCEALED}'")
    asked = (
        letter.project == table.c.project,
        letter.reference == cast(table.c.id, Text()),
        letter.kind == "password_reset",
        letter.status != "cancelled",
        letter.created_at > changed_at,
    )
    return select(func.max(concealed)).where(*asked).correlate(table).scalar_subquery()


def _unlisted(value: object) -> object:
    """No network is the absence of any: a client that sends back what it read changes nothing."""
    return None if value == [] else value


def nothing(_: FromClause, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """What this service has none of, and the documented object names."""
    return func.nullif(value, value)


def seconds(value: object) -> object:
    """The 8 generation's dates: seconds and a numeric zone, as `2020-01-13T22:31:43+00:00`."""
    return f"{value[:19]}+00:00" if isinstance(value, str) else value


def unshortened(value: object) -> object:
    """What `seconds` shows, as a moment is kept."""
    short = isinstance(value, str) and len(value) == 25 and value.endswith("+00:00")
    return f"{str(value)[:19]}.000Z" if short else value


# The first 26 stand in the order of the documented object of generation 10; `theme` follows them.
USERS: Final[tuple[Field, ...]] = (
    _user("id", None, "id", "id", guard="server"),
    _user("first_name", "first_name", "first_name", "name.givenName"),
    _user("last_name", "last_name", "last_name", "name.familyName"),
    _user("email", "email", "email", "emails[primary].value", key="email_key"),
    _user(
        "password",
        Cell("password", guard="hidden"),
        "password",
        "password",
        guard="secret",
        column="password_hash",
    ),
    _user("location", None, "location"),
    _user("title", "title", "title", "title"),
    _user("description", None, "description"),
    _user("tags", None, "tags"),
    _user(
        "avatar",
        Cell("avatar", kind="integer", sql=references.of(tables.files), dump=references.linked),
        Cell("avatar", dump=_linked),
        references="directus_files",
    ),
    _user("language", "locale", "language", "preferredLanguage"),
    _user("tfa_secret", "2fa_secret", "tfa_secret", guard="secret"),
    _user(
        "status",
        Cell("status", load=_DELETED_THERE, dump=_ARCHIVED_HERE),
        Cell("status", dump=_ARCHIVED_HERE),
        Cell("active", load=_is_active),
    ),
    _user(
        "role",
        Cell("role", kind="integer", sql=references.of(tables.roles), dump=references.linked),
        Cell("role", dump=_linked),
        references="directus_roles",
    ),
    _user(
        "token",
        Cell("token", column="token_sealed", guard="open", sql=sealed.placed, load=sealed.of),
        "token",
        guard="secret",
        column="token_fingerprint",
    ),
    _user("last_access", Cell("last_access_on", load=seconds, dump=unshortened), "last_access"),
    _user("last_page", "last_page", "last_page"),
    _user("provider", None, "provider"),
    _user("external_identifier", "external_id", "external_identifier", "externalId"),
    _user("auth_data", None, "auth_data"),
    _user("email_notifications", "email_notifications", "email_notifications"),
    _user("appearance", "theme", "appearance"),
    _user("theme_dark", None, "theme_dark"),
    _user("theme_light", None, "theme_light"),
    _user("theme_light_overrides", None, "theme_light_overrides"),
    _user("theme_dark_overrides", None, "theme_dark_overrides"),
    _user("theme", None, "theme", column="appearance", alias_of="appearance"),
    _user("number", Cell("id"), None, guard="server"),
    _user("timezone", "timezone", None, "timezone"),
    _user("locale_options", "locale_options", None),
    _user("company", "company", None),
    _row(
        "password_reset_token",
        "hash",
        guard="server",
        column="changed_at",
        rest8=Cell("password_reset_token", sql=_open_reset),
    ),
    _user("user_name", None, None, "userName", key="user_name_key"),
    _row("created_at", "timestamp", guard="server", scim="meta.created"),
    _row("changed_at", "timestamp", guard="server", scim="meta.lastModified"),
    _row("version", "integer", guard="server", scim="meta.version"),
)

# Only SCIM speaks of groups.
GROUPS: Final[tuple[Field, ...]] = (
    _row("id", "uuid", guard="server", scim="id"),
    _row("display_name", "string", key="display_name_key", scim="displayName"),
    _row("external_identifier", "string", scim="externalId"),
    _row("created_at", "timestamp", guard="server", scim="meta.created"),
    _row("changed_at", "timestamp", guard="server", scim="meta.lastModified"),
    _row("version", "integer", guard="server", scim="meta.version"),
)

_EVERYWHERE: Final[tuple[Language, ...]] = ("rest8", "rest10", "graphql")


def _file(name: str, kind: Kind, guard: Guard = "open", *, references: str | None = None) -> Field:
    """A row of the files table, with one word in every generation."""
    said = dict.fromkeys(_EVERYWHERE, name)
    return _row(name, kind, guard=guard, references=references, **said)


FILES: Final[tuple[Field, ...]] = (
    _row("id", "uuid", guard="server", rest10="id", graphql="id"),
    _row("number", "integer", guard="server", rest8="id"),
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
    _row("id", "uuid", guard="server", rest10="id", graphql="id"),
    _row("number", "integer", guard="server", rest8="id"),
    _row("name", "string", rest8="name", rest10="name", graphql="name"),
    _row("icon", "string", rest10="icon", graphql="icon"),
    _row("description", "text", rest8="description", rest10="description", graphql="description"),
    _row(
        "ip_access",
        "tags",
        rest8=Cell("ip_whitelist", lacking=(), dump=_unlisted),
        rest10="ip_access",
        graphql="ip_access",
    ),
    _row("external_id", "string", rest8="external_id"),
    _row("module_listing", "json", rest8="module_listing"),
    _row("collection_listing", "json", rest8="collection_listing"),
    _row("enforce_tfa", "boolean", rest8="enforce_2fa", rest10="enforce_tfa", graphql="enforce_tfa"),
    _row("admin_access", "boolean", rest10="admin_access", graphql="admin_access"),
    _row("app_access", "boolean", rest10="app_access", graphql="app_access"),
)

# The documented order of a language's words, where it is not that of the table.
ORDERS: Final[Mapping[tuple[Language, str], tuple[str, ...]]] = {
    ("rest8", "directus_users"): (
        *("id", "status", "role", "first_name", "last_name", "email", "token", "last_access_on", "last_page"),
        *("external_id", "theme", "2fa_secret", "password_reset_token", "timezone", "locale"),
        *("locale_options", "avatar", "company", "title", "email_notifications", "password"),
    ),
}
