"""Signing in with a password of ours: whatever is wrong, the stranger gets one answer, at one cost."""

from typing import Any, Final

from sqlalchemy import bindparam, select, update

from service.database import Database, Transaction
from service.database.tables import users
from service.users import sessions
from service.users.model import ACTIVE, LOCAL, Origin
from service.users.passwords import Hasher
from service.users.problems import WrongCredentials
from service.users.rows import fold
from service.users.sessions import Opened

_LONGEST: Final = 320  # characters; no address is longer

_KNOWN: Final = select(users.c.id, users.c.password_hash).where(
    users.c.project == bindparam("project"),
    users.c.email_key == bindparam("email_key"),
    users.c.status == ACTIVE,
    users.c.provider == LOCAL,
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
) -> Opened:
    """Begin a session of `lifetime` seconds for who knows the password.

    Raises WrongCredentials for unknown, wrong, not active and signing on elsewhere alike; TooMany.
    """
    user, kept = await database.read(_known, project, email) or (None, None)
    good = await hasher.verify(kept, password)
    if not good or user is None or kept is None:
        raise WrongCredentials
    newest = await hasher.hash(password) if hasher.is_outdated(kept) else kept
    return await database.write(_admit, project, user, kept, newest, origin, lifetime)


async def _known(tx: Transaction, project: str, email: str) -> tuple[Any, ...] | None:
    if len(email) > _LONGEST or "\0" in email:
        return None
    return await tx.row(_KNOWN, project=project, email_key=fold(email))


async def _admit(
    tx: Transaction, project: str, user: str, kept: str, newest: str, origin: Origin, lifetime: float
) -> Opened:
    if not await tx.run(_RENEW, of_project=project, of_id=user, of_password_hash=kept, password_hash=newest):
        raise WrongCredentials
    return await sessions.start(tx, project, user, LOCAL, origin, lifetime)
