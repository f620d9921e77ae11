"""The field table of users: of most attributes every language has a word of its own."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Text, cast, func, literal_column, select

from service.database import tables
from service.dialects import references, sealed
from service.dialects.fields import Cell, Field, Guard, Language, row, seconds, swap, unshortened
from service.users.model import ATTRIBUTES, CONCEALED


def _user(name: str, rest8: Cell | str | None, rest10: Cell | str | None, scim: Cell | str | None = None,
          *, guard: Guard = "open", column: str | None = None, key: str | None = None,
          alias_of: str | None = None, references: str | None = None) -> Field:  # fmt: skip
    """A row of the users table; GraphQL speaks the words of the 10 generation."""
    return row(
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


# One stored state has two words, and both are understood in both generations.
_ARCHIVED_HERE: Final = swap({"deleted": "archived"})
_DELETED_THERE: Final = swap({"archived": "deleted"})


def _is_active(value: object) -> object:
    return value == "active"


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
        Cell("avatar", dump=references.bare),
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
        Cell("role", dump=references.bare),
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
    row(
        "password_reset_token",
        "hash",
        guard="server",
        column="changed_at",
        rest8=Cell("password_reset_token", sql=_open_reset),
    ),
    _user("user_name", None, None, "userName", key="user_name_key"),
    row("created_at", "timestamp", guard="server", scim="meta.created"),
    row("changed_at", "timestamp", guard="server", scim="meta.lastModified"),
    row("version", "integer", guard="server", scim="meta.version"),
)

# The documented order of a language's words, where it is not that of the table.
ORDERS: Final[Mapping[tuple[Language, str], tuple[str, ...]]] = {
    ("rest8", "directus_users"): (
        *("id", "status", "role", "first_name", "last_name", "email", "token", "last_access_on", "last_page"),
        *("external_id", "theme", "2fa_secret", "password_reset_token", "timezone", "locale"),
        *("locale_options", "avatar", "company", "title", "email_notifications", "password"),
    ),
}
