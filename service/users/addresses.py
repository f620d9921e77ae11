"""The further e-mail addresses of users whom a connection owns: kept by their keys, so that they are found.

The address that stands for a user has its own column and index; most users have no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert

from service.database import Transaction, by_kind, one_of
from service.database.tables import user_emails
from service.users.rows import fold

_LONGEST: Final = 320  # characters; no address is longer, and no index takes a text of any length
_INSERT: Final = insert(user_emails)
_DELETE: Final = by_kind(
    lambda kind: delete(user_emails).where(
        user_emails.c.project == bindparam("project"), one_of(user_emails.c.user, "users", kind)
    )
)
Move = tuple[Mapping[str, Any], Mapping[str, Any]]


def further(row: Mapping[str, Any]) -> frozenset[str]:
    """The keys of the further addresses of a user, as the provider's `emails` name them."""
    if row["connection"] is None or not isinstance(row["auth_data"], dict):
        return frozenset()
    return frozenset(_keys(row["auth_data"].get("emails"))) - {fold(row["email"]) or ""}


def _keys(emails: object) -> Iterator[str]:
    for one in emails if isinstance(emails, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        key = fold(value) if isinstance(value, str) and len(value) <= _LONGEST else None
        if key and len(key) <= _LONGEST:
            yield key


def begin(tx: Transaction, project: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Owe those of new users."""
    tx.owe(_INSERT, [_row(project, row["id"], key) for row in rows for key in sorted(further(row))])


async def follow(tx: Transaction, project: str, moves: Sequence[Move]) -> None:
    """Follow users from what they were to what they are."""
    moved = [new for old, new in moves if further(old) != further(new)]
    if moved:
        await tx.run(_DELETE[tx.kind], project=project, users=[row["id"] for row in moved])
        begin(tx, project, moved)


def _row(project: str, user: str, key: str) -> dict[str, str]:
    return {"project": project, "email_key": key, "user": user}
