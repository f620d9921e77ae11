"""The machine that turns the field table into a language: its words, and bodies to take."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Table

from service.database import tables
from service.database.tables.ground import Number
from service.dialects.connection_fields import CONNECTION_TOKENS, CONNECTIONS, SYNC_LOG
from service.dialects.fields import FILES, GROUPS, ROLES, Cell, Field, Language
from service.dialects.history_fields import ACTIVITY, REVISIONS
from service.dialects.permission_fields import FIELDS as PERMISSIONS
from service.dialects.user_fields import ORDERS, USERS
from service.users import access, groups
from service.users.access import ScopeKind
from service.users.checks import is_uuid
from service.users.leave import Action
from service.users.model import CONCEALED
from service.users.problems import BadPayload, UnknownWord

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
# There are no shares here: rules about `share` are kept and shown, as elsewhere, and nothing asks for them.
_READ: Final[tuple[Action, ...]] = ("read", "share")
_WRITTEN: Final[tuple[Action, ...]] = ("create", "read", "update", "delete", "share")


class Collection(msgspec.Struct, frozen=True, eq=False):
    """Rows that the languages speak of: the documented name, the table, and its part of the field table.

    `ruled` is what permissions can be made for.
    """

    name: str
    table: Table
    fields: tuple[Field, ...]
    conditions: Mapping[ScopeKind, ColumnElement[bool]]
    ruled: tuple[Action, ...] = _READ

    @property
    def own(self) -> str:
        """Our own name of it, as history keeps it."""
        return self.table.name

    def column(self, field: Field, cell: Cell | None = None) -> ColumnElement[Any]:
        """The column that a filter or a sort looks at."""
        name = (cell.column if cell else None) or field.column
        found: ColumnElement[Any] = self.table.c[name]
        return found


COLLECTIONS: Final[Mapping[str, Collection]] = {
    collection.name: collection
    for collection in (
        Collection("directus_users", tables.users, USERS, access.CONDITIONS, _WRITTEN),
        Collection("directus_roles", tables.roles, ROLES, access.everything(tables.roles), _WRITTEN),
        Collection("directus_files", tables.files, FILES, access.everything(tables.files), _WRITTEN),
        Collection(
            "directus_permissions", tables.permissions, PERMISSIONS, access.everything(tables.permissions)
        ),
        Collection("directus_activity", tables.activity, ACTIVITY, access.everything(tables.activity)),
        Collection("directus_revisions", tables.revisions, REVISIONS, access.everything(tables.revisions)),
        # Of these no rule speaks: they are the administrators' alone.
        Collection(
            "directus_connections", tables.connections, CONNECTIONS, access.everything(tables.connections), ()
        ),
        Collection(
            "directus_connection_tokens",
            tables.connection_tokens,
            CONNECTION_TOKENS,
            access.everything(tables.connection_tokens),
            (),
        ),
        Collection("directus_sync_log", tables.sync_log, SYNC_LOG, access.everything(tables.sync_log), ()),
    )
}
USER_COLLECTION: Final = COLLECTIONS["directus_users"]
GROUP_COLLECTION: Final = Collection("groups", tables.groups, GROUPS, groups.CONDITIONS, ())
# Those of the documented users API, and what SCIM alone speaks of.
EVERY: Final[Mapping[str, Collection]] = {**COLLECTIONS, GROUP_COLLECTION.name: GROUP_COLLECTION}


@lru_cache(64)
def words(language: Language, collection: str) -> Mapping[str, Field]:
    """The fields of a collection under the language's own words, in the documented order."""
    fields = EVERY[collection].fields
    found = {f.cells[language].word: f.said(language) for f in fields if language in f.cells}
    return {word: found[word] for word in ORDERS.get((language, collection), found)}


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


def take(language: Language, collection: str, body: object) -> dict[str, object]:
    """A body of the language as values of ours. An unknown word is refused: nothing is lost in silence."""
    if not isinstance(body, Mapping):
        raise BadPayload('"value" must be of type object')
    known = words(language, collection)
    taken: dict[str, object] = {}
    for word, value in body.items():
        field = known.get(word)
        if field is None:
            raise UnknownWord(word[:64])
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


_NUMBERED: Final = frozenset(name for name, home in COLLECTIONS.items() if home.table.c.id.type is Number)


def item(collection: str, text: str) -> str | int:
    """The key of a row as the database knows it: a uuid, or a whole number. ValueError when it is none."""
    if collection not in _NUMBERED:
        return key(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def key(text: str) -> str:
    """A uuid in its one spelling, lower case with dashes. ValueError when it is none."""
    if not is_uuid(text):
        raise ValueError("no uuid with dashes")
    return text.lower()
