"""Signing in with a password of ours: whatever is wrong, the stranger gets one answer, at one cost."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import bindparam, select, update

from service.database import Database, Transaction
from service.database.tables import users
from service.users import session_starts, sessions
from service.users.factors import IS_PROTECTED
from service.users.model import ACTIVE, LOCAL, Caller, Origin
from service.users.passwords import Hasher
from service.users.problems import BadPayload, WrongCredentials, WrongOtp
from service.users.rows import fold
from service.users.second_factor import SecondFactor
from service.users.sessions import Opened
from service.users.throttle import Attempt, Place, guarded

_LONGEST: Final = 320  # characters; no address is longer
Proof = Literal["none", "password", "again"]

_KNOWN: Final = select(users.c.id, users.c.password_hash, IS_PROTECTED.label("protected")).where(
    users.c.project == bindparam("project"),
    users.c.email_key == bindparam("email_key"),
    users.c.status == ACTIVE,
    users.c.provider == LOCAL,
)
_SELF: Final = select(users.c.email, users.c.password_hash).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user"), users.c.provider == LOCAL
)
_RENEW: Final = update(users).where(
    users.c.project == bindparam("of_project"), users.c.id == bindparam("of_id")
)


class _Proven(msgspec.Struct, frozen=True):
    """Whose password it was, the hash that it made, and the one to keep from now on."""

    project: str
    user: str
    kept: str
    newest: str
    origin: Origin
    lifetime: float

    def __repr__(self) -> str:
        return f"_Proven(user={self.user})"


async def with_password(
    database: Database,
    hasher: Hasher,
    project: str,
    email: str,
    password: str,
    origin: Origin,
    lifetime: float,
    *,
    otp: str | None = None,
    factor: SecondFactor | None = None,
) -> Opened:
    """Begin a session of `lifetime` seconds for who knows the password, and the code where one is asked for.

    Raises WrongCredentials for unknown, wrong, not active and signing on elsewhere alike; WrongOtp, only
    after the right password; TooMany (guessing, or more hashing than the machine can take).
    """
    attempt = Attempt(project, email, origin.ip)
    async with guarded(database, attempt) as place:
        user, kept, protected = await database.read(_known, project, email) or (None, None, None)
        good = await hasher.verify(kept, password)
        if not good or user is None or kept is None:
            raise WrongCredentials
        if protected and (factor is None or otp is None):
            raise WrongOtp(user=user)
        newest = await hasher.hash(password) if hasher.is_outdated(kept) else kept
        proven = _Proven(project, user, kept, newest, origin, lifetime)
        async with guarded(database, attempt, "otp") if protected else nullcontext() as second:
            places = [place] if second is None else [second, place]
            return await database.write(_admit, proven, places, otp, factor)


async def confirm_password(database: Database, hasher: Hasher, caller: Caller, password: str | None) -> None:
    """Have the person who is asking prove again who they are. Raises WrongCredentials, BadPayload, TooMany.

    Who signs on with a provider has no password of ours: a sign-on that is minutes old is their proof.
    """
    if password is None:
        if not await database.read(sessions.is_fresh, caller):
            raise BadPayload('"password" is required')
        return
    email, kept = await database.read(_own, caller) or (None, None)
    async with guarded(database, Attempt(caller.project, email or str(caller.user), caller.origin.ip)):
        if not await hasher.verify(kept, password):
            raise WrongCredentials


async def proof(tx: Transaction, caller: Caller) -> Proof:
    """What it takes for `confirm_password`: nothing just after a sign-on, a password, or another sign-on."""
    if await sessions.is_fresh(tx, caller):
        return "none"
    _, kept = await _own(tx, caller) or (None, None)
    return "again" if kept is None else "password"


async def _own(tx: Transaction, caller: Caller) -> tuple[Any, ...] | None:
    return await tx.row(_SELF, project=caller.project, user=caller.user)


async def _known(tx: Transaction, project: str, email: str) -> tuple[Any, ...] | None:
    if len(email) > _LONGEST or "\0" in email:
        return None
    return await tx.row(_KNOWN, project=project, email_key=fold(email))


async def _admit(
    tx: Transaction, proven: _Proven, places: Sequence[Place], otp: str | None, factor: SecondFactor | None
) -> Opened:
    """The session, if the hash that was verified is still the one: a password changed meanwhile is wrong."""
    project, user = proven.project, proven.user
    held = await session_starts.hold(tx, project, user)
    if (held.provider, held.password_hash) != (LOCAL, proven.kept):
        raise WrongCredentials
    if proven.newest != proven.kept:
        await tx.run(_RENEW, of_project=project, of_id=user, password_hash=proven.newest)
    if factor is not None and (held.protected or otp is not None):
        await factor.check(tx, Caller(project, user, origin=proven.origin), otp)
    for place in places:
        await place.clear(tx)
    return await session_starts.begin(tx, project, held, LOCAL, proven.origin, proven.lifetime)
