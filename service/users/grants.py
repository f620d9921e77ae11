"""What a provider granted us at a sign-on: its tokens, sealed beside the identity, used when we renew a
session.

Who is no longer welcome there is not welcome here: a grant that is gone ends every session that it began.
"""

import logging
from typing import Final

import msgspec
from sqlalchemy import bindparam, or_, select, update

from providers.afterwards import Renews
from providers.contract import ProviderError, Refused, Tokens
from providers.secret import Secret
from service.database import Database, Transaction, now
from service.database.tables import identities
from service.sealing import Place, SealBroken, Sealer
from service.users import endings, history
from service.users.clock import later
from service.users.identities import ONE, Key, where
from service.users.model import Caller, Origin
from service.users.problems import Forged

_log = logging.getLogger(__name__)
# Two who renew at once would use one refresh token twice, which providers take for theft: one of them asks.
PAUSE: Final = 30  # seconds between two questions about one grant

_KEPT: Final = select(identities.c.tokens).where(*ONE)
_KEEP: Final = update(identities).where(*ONE)
# Whoever signs on while we ask brings a newer grant: what was said of the older is no word about that.
_REPLACE: Final = _KEEP.where(identities.c.tokens == bindparam("of_tokens", type_=identities.c.tokens.type))
_CLAIM: Final = (
    update(identities)
    .where(
        identities.c.project == bindparam("of_project"),
        identities.c.user == bindparam("of_user"),
        identities.c.provider == bindparam("of_provider"),
        identities.c.tokens.is_not(None),
        or_(
            identities.c.asked_at.is_(None),
            identities.c.asked_at <= bindparam("of_before", type_=identities.c.asked_at.type),
        ),
    )
    .returning(identities.c.external_identifier, identities.c.tokens)
)


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tokens as they are sealed."""

    refresh_token: str | None = None
    id_token: str | None = None


class Grants:
    """Seals and opens; the tokens are in clear here and at the provider only."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def keep(self, tx: Transaction, project: str, key: Key, tokens: Tokens) -> None:
        """Keep what a sign-on brought; a refresh token that does not come anew stays (Google sends one)."""
        if tokens.refresh_token is None and tokens.id_token is None:
            return
        found = await tx.row(_KEPT, **where(project, key))
        before = self._open(project, key, found[0]) if found and found[0] else Kept()
        fresh = tokens.refresh_token.reveal() if tokens.refresh_token else before.refresh_token
        kept = Kept(fresh, tokens.id_token.reveal() if tokens.id_token else before.id_token)
        await tx.run(_KEEP, **where(project, key), tokens=self._seal(project, key, kept))

    async def hint(self, tx: Transaction, project: str, key: Key) -> Secret | None:
        """The ID token of the last sign-on with an identity, which tells the provider whose session it is."""
        found = await tx.row(_KEPT, **where(project, key))
        kept = self._open(project, key, found[0]) if found and found[0] else Kept()
        return None if kept.id_token is None else Secret(kept.id_token)

    async def renew(
        self, database: Database, provider: object, project: str, user: str, name: str, origin: Origin
    ) -> None:
        """Ask the provider called `name` whether what it granted to a user still stands.

        Raises Forged when it does not, after every session that began with it has ended. Nobody is signed out
        because a provider is down: the session's own end bounds how long that can last.
        """
        if not isinstance(provider, Renews):
            return
        for identifier, sealed in await database.write(self._claim, project, user, name):
            key = (name, identifier)
            kept = self._open(project, key, sealed)
            if kept.refresh_token is None:
                continue
            try:
                newer = await provider.renew(Secret(kept.refresh_token))
            except Refused as problem:
                asked = (project, user, key, sealed)
                if await database.write(self._revoked, *asked, problem.cause, origin):
                    raise Forged from problem
                continue
            except ProviderError as problem:
                _log.warning(
                    "a grant cannot be asked about", extra={"provider": name, "cause": problem.cause}
                )
                continue
            if newer is not None:
                again = self._seal(project, key, Kept(newer.reveal(), kept.id_token))
                await database.write(_replace, project, key, sealed, again)

    async def _claim(self, tx: Transaction, project: str, user: str, name: str) -> list[tuple[str, str]]:
        at = now()
        asked = {"of_project": project, "of_user": user, "of_provider": name, "of_before": later(at, -PAUSE)}
        return [(row[0], row[1]) for row in await tx.rows(_CLAIM, **asked, asked_at=at)]

    async def _revoked(
        self, tx: Transaction, project: str, user: str, key: Key, sealed: str, cause: str, origin: Origin
    ) -> bool:
        """Whether the grant was still the one that is refused; then its sessions have ended."""
        if not await _replace(tx, project, key, sealed, None):
            return False
        await endings.end_of_provider(tx, project, user, key[0])
        story = f"{key[0]}: revoked (the provider takes its grant back, so the sessions have ended: {cause})"
        await history.record(
            tx, Caller(project, origin=origin), "refused", [history.Entry(user)], comment=story
        )
        return True

    def _seal(self, project: str, key: Key, kept: Kept) -> str:
        return self._sealer.seal(msgspec.json.encode(kept).decode(), place(project, key))

    def _open(self, project: str, key: Key, sealed: str) -> Kept:
        try:
            return msgspec.json.decode(self._sealer.open(sealed, place(project, key)), type=Kept)
        except SealBroken:  # under a secret that is gone: nothing can be asked with it
            return Kept()


async def _replace(tx: Transaction, project: str, key: Key, sealed: str, newer: str | None) -> bool:
    return await tx.run(_REPLACE, **where(project, key), of_tokens=sealed, tokens=newer) == 1


def place(project: str, key: Key) -> Place:
    """Where what a provider gave lies sealed."""
    return Place("identities", msgspec.json.encode([project, *key]).decode(), "tokens")
