"""Sessions: one row for each sign-in, asked at every request: its end is the end of its access tokens."""

from typing import Any, Final

import msgspec

from service.database import Transaction, now
from service.tokens import fingerprint
from service.users import refresh_tokens, session_rows
from service.users.clock import later
from service.users.model import LOCAL, Caller, Origin

_FRESH: Final = 600  # seconds after a sign-on in which a person may set up what needs a proof of who they are
SEEN_EVERY: Final = 60  # seconds between two notes of a user's last access


class Opened(msgspec.Struct, frozen=True):
    """A session as it is handed out: the refresh token, and the facts that an access token tells."""

    session: str
    refresh_token: str
    expires_at: str
    user: str
    role: str | None
    admin: bool
    app: bool
    provider: str

    def __repr__(self) -> str:
        return f"Opened(session={self.session}, user={self.user})"


class Ended(msgspec.Struct, frozen=True):
    """Whose session has ended, with which identity it had begun, and what ends the provider's own."""

    user: str
    provider: str
    identifier: str | None
    hint: str | None = None


class Recognised(msgspec.Struct, frozen=True):
    """The active person behind a request; session and `expires_at` are None for a static token."""

    user: str
    role: str | None
    admin: bool
    app: bool
    last_access: str | None
    session: str | None = None
    provider: str = LOCAL
    expires_at: str | None = None
    networks: tuple[str, ...] = ()  # the only ones that the role may be used from
    confined: bool = False  # to setting up the second factor that the role asks for

    def caller(self, project: str, origin: Origin) -> Caller:
        """The person as one who asks the core."""
        return Caller(project, self.user, self.role, self.admin, self.app, self.session, origin=origin)


async def close(tx: Transaction, project: str, token: object) -> Ended | None:
    """End the session that a refresh token belongs to; nothing happens where there is none."""
    session = refresh_tokens.session_of(token)
    if session is None or not isinstance(token, str):
        return None
    refresh = fingerprint(token)
    return _ended(tx, await tx.row(session_rows.CLOSE, project=project, session=session, refresh=refresh))


async def end(tx: Transaction, project: str, session: str) -> Ended | None:
    """End one session by its id."""
    return _ended(tx, await tx.row(session_rows.DELETE, project=project, session=session))


def _ended(tx: Transaction, found: tuple[Any, ...] | None) -> Ended | None:
    if found is None:
        return None
    tx.announce("user", found[0])
    return Ended(*found)


async def is_fresh(tx: Transaction, caller: Caller) -> bool:
    """Whether the caller signed on with a provider just now, which is as good as a password told again."""
    if caller.session is None:
        return False
    since = later(now(), -_FRESH)
    where = {"project": caller.project, "session": caller.session, "local": LOCAL}
    return await tx.row(session_rows.FRESH, **where, since=since) is not None


async def recognise(tx: Transaction, project: str, session: str) -> Recognised | None:
    """Who has this session, if it still lives and the person is active: asked for each request."""
    found = await tx.row(session_rows.BY_SESSION, project=project, session=session)
    return _recognised(found) if found is not None and found[-2] > now() else None


async def holder(tx: Transaction, project: str, token: object) -> Recognised | None:
    """Who has the session of a refresh token that is good, or was until the last refresh."""
    session = refresh_tokens.session_of(token)
    if session is None or not isinstance(token, str):
        return None
    where = {"project": project, "session": session, "refresh": fingerprint(token)}
    if await tx.row(session_rows.HOLDER, **where) is None:
        return None
    return await recognise(tx, project, session)


async def recognise_token(tx: Transaction, project: str, token_fingerprint: str) -> Recognised | None:
    """Whose static token this is, if the person is active."""
    found = await tx.row(session_rows.BY_TOKEN, project=project, fingerprint=token_fingerprint)
    return _recognised(found) if found is not None else None


async def touch(tx: Transaction, project: str, user: str, at: str, session: str | None = None) -> None:
    """Note that the user was here, at most once a minute, and their session: no history, no new version."""
    before = later(at, -SEEN_EVERY)
    if session is not None:
        await tx.run(session_rows.USED, of_project=project, of_id=session, of_before=before, used_at=at)
    if await tx.run(session_rows.TOUCH, of_project=project, of_id=user, of_before=before, last_access=at):
        tx.announce("user", user)


async def prune(tx: Transaction) -> int:
    """Delete the sessions whose time is over; give their number."""
    return await tx.run(session_rows.PRUNE, at=now())


async def hand_out(tx: Transaction, project: str, session: str, token: str) -> Opened | None:
    """A session with its newest refresh token; None where it is over."""
    found = await recognise(tx, project, session)
    if found is None or found.expires_at is None:
        return None
    facts = (found.user, found.role, found.admin, found.app, found.provider)
    return Opened(session, token, found.expires_at, *facts)


def _recognised(found: tuple[Any, ...]) -> Recognised:
    user, role, admin, app, last_access, networks, *session = found
    facts, networks = (user, role, bool(admin), bool(app), last_access), tuple(networks or ())
    if not session:
        return Recognised(*facts, networks=networks)
    key, provider, expires_at, confined = session
    return Recognised(*facts, key, provider, expires_at, networks, bool(confined))
