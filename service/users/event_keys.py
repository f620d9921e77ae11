"""The keys that events are signed with: one at a time for each project, kept sealed, made when first needed.

After some months another takes its place. Those before it stay published as long as an event may wait, so
that applications can still verify what they were given.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from joserfc.jwk import ECKey
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction, new_key, now
from service.database.tables import event_keys
from service.sealing import Place, SealBroken, Sealer
from service.users.clock import later, span
from service.users.feed import DAYS

ALGORITHM: Final = "ES256"
_LIFE: Final = 90 * 86_400.0  # seconds in which one key signs
_FRESH: Final = 60.0  # seconds in which the key in memory need not be asked for
_newer = event_keys.alias("newer")
_NEWEST: Final = (
    select(event_keys.c.number, event_keys.c.kid, event_keys.c.private, event_keys.c.created_at)
    .where(event_keys.c.project == bindparam("project"))
    .order_by(event_keys.c.number.desc())
    .limit(1)
)
_PUBLISHED: Final = (
    select(event_keys.c.public)
    .where(event_keys.c.project == bindparam("project"))
    .order_by(event_keys.c.number.desc())
)
_MAKE: Final = upsert(event_keys).on_conflict_do_nothing(index_elements=["project", "number"])
_PRUNE: Final = delete(event_keys).where(
    select(_newer.c.number)
    .where(
        _newer.c.project == event_keys.c.project,
        _newer.c.number > event_keys.c.number,
        _newer.c.created_at < bindparam("before", type_=event_keys.c.created_at.type),
    )
    .exists()
)


class EventKeys:
    """Gives the key of a project; one per process, with a short memory."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._known: dict[str, tuple[ECKey, str]] = {}  # until when it need not be asked for

    def known(self, project: str) -> ECKey | None:
        """The key that signs, where it was asked for a moment ago."""
        key, until = self._known.get(project, (None, ""))
        return key if until > now() else None

    async def settle(self, tx: Transaction, project: str) -> ECKey:
        """The key that signs. The first one, or one in the place of one past its time, is made here.

        Of several who make one at the same time one is kept; a key that no secret of ours opens is replaced.
        """
        at = now()
        key = await self._newest(tx, project, at)
        if key is None:
            await tx.run(_MAKE, **self._made(project, await _next(tx, project), at))
            key = await self._newest(tx, project, at)
        if key is None:
            raise SealBroken
        self._known[project] = key, later(at, _FRESH)
        return key

    async def _newest(self, tx: Transaction, project: str, at: str) -> ECKey | None:
        found = await tx.row(_NEWEST, project=project)
        if found is None:
            return None
        number, kid, private, created_at = found
        if span(created_at, at) > _LIFE:
            return None
        try:
            opened = self._sealer.open(private, place(project, number))
        except SealBroken:
            return None
        return ECKey.import_key(msgspec.json.decode(opened), {"kid": kid})

    def _made(self, project: str, number: int, at: str) -> dict[str, Any]:
        kid = new_key()
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": ALGORITHM})
        text = msgspec.json.encode(key.as_dict(private=True)).decode()
        return {
            "project": project,
            "number": number,
            "kid": kid,
            "private": self._sealer.seal(text, place(project, number)),
            "public": key.as_dict(private=False),
            "created_at": at,
        }


async def published(tx: Transaction, project: str) -> Sequence[object]:
    """The public keys of a project as JWKs, newest first."""
    return [public for (public,) in await tx.rows(_PUBLISHED, project=project)]


async def prune(tx: Transaction) -> None:
    """Forget keys whose last events are too old to be waiting for anybody."""
    await tx.run(_PRUNE, before=later(now(), -(DAYS + 1) * 86_400))


async def _next(tx: Transaction, project: str) -> int:
    found = await tx.row(_NEWEST, project=project)
    return 1 if found is None else int(found[0]) + 1


def place(project: str, number: int) -> Place:
    """Where a key's private half lies sealed."""
    return Place("event_keys", f"{project}/{number}", "private")
