"""Sessions begin: what is asked of the person, what is remembered of where they came from."""

from typing import Final

import msgspec

from service.database import Transaction, new_key, now
from service.tokens import fingerprint
from service.users import history, refresh_tokens, session_rows
from service.users.clock import later
from service.users.model import ACTIVE, Caller, Origin
from service.users.problems import WrongCredentials
from service.users.sessions import SEEN_EVERY, Opened

_LONGEST: Final = 512  # characters of a user agent
_NEVER: Final = "9999-12-31T23:59:59.999Z"


class Bond(msgspec.Struct, frozen=True):
    """What ties a session to the sign-on that began it: the identity, the provider's own session and its end,
    whom that is about in the provider's words, and what the provider must be told to end it."""

    identifier: str | None = None
    sid: str | None = None
    ends_at: str | None = None
    subject: str | None = None
    hint: str | None = None


class Held(msgspec.Struct, frozen=True):
    """An active user whom a transaction holds, so that no session slips past a suspension."""

    user: str
    provider: str
    password_hash: str | None
    last_access: str | None
    role: str | None
    admin: bool
    app: bool
    protected: bool  # by a second factor of ours

    def __repr__(self) -> str:
        return f"Held(user={self.user})"


async def hold(tx: Transaction, project: str, user: str) -> Held:
    """Raises WrongCredentials when the user is not there or not active."""
    for _ in range(2):
        found = await tx.row(session_rows.HOLD, project=project, user=user)
        if found is None or found[0] != ACTIVE:
            raise WrongCredentials("inactive")
        _, provider, password_hash, last_access, role, joined, admin, app, protected = found
        if role == joined:
            break  # else PostgreSQL has waited for a change of role, and joined what it had read before
    return Held(user, provider, password_hash, last_access, role, bool(admin), bool(app), bool(protected))


async def start(
    tx: Transaction,
    project: str,
    user: str,
    provider: str,
    origin: Origin,
    lifetime: float,
    *,
    factor: bool = False,
    bond: Bond = Bond(),  # noqa: B008  # frozen
) -> Opened:
    """Begin a session of `lifetime` seconds, which no refreshing makes longer; note the sign-in.

    `factor`: the provider has answered for a second factor, so that the role need not ask for ours.
    Raises WrongCredentials when the user is not there or not active.
    """
    held = await hold(tx, project, user)
    return await begin(tx, project, held, provider, origin, lifetime, factor=factor, bond=bond)


async def begin(
    tx: Transaction,
    project: str,
    held: Held,
    provider: str,
    origin: Origin,
    lifetime: float,
    *,
    factor: bool = False,
    bond: Bond = Bond(),  # noqa: B008  # frozen
) -> Opened:
    """`start` for a user who is held already."""
    session, at = new_key(), now()
    token, ends_at = refresh_tokens.make(session), min(later(at, lifetime), bond.ends_at or _NEVER)
    if ends_at <= at:  # a lifetime of nothing
        raise WrongCredentials("inactive")
    row = {
        "project": project,
        "id": session,
        "user": held.user,
        "refresh": fingerprint(token),
        "created_at": at,
        "expires_at": ends_at,
        "factor": factor,
    }
    tx.owe(session_rows.INSERT, [row | _began(provider, bond, origin)])
    before = later(at, -SEEN_EVERY)
    if held.last_access is None or held.last_access < before:
        seen = {"of_project": project, "of_id": held.user, "of_before": before, "last_access": at}
        tx.owe(session_rows.TOUCH, [seen])
        tx.announce("user", held.user)
    await history.record(tx, Caller(project, held.user, origin=origin), "login", [history.Entry(held.user)])
    return Opened(session, token, ends_at, held.user, held.role, held.admin, held.app, provider)


def _began(provider: str, bond: Bond, origin: Origin) -> dict[str, str | None]:
    """What a session remembers of where it came from."""
    return {
        "provider": provider,
        "identifier": bond.identifier,
        "sid": bond.sid,
        "subject": bond.subject,
        "hint": bond.hint,
        "ip": origin.ip,
        "user_agent": origin.user_agent and origin.user_agent[:_LONGEST],
    }
