"""What connections prove themselves with: shown once, of which only hashes are kept.

A `token` is sent with every SCIM request. A `secret` is an OAuth client's, which gets an `access` token for
it at /oauth/token. A `receiver` is an application's: it opens the feed of the connection's events and nothing
else. Of each kind but `access` two are valid at once, so that they can be rotated: a third ends the oldest.
Access tokens live for minutes; they end with the secret, with the keys, and with the connection.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import bindparam, delete, insert, select

from service.database import Transaction, by_kind, new_key, now, one_of
from service.database.tables import connection_tokens, connections
from service.tokens import fingerprint, new_secret
from service.users import access, history
from service.users.checks import is_uuid
from service.users.clock import later
from service.users.model import CONNECTIONS, Caller
from service.users.problems import Forbidden, Invalid

Kind = Literal["token", "secret", "access", "receiver"]
TOKEN: Final = "token"  # noqa: S105  # a word, as the next two: these are no secrets
SECRET: Final = "secret"  # noqa: S105  # as above
ACCESS: Final = "access"
RECEIVER: Final = "receiver"
PREFIXES: Final[Mapping[Kind, str]] = {
    TOKEN: "idb_scim_",
    SECRET: "idb_client_",
    ACCESS: "idb_access_",
    RECEIVER: "idb_events_",
}
VALID_AT_ONCE: Final[Mapping[Kind, int]] = {TOKEN: 2, SECRET: 2, ACCESS: 100, RECEIVER: 2}
_LONGEST_NAME: Final = 100


_INSERT: Final = insert(connection_tokens)
_of_project = connection_tokens.c.project == bindparam("project")
_OF_KIND: Final = (
    select(connection_tokens.c.fingerprint)
    .where(
        _of_project,
        connection_tokens.c.connection == bindparam("connection"),
        connection_tokens.c.kind == bindparam("kind"),
    )
    .order_by(connection_tokens.c.created_at.desc(), connection_tokens.c.id.desc())
)
_ONE: Final = select(connection_tokens.c.fingerprint, connection_tokens.c.kind).where(
    _of_project,
    connection_tokens.c.connection == bindparam("connection"),
    connection_tokens.c.id == bindparam("id"),
)
_LISTED: Final = (
    select(
        *(connection_tokens.c[name] for name in ("id", "kind", "name", "hint", "created_at", "expires_at")),
        connection_tokens.c.last_used_at,
    )
    .where(_of_project, connection_tokens.c.connection == bindparam("connection"))
    .order_by(connection_tokens.c.created_at, connection_tokens.c.id)
)
_THERE: Final = (
    select(connections.c.id)
    .where(connections.c.project == bindparam("project"), connections.c.id == bindparam("id"))
    .with_for_update()
)
_WITHDRAW: Final = by_kind(
    lambda kind: delete(connection_tokens).where(
        _of_project, one_of(connection_tokens.c.fingerprint, "fingerprints", kind)
    )
)
_PRUNE: Final = delete(connection_tokens).where(
    connection_tokens.c.kind == ACCESS, connection_tokens.c.expires_at <= bindparam("at")
)


class Issued(msgspec.Struct, frozen=True):
    """A new one: `token` is shown now and never again."""

    id: str
    token: str
    hint: str
    expires_at: str | None


async def issue(
    tx: Transaction,
    caller: Caller,
    connection: str,
    *,
    kind: Kind = TOKEN,
    name: str | None = None,
    lifetime: float | None = None,
) -> Issued:
    """A new token or secret, which ends the oldest where there are too many; `lifetime` in seconds.

    Raises Forbidden (not yours, no such connection) and Invalid("name").
    """
    access.check_administrator(caller)
    if name is not None and len(name) > _LONGEST_NAME:
        raise Invalid("name", "max_length", limit=_LONGEST_NAME)
    if not is_uuid(connection) or await tx.row(_THERE, project=caller.project, id=connection) is None:
        raise Forbidden
    made = await add(tx, caller.project, connection, kind, name=name, lifetime=lifetime)
    await _note(tx, caller, connection, f"{kind} {made.hint} made")
    return made


async def add(
    tx: Transaction,
    project: str,
    connection: str,
    kind: Kind,
    *,
    name: str | None = None,
    lifetime: float | None = None,
) -> Issued:
    """The same without asking who wants it."""
    token, at = new_secret(PREFIXES[kind]), now()
    kept = await tx.rows(_OF_KIND, project=project, connection=connection, kind=kind)
    await _end(tx, project, [found for (found,) in kept[VALID_AT_ONCE[kind] - 1 :]])
    made = Issued(
        new_key(),
        token,
        f"{PREFIXES[kind]}...{token[-4:]}",
        None if lifetime is None else later(at, lifetime),
    )
    await tx.run(
        _INSERT,
        project=project,
        connection=connection,
        id=made.id,
        kind=kind,
        name=name,
        fingerprint=fingerprint(token),
        hint=made.hint,
        created_at=at,
        expires_at=made.expires_at,
    )
    return made


async def listed(tx: Transaction, caller: Caller, connection: str) -> list[dict[str, Any]]:
    """The tokens and secrets of a connection, oldest first; never what they say."""
    access.check_administrator(caller)
    names = tuple(column.name for column in _LISTED.selected_columns)
    found = await tx.rows(_LISTED, project=caller.project, connection=connection)
    return [dict(zip(names, row, strict=True)) for row in found]


async def revoke(tx: Transaction, caller: Caller, connection: str, id_: str) -> None:
    """End a token, or a secret with every access token of the connection. Raises Forbidden."""
    access.check_administrator(caller)
    known = is_uuid(connection) and is_uuid(id_)
    values = {"connection": connection.lower(), "id": id_.lower()}
    found = await tx.row(_ONE, project=caller.project, **values) if known else None
    if found is None:
        raise Forbidden
    await _end(tx, caller.project, [found[0]])
    if found[1] == SECRET:
        await end_access(tx, caller.project, connection)
    await _note(tx, caller, connection, f"{found[1]} revoked")


async def end_access(tx: Transaction, project: str, connection: str) -> None:
    """End every access token of a connection: its clients ask for new ones."""
    found = await tx.rows(_OF_KIND, project=project, connection=connection, kind=ACCESS)
    await _end(tx, project, [mark for (mark,) in found])


async def prune(tx: Transaction) -> None:
    """Forget access tokens past their time."""
    await tx.run(_PRUNE, at=now())


async def _end(tx: Transaction, project: str, fingerprints: Sequence[str]) -> None:
    if fingerprints:
        for ended in fingerprints:
            tx.announce("connection", ended)
        await tx.run(_WITHDRAW[tx.kind], project=project, fingerprints=list(fingerprints))


async def _note(tx: Transaction, caller: Caller, connection: str, comment: str) -> None:
    entry = history.Entry(connection)
    await history.record(tx, caller, "update", [entry], collection=CONNECTIONS, comment=comment)
