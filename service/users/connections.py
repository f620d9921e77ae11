"""Connections: one identity provider's SCIM access, recognised by tokens of which only hashes are kept."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Select, bindparam, or_, select, update

from service.database import Transaction, now
from service.database.tables import connection_tokens as tokens
from service.database.tables import connections
from service.users.clock import later
from service.users.connection_tokens import RECEIVER, SECRET
from service.users.model import Caller, Origin

_SEEN_EVERY: Final = 60  # seconds between two notes of when a token was last used

_columns = tuple(
    connections.c[name]
    for name in (
        *("project", "id", "provider", "profile", "adopt", "default_role", "domains"),
        *("name", "managed", "dry_run", "networks", "rate", "log_days", "events", "events_full"),
    )
)
_RECOGNISE: Final = (
    select(*_columns, tokens.c.expires_at, tokens.c.last_used_at)
    .join_from(
        tokens,
        connections,
        (connections.c.project == tokens.c.project) & (connections.c.id == tokens.c.connection),
    )
    .where(tokens.c.fingerprint == bindparam("fingerprint"))
)
_CALLER: Final = _RECOGNISE.where(tokens.c.kind != SECRET, tokens.c.kind != RECEIVER)
_RECEIVER: Final = _RECOGNISE.where(tokens.c.kind == RECEIVER)
_BY_KEY: Final = select(*_columns).where(
    connections.c.project == bindparam("project"), connections.c.id == bindparam("id")
)
_BY_PROVIDER: Final = select(*_columns).where(
    connections.c.project == bindparam("project"), connections.c.provider == bindparam("provider")
)
_SEEN: Final = update(tokens).where(
    tokens.c.fingerprint == bindparam("of_fingerprint"),
    or_(
        tokens.c.last_used_at.is_(None),
        tokens.c.last_used_at < bindparam("before", type_=tokens.c.last_used_at.type),
    ),
)


class Connection(msgspec.Struct, frozen=True):
    """One identity provider's access. `domains`: whose e-mail addresses it may vouch for, casefolded.

    `networks`: from which it may call, none is any; `rate`: requests per second and process.
    """

    project: str
    id: str
    provider: str
    profile: str
    adopt: bool
    default_role: str | None
    domains: tuple[str, ...] = ()
    name: str = ""
    managed: bool = False
    dry_run: bool = False
    networks: tuple[str, ...] = ()
    rate: int | None = None
    log_days: int = 0
    events: bool = False
    events_full: bool = False

    def caller(
        self, origin: Origin, doing: list[tuple[str, str, str]] | None = None, txn: str | None = None
    ) -> Caller:
        """The connection as one who asks the core."""
        return Caller(
            self.project,
            connection=self.id,
            origin=origin,
            adopt=self.adopt,
            provider=self.provider,
            domains=self.domains,
            doing=doing,
            feeds=self.events,
            full=self.events_full,
            txn=txn,
        )


class Recognised(msgspec.Struct, frozen=True):
    """Whose token it is; `expires_at` and `last_used_at` are the token's, which may be past its time."""

    connection: Connection
    expires_at: str | None
    last_used_at: str | None


async def recognise(tx: Transaction, token_fingerprint: str) -> Recognised | None:
    """Whose token this is, also of one past its time; None for an unknown one."""
    return await _recognised(tx, _CALLER, token_fingerprint)


async def receiver(tx: Transaction, token_fingerprint: str) -> Recognised | None:
    """Of whose events this token is a receiver's, also of one past its time; None for an unknown one."""
    return await _recognised(tx, _RECEIVER, token_fingerprint)


async def _recognised(tx: Transaction, statement: Select[Any], token_fingerprint: str) -> Recognised | None:
    found = await tx.row(statement, fingerprint=token_fingerprint)
    return None if found is None else Recognised(_connection(found[:-2]), found[-2], found[-1])


async def find(tx: Transaction, project: str, provider: str) -> Connection | None:
    """The connection of a provider."""
    found = await tx.row(_BY_PROVIDER, project=project, provider=provider)
    return None if found is None else _connection(found)


async def read(tx: Transaction, project: str, key: str) -> Connection | None:
    """The connection with this key."""
    found = await tx.row(_BY_KEY, project=project, id=key)
    return None if found is None else _connection(found)


async def seen(tx: Transaction, token_fingerprint: str) -> None:
    """Remember that the token was used, at most once a minute."""
    at = now()
    await tx.run(_SEEN, of_fingerprint=token_fingerprint, before=later(at, -_SEEN_EVERY), last_used_at=at)


def _connection(found: Sequence[Any]) -> Connection:
    names = (column.name for column in _columns)
    values = dict(zip(names, found, strict=True))
    for name in ("domains", "networks"):
        values[name] = tuple(values[name] or ())
    return Connection(**values)
