"""Tokens about security events that were taken: whoever sends one again changes nothing."""

from typing import Final

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import event_tokens
from service.tokens import fingerprint

_TAKE: Final = upsert(event_tokens).on_conflict_do_nothing()
_PRUNE: Final = delete(event_tokens).where(event_tokens.c.expires_at <= bindparam("at"))


async def take(tx: Transaction, project: str, provider: str, token: str, until: str) -> bool:
    """Whether this token (its jti) comes for the first time; remembered until nobody believes it."""
    row = {"project": project, "provider": provider, "fingerprint": fingerprint(token), "expires_at": until}
    return await tx.run(_TAKE, **row) == 1


async def prune(tx: Transaction) -> int:
    """Forget those that nobody would believe any more; give their number."""
    return await tx.run(_PRUNE, at=now())
