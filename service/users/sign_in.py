"""Signing in with a password of ours: whatever is wrong, the stranger gets one answer, at one cost."""

from contextlib import nullcontext
from typing import Any, Final, Literal

from sqlalchemy import bindparam, select, update

from service.database import Database, Transaction
from service.database.tables import users
from service.users import sessions
from service.users.factors import IS_PROTECTED
from service.users.model import ACTIVE, LOCAL, Caller, Origin
from service.users.passwords import Hasher
from service.users.problems import BadPayload, WrongCredentials, WrongOtp
from service.users.rows import fold
from service.users.second_factor import SecondFactor
from service.users.sessions import Opened
from service.users.throttle import Attempt, guarded

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
# The hash that was verified must still be the one: a password changed meanwhile is a wrong password.
_RENEW: Final = update(users).where(
    users.c.project == bindparam("of_project"),
    users.c.id == bindparam("of_id"),
    users.c.password_hash == bindparam("of_password_hash"),
    users.c.provider == LOCAL,
)


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
    async with guarded(database, attempt):
        user, kept, protected = await database.read(_known, project, email) or (None, None, None)
        good = await hasher.verify(kept, password)
        if not good or user is None or kept is None:
            raise WrongCredentials
        if protected and (factor is None or otp is None):
            raise WrongOtp(user=user)
        newest = await hasher.hash(password) if hasher.is_outdated(kept) else kept
        async with guarded(database, attempt, "otp") if protected else nullcontext():
            return await database.write(_admit, project, user, kept, newest, origin, lifetime, otp, factor)


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
    tx: Transaction,
    project: str,
    user: str,
    kept: str,
    newest: str,
    origin: Origin,
    lifetime: float,
    otp: str | None,
    factor: SecondFactor | None,
) -> Opened:
    if not await tx.run(_RENEW, of_project=project, of_id=user, of_password_hash=kept, password_hash=newest):
        raise WrongCredentials
    if factor is not None:
        await factor.check(tx, Caller(project, user, origin=origin), otp)
    return await sessions.start(tx, project, user, LOCAL, origin, lifetime)
