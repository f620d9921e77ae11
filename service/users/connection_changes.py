"""Connections are made, changed and removed by administrators; what is decided about them leaves history.

Removing a connection ends its tokens, its log and its first loads. Its users stay, without the userNames that
it gave them: nobody owns them, so that another connection may adopt them. With `suspend` they lose every way
in, in the same commit.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from service.database import Transaction, new_key, now
from service.database.tables import connections, users
from service.sealing import Place, Sealer
from service.users import access, connection_tokens, edits, history
from service.users.checks import check, is_uuid
from service.users.connection_terms import checked
from service.users.connections import find
from service.users.edits import Edit
from service.users.model import (
    ACTIVE,
    CONCEALED,
    CONNECTION_ATTRIBUTES,
    CONNECTIONS,
    SUSPENDED,
    Caller,
)
from service.users.problems import Forbidden, Invalid, NoSuch
from service.users.rows import AT_ONCE, Row, as_row, locking, same
from service.users.turns import hold_project
from service.users.uniqueness import unique

LOG_DAYS: Final = 30
_DEFAULTS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("default_role", "domains", "networks", "rate")),
    **dict.fromkeys(("jwks", "jwks_uri", "events_url", "events_authorization")),
    "profile": "default",
    "adopt": False,
    "managed": False,
    "dry_run": False,
    "events": False,
    "events_full": False,
    "log_days": LOG_DAYS,
}
_IGNORED: Final = frozenset({"id", "created_at"})
_SECRET: Final = frozenset(name for name, one in CONNECTION_ATTRIBUTES.items() if one.kind == "hash")
_COLUMNS: Final = tuple(column.name for column in connections.c)

_one = (connections.c.project == bindparam("of_project"), connections.c.id == bindparam("of_id"))
_INSERT: Final = insert(connections)
_UPDATE: Final = update(connections).where(*_one)
_DELETE: Final = delete(connections).where(*_one)
_HOLD: Final = (
    select(connections)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("id"))
    .with_for_update()
)
_ALL: Final = (
    select(connections)
    .where(connections.c.project == bindparam("project"))
    .order_by(connections.c.created_at, connections.c.id)
)
_NOBODYS: Final = {"connection": None, "user_name": None, "user_name_key": None}
_owned = users.c.connection == bindparam("of_connection")
_RELEASE: Final = update(users).where(users.c.project == bindparam("of_project"), _owned)
_ACTIVE_ONES: Final = locking(_owned & (users.c.status == ACTIVE)).limit(AT_ONCE)


async def ensure(tx: Transaction, caller: Caller, provider: str, given: Mapping[str, object]) -> str:
    """The connection of a provider, made if it is not there, with what is given; gives its id."""
    access.check_administrator(caller)
    check("provider", provider)
    found = await find(tx, caller.project, provider)
    if found is None:
        return await create(tx, caller, {**given, "provider": provider})
    if given:
        await change(tx, caller, found.id, given)
    return found.id


async def create(
    tx: Transaction, caller: Caller, given: Mapping[str, object], sealer: Sealer | None = None
) -> str:
    """Make a connection; give its id. A term that is secret needs the sealer.

    Raises Forbidden, Invalid, NoSuch (default_role, project), Taken("provider").
    """
    access.check_administrator(caller)
    if given.get("provider") is None:
        raise Invalid("provider", "required")
    said = {n: v for n, v in given.items() if n not in _IGNORED and v is not None and v != CONCEALED}
    values = await checked(tx, caller, {**_DEFAULTS, "name": str(said["provider"])[:100], **said})
    if not await hold_project(tx, caller.project):
        raise NoSuch("project")
    key = new_key()
    row = {**values, "id": key, "project": caller.project, "created_at": now()}
    row = _sealed(row, caller.project, key, sealer)
    with unique():
        await tx.run(_INSERT, **row)
    entry = history.Entry(key, _snapshot(row), _snapshot(row))
    await history.record(tx, caller, "create", [entry], collection=CONNECTIONS)
    tx.announce("connection", key)
    return key


async def listed(tx: Transaction, caller: Caller) -> list[Row]:
    """Every connection of the project, oldest first. Raises Forbidden."""
    access.check_administrator(caller)
    found = await tx.rows(_ALL, project=caller.project)
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


async def change(
    tx: Transaction, caller: Caller, key: str, given: Mapping[str, object], sealer: Sealer | None = None
) -> None:
    """Change a connection. A change of nothing leaves no trace; the provider stays who it is.

    Raises Forbidden (not there, not yours), Invalid, NoSuch("default_role").
    """
    row = await _hold(tx, caller, key)
    named = {n: v for n, v in given.items() if n not in _IGNORED and v != CONCEALED}
    new = {n: v for n, v in (await checked(tx, caller, named)).items() if not same(row[n], v)}
    if "provider" in new:
        raise Invalid(
            "provider", "type", detail="can't be changed: its users carry it. Make another connection"
        )
    if not new:
        return
    new = _sealed(new, caller.project, row["id"], sealer)
    await tx.run(_UPDATE, of_project=caller.project, of_id=key, **new)
    if new.keys() & {"jwks", "jwks_uri"}:
        await connection_tokens.end_access(tx, caller.project, key)
    entry = history.Entry(key, _snapshot({**row, **new}), _shown(new))
    await history.record(tx, caller, "update", [entry], collection=CONNECTIONS)
    tx.announce("connection", key)


async def remove(tx: Transaction, caller: Caller, key: str, *, suspend: bool = False) -> None:
    """Remove a connection with its tokens and its log; its users stay, nobody's from now on.

    Raises Forbidden (not there, not yours), and Unprocessable where `suspend` would leave no administrator.
    """
    await _hold(tx, caller, key)
    while suspend and (left := await tx.rows(_ACTIVE_ONES, project=caller.project, of_connection=key)):
        changes = [Edit(row, {"status": SUSPENDED}) for row in map(as_row, left)]
        await edits.write(tx, caller, changes, now())
    await tx.run(_RELEASE, of_project=caller.project, of_connection=key, **_NOBODYS)
    await tx.run(_DELETE, of_project=caller.project, of_id=key)
    await history.record(tx, caller, "delete", [history.Entry(key)], collection=CONNECTIONS)
    tx.announce("connection", key)


async def _hold(tx: Transaction, caller: Caller, key: str) -> Row:
    access.check_administrator(caller)
    found = await tx.row(_HOLD, project=caller.project, id=key.lower()) if is_uuid(key) else None
    if found is None:
        raise Forbidden
    return dict(zip(_COLUMNS, found, strict=True))


def _snapshot(row: Mapping[str, Any]) -> Row:
    return _shown({name: row[name] for name in CONNECTION_ATTRIBUTES})


def _shown(row: Row) -> Row:
    """What history may say: that there is a secret, not which."""
    return {n: CONCEALED if n in _SECRET and value is not None else value for n, value in row.items()}


def _sealed(row: Row, project: str, key: str, sealer: Sealer | None) -> Row:
    secret = {name: row[name] for name in _SECRET if row.get(name) is not None}
    if not secret:
        return row
    if sealer is None:
        raise TypeError("a secret term needs a sealer")
    return {**row, **{n: sealer.seal(value, place(project, key, n)) for n, value in secret.items()}}


def place(project: str, key: str, name: str) -> Place:
    """Where a term of a connection lies sealed."""
    return Place("connections", f"{project}/{key}", name)
