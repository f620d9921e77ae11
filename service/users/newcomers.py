"""New users: their rows, and all that is written beside them, for whoever let them in."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import insert

from service.database import Transaction, new_key, now
from service.database.tables import users
from service.users import addresses, events, file_access, history, identities, managed, roles
from service.users.given import checked, said, vouches
from service.users.model import ACTIVE, LOCAL, Caller
from service.users.rows import SEARCHED, Row, derived, shown
from service.users.uniqueness import taken

_INSERT: Final = insert(users)
# The columns that every new user has, some of them for others to follow from.
_DEFAULTS: Final[Mapping[str, object]] = {
    **dict.fromkeys((*SEARCHED, "user_name", "external_identifier", "connection", "auth_data")),
    "status": ACTIVE,
    "provider": LOCAL,
    "email_notifications": True,
}


async def make(
    tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]], *, verified: bool = False
) -> list[Row]:
    """`records.create` without a question who may; gives the rows, without the columns that have no value.

    `verified`: somebody whom we trust says that the e-mail is theirs.
    """
    at = now()
    given = list(map(said, given))
    rows = [_fresh(caller, values, at, verified=verified) for values in given]
    if not rows:
        return []
    await managed.check_new(tx, caller, [row["provider"] for row in rows])
    await roles.administer(tx, caller.project, {row["role"] for row in rows if row.get("role") is not None})
    avatars = {row["avatar"] for row in rows if row.get("avatar") is not None}
    await file_access.check_avatars(tx, caller, avatars)
    empty = dict.fromkeys(sorted(set().union(*rows)))
    tx.owe(_INSERT, [{**empty, **row} for row in rows], taken)
    identities.begin(tx, caller.project, rows, at)
    if caller.connection is not None:
        addresses.begin(tx, caller.project, rows)
    entries = [
        history.Entry(row["id"], told, told) for row, told in zip(rows, map(shown, given), strict=True)
    ]
    await history.record(tx, caller, "create", entries)
    await events.tell(tx, caller, events.made(caller, rows))
    for row in rows:
        tx.announce("user", row["id"])
    return rows


def _fresh(caller: Caller, given: Mapping[str, object], at: str, *, verified: bool) -> Row:
    """The row of a new user, all columns that have a value. Raises Invalid."""
    row: Row = {**_DEFAULTS, **checked(given)}
    if "id" not in row:
        row["id"] = new_key()
    if caller.connection is not None:
        row |= {"connection": caller.connection, "provider": caller.provider or row["provider"]}
    row |= {"project": caller.project, "version": 1, "created_at": at, "changed_at": at}
    row["email_verified_at"] = at if verified or vouches(caller, row["email"]) else None
    return row | derived(row)
