"""User rows as they are stored: how they are held for a change, what is derived, what history may show."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from service.database import Transaction, by_kind, one_of
from service.database.tables import roles, users
from service.users.model import ACTIVE, ARCHIVED, ATTRIBUTES, CONCEALED, SECRETS
from service.users.problems import Forbidden

Row = dict[str, Any]

AT_ONCE: Final = 1000  # users in memory while there may be any number of them to be changed

_COLUMNS: Final = tuple(column.name for column in users.c)
_OPEN: Final = ATTRIBUTES.keys() - SECRETS.keys()
EMPTY: Final[Mapping[str, None]] = dict.fromkeys(ATTRIBUTES)  # what a row lacks that says nothing of it
SEARCHED: Final = (
    "first_name",
    "last_name",
    "email",
    "location",
    "title",
    "description",
    "external_identifier",
)


def seeing(condition: ColumnElement[bool]) -> Select[Any]:
    """The users of :project for which `condition` holds."""
    return (
        select(users, roles.c.admin_access)
        .join_from(
            users, roles, and_(roles.c.project == users.c.project, roles.c.id == users.c.role), isouter=True
        )
        .where(users.c.project == bindparam("project"), condition)
    )


def locking(condition: ColumnElement[bool]) -> Select[Any]:
    """The same, held until the end of the transaction.

    FOR NO KEY UPDATE: it lets rows that refer to the user be written meanwhile. Locks are taken in the order
    of the keys, so that two changes of many wait for each other in a row and not in a circle.
    """
    return seeing(condition).order_by(users.c.id).with_for_update(of=users, key_share=True)


_BY_ID = by_kind(lambda kind: locking(one_of(users.c.id, "ids", kind)))
_BY_EMAIL = by_kind(
    lambda kind: locking(and_(one_of(users.c.email_key, "keys", kind), users.c.retired == ""))
)


def as_row(found: Sequence[Any], *more: str) -> Row:
    """What `locking` selects, by name: the columns, `administers` for the role's admin_access, and more."""
    return dict(zip((*_COLUMNS, "administers", *more), found, strict=True))


async def hold(tx: Transaction, project: str, ids: Sequence[str]) -> dict[str, Row]:
    """The users with these ids, by id; those that are not there are missing."""
    found = await tx.rows(_BY_ID[tx.kind], project=project, ids=list(ids))
    return {row["id"]: row for row in map(as_row, found)}


async def hold_active(tx: Transaction, project: str, user: str) -> Row:
    """The user with this id, who is active. Raises Forbidden."""
    row = (await hold(tx, project, [user])).get(user)
    if row is None or row["status"] != ACTIVE:
        raise Forbidden
    return row


async def hold_by_email(tx: Transaction, project: str, keys: Sequence[str]) -> dict[str, Row]:
    """The users with these e-mail keys, by key; archived ones have given theirs up."""
    found = await tx.rows(_BY_EMAIL[tx.kind], project=project, keys=list(keys))
    return {row["email_key"]: row for row in map(as_row, found)}


def fold(text: str | None) -> str | None:
    """A key under which texts that differ only in case, width or composition are one (NFKC casefold)."""
    if text is None:
        return text
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def derived(row: Mapping[str, Any]) -> Row:
    """The columns that follow from others. Archived users are retired: their names are free for another."""
    return {
        "email_key": fold(row["email"]),
        "user_name_key": fold(row["user_name"]),
        "retired": row["id"] if row["status"] == ARCHIVED else "",
        "search_text": fold("\n".join(row[name] for name in SEARCHED if row[name])),
    }


def snapshot(row: Mapping[str, Any]) -> Row:
    """Every attribute but the integer key, as history keeps it."""
    return {
        name: (CONCEALED if row[SECRETS[name][0]] is not None else None) if name in SECRETS else row[name]
        for name in ATTRIBUTES
        if name != "number"
    }


def shown(values: Mapping[str, Any]) -> Row:
    """The attributes among some columns, as history keeps them: secrets are asterisks or None."""
    told = {name: value for name, value in values.items() if name in _OPEN}
    for name, columns in SECRETS.items():
        if columns[0] in values:
            told[name] = CONCEALED if values[columns[0]] is not None else None
    return told


def same(kept: object, given: object) -> bool:
    """Whether two values are one to JSON: true is not 1, and the order of names in an object is nothing."""
    if isinstance(kept, list | dict) and isinstance(given, list | dict):
        return _canonical(kept) == _canonical(given)
    return kept == given


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
