"""OAuth clients (RFC 6749, 4.4): a connection's secret or signed assertion, for a token of some minutes."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import client_assertions, connection_tokens, connections
from service.tokens import fingerprint
from service.users import connection_tokens as issuing
from service.users.checks import is_uuid
from service.users.clock import later
from service.users.connection_tokens import ACCESS, SECRET, Issued
from service.users.problems import WrongCredentials

LIFETIME: Final = 900  # seconds of an access token

_columns = (connections.c.project, connections.c.id, connections.c.networks)
_BY_ID: Final = select(*_columns, connections.c.jwks, connections.c.jwks_uri).where(
    connections.c.id == bindparam("id")
)
_BY_SECRET: Final = (
    select(*_columns, connection_tokens.c.expires_at)
    .join_from(
        connection_tokens,
        connections,
        (connections.c.project == connection_tokens.c.project)
        & (connections.c.id == connection_tokens.c.connection),
    )
    .where(
        connection_tokens.c.fingerprint == bindparam("fingerprint"),
        connection_tokens.c.kind == SECRET,
        connections.c.id == bindparam("id"),
    )
)
_USE: Final = upsert(client_assertions).on_conflict_do_nothing(
    index_elements=["project", "connection", "fingerprint"]
)
_PRUNE: Final = delete(client_assertions).where(client_assertions.c.expires_at <= bindparam("at"))


class Client(msgspec.Struct, frozen=True):
    """A connection as an OAuth client: `jwks` and `jwks_uri` are of its public keys."""

    project: str
    id: str
    networks: tuple[str, ...]
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None


async def find(tx: Transaction, client_id: str) -> Client | None:
    """The client of this id."""
    found = await tx.row(_BY_ID, id=client_id.lower()) if is_uuid(client_id) else None
    if found is None:
        return None
    project, id_, networks, jwks, jwks_uri = found
    return Client(project, id_, tuple(networks or ()), jwks, jwks_uri)


async def of_secret(tx: Transaction, client_id: str, secret: str) -> Client | None:
    """The client of this id, where the secret is one of its own that is in force."""
    if not is_uuid(client_id):
        return None
    found = await tx.row(_BY_SECRET, fingerprint=fingerprint(secret), id=client_id.lower())
    if found is None or (found[3] is not None and found[3] <= now()):
        return None
    return Client(found[0], found[1], tuple(found[2] or ()))


async def grant(
    tx: Transaction, client: Client, *, jti: str | None = None, secret: str | None = None
) -> Issued:
    """An access token. `jti` is an assertion's, good for once; `secret` must still be in force.

    Raises WrongCredentials for an assertion that was used before, and for what was withdrawn meanwhile.
    """
    if secret is not None and await of_secret(tx, client.id, secret) is None:
        raise WrongCredentials
    if await find(tx, client.id) is None:
        raise WrongCredentials
    if jti is not None:
        used = await tx.run(
            _USE,
            project=client.project,
            connection=client.id,
            fingerprint=fingerprint(jti),
            expires_at=later(now(), LIFETIME),
        )
        if not used:
            raise WrongCredentials("replayed")
    return await issuing.add(tx, client.project, client.id, ACCESS, lifetime=LIFETIME)


async def prune(tx: Transaction) -> None:
    """Forget assertions that could not be used again anyway."""
    await tx.run(_PRUNE, at=now())
