"""The tokens of connections: shown once, of which only hashes are kept, two valid at once."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import connection_tokens
from service.tokens import fingerprint, new_secret
from service.users.clock import later

PREFIX: Final = "idb_scim_"
VALID_AT_ONCE: Final = 2  # the new one is put in place while the old one still works

_INSERT: Final = insert(connection_tokens)
_TOKENS: Final = (
    select(connection_tokens.c.fingerprint)
    .where(
        connection_tokens.c.project == bindparam("project"),
        connection_tokens.c.connection == bindparam("connection"),
    )
    .order_by(connection_tokens.c.created_at.desc(), connection_tokens.c.fingerprint)
)
_WITHDRAW: Final = by_kind(
    lambda kind: delete(connection_tokens).where(
        connection_tokens.c.project == bindparam("project"),
        one_of(connection_tokens.c.fingerprint, "fingerprints", kind),
    )
)


async def issue(tx: Transaction, project: str, connection: str, lifetime: float | None) -> str:
    """A new token of the connection, which ends the oldest where there are too many; lifetime in seconds."""
    token, at = new_secret(PREFIX), now()
    kept = await tx.rows(_TOKENS, project=project, connection=connection)
    await withdraw(tx, project, [found for (found,) in kept[VALID_AT_ONCE - 1 :]])
    await tx.run(
        _INSERT,
        project=project,
        connection=connection,
        fingerprint=fingerprint(token),
        hint=f"{PREFIX}...{token[-4:]}",
        created_at=at,
        expires_at=None if lifetime is None else later(at, lifetime),
    )
    return token


async def withdraw(tx: Transaction, project: str, fingerprints: Sequence[str]) -> int:
    """End tokens; give how many there were."""
    if not fingerprints:
        return 0
    for ended in fingerprints:
        tx.announce("connection", ended)
    return await tx.run(_WITHDRAW[tx.kind], project=project, fingerprints=list(fingerprints))
