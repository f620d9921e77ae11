"""A browser on its way to a provider and back: remembered under its cookie's fingerprint, taken out once.

Proofs that count once stand beside them, for as long as they could be brought again.
What the provider needs back (state, nonce, verifier) is as secret as a password until then, so it is sealed.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, now
from service.database.tables import departures
from service.sealing import Place, Sealer
from service.users.clock import later

LIFETIME: Final = 300  # seconds (RFC 9700 section 4.7 wants it short)

_INSERT: Final = insert(departures)
_SPEND: Final = upsert(departures).on_conflict_do_nothing(index_elements=["project", "fingerprint"])
_TAKE: Final = (
    delete(departures)
    .where(departures.c.project == bindparam("project"), departures.c.fingerprint == bindparam("fingerprint"))
    .returning(departures.c.provider, departures.c.memory, departures.c.redirect, departures.c.expires_at)
)
_PRUNE: Final = delete(departures).where(departures.c.expires_at < bindparam("at"))


class Departed(msgspec.Struct, frozen=True):
    """Who left: `memory` is sealed (`unseal`), `redirect` is where the person wanted to go."""

    provider: str
    memory: str
    redirect: str | None


async def remember(
    tx: Transaction, project: str, fingerprint: str, departed: Departed, lifetime: float = LIFETIME
) -> None:
    """Remember a departure for `lifetime` seconds, and forget all whose time is over."""
    at = now()
    await tx.run(_PRUNE, at=at)
    await tx.run(
        _INSERT,
        project=project,
        fingerprint=fingerprint,
        provider=departed.provider,
        memory=departed.memory,
        redirect=departed.redirect,
        expires_at=later(at, lifetime),
    )


async def take(tx: Transaction, project: str, fingerprint: str, provider: str) -> Departed | None:
    """Take the departure out: who comes second finds nothing, and so does who went to another provider."""
    found = await tx.row(_TAKE, project=project, fingerprint=fingerprint)
    if found is None or found[0] != provider or found[3] <= now():
        return None
    return Departed(found[0], found[1], found[2])


async def spend(tx: Transaction, project: str, fingerprint: str, until: str) -> bool:
    """Use up what counts once; False where it was used before. After `until` it is forgotten."""
    await tx.run(_PRUNE, at=now())
    return bool(await tx.run(_SPEND, **_spent(project, fingerprint, until)))


def _spent(project: str, fingerprint: str, until: str) -> dict[str, str | None]:
    kept = {"project": project, "fingerprint": fingerprint, "expires_at": until}
    return {**kept, "provider": "", "memory": "", "redirect": None}


def seal(sealer: Sealer, project: str, fingerprint: str, memory: Mapping[str, str]) -> str:
    """What a provider wants to be reminded of, for the `memory` of this one departure."""
    return sealer.seal(msgspec.json.encode(memory).decode(), _place(project, fingerprint))


def unseal(sealer: Sealer, project: str, fingerprint: str, sealed: str) -> dict[str, str]:
    """The memory back. Raises SealBroken."""
    return msgspec.json.decode(sealer.open(sealed, _place(project, fingerprint)), type=dict[str, str])


def _place(project: str, fingerprint: str) -> Place:
    return Place("departures", f"{project}/{fingerprint}", "memory")
