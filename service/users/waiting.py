"""Who has proven who they are, and still owes their second factor: remembered for minutes, under the
fingerprint of a cookie of that browser, until a code or a passkey that is good takes them out."""

from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, delete, insert, select

from service.database import Database, Transaction, now
from service.database.tables import awaited_codes, users
from service.users import session_starts
from service.users.clock import later
from service.users.factors import HAS_PASSKEY
from service.users.model import Caller, Origin
from service.users.problems import Expired
from service.users.second_factor import SecondFactor
from service.users.session_starts import Bond
from service.users.sessions import Opened
from service.users.throttle import Attempt, Place, guarded

LIFETIME: Final = 300  # seconds; the proof of the first factor should not be much older

_one = (
    awaited_codes.c.project == bindparam("project"),
    awaited_codes.c.fingerprint == bindparam("fingerprint"),
)
_TIE: Final = ("identifier", "sid", "ends_at", "subject", "hint")  # of the session that begins: its Bond
_INSERT: Final = insert(awaited_codes)
_LOOK: Final = (
    select(
        users.c.email,
        users.c.id,
        awaited_codes.c.redirect,
        awaited_codes.c.provider,
        users.c.tfa_secret.is_not(None).label("has_app"),
        HAS_PASSKEY.label("has_passkey"),
    )
    .join_from(
        awaited_codes,
        users,
        and_(users.c.project == awaited_codes.c.project, users.c.id == awaited_codes.c.user),
    )
    .where(*_one, awaited_codes.c.expires_at > bindparam("at"))
)
_TAKE: Final = (
    delete(awaited_codes)
    .where(*_one, awaited_codes.c.expires_at > bindparam("at"))
    .returning(awaited_codes.c.user, awaited_codes.c.provider, *(awaited_codes.c[name] for name in _TIE))
)
_PRUNE: Final = delete(awaited_codes).where(awaited_codes.c.expires_at <= bindparam("at"))


class Waiting(msgspec.Struct, frozen=True):
    """Whose code is awaited, and where they want to go afterwards."""

    name: str  # their address, or their key where they have none: what guesses are counted under
    redirect: str | None
    provider: str
    user: str
    has_app: bool  # whether there is an app that shows codes
    has_passkey: bool


async def begin(
    tx: Transaction,
    project: str,
    fingerprint: str,
    user: str,
    provider: str,
    redirect: str | None,
    bond: Bond,
) -> None:
    """Remember that this browser owes a code, and forget all whose time is over."""
    at = now()
    await tx.run(_PRUNE, at=at)
    await tx.run(
        _INSERT,
        project=project,
        fingerprint=fingerprint,
        user=user,
        provider=provider,
        redirect=redirect,
        expires_at=later(at, LIFETIME),
        **msgspec.structs.asdict(bond),
    )


async def look(tx: Transaction, project: str, fingerprint: str) -> Waiting | None:
    """Whom this browser may be; None when nothing is awaited from it any more."""
    found = await tx.row(_LOOK, project=project, fingerprint=fingerprint, at=now())
    if found is None:
        return None
    email, user, redirect, provider, has_app, has_passkey = found
    return Waiting(email or user, redirect, provider, user, bool(has_app), bool(has_passkey))


async def finish(
    database: Database,
    factor: SecondFactor,
    project: str,
    fingerprint: str,
    otp: str,
    origin: Origin,
    lifetime: float,
) -> tuple[Opened, Waiting]:
    """Begin the session for a good code. Raises Expired, WrongOtp, TooMany, WrongCredentials (not active)."""
    waiting = await database.read(look, project, fingerprint)
    if waiting is None:
        raise Expired
    async with guarded(database, Attempt(project, waiting.name, origin.ip), "otp") as place:
        opened = await database.write(_admit, place, factor, project, fingerprint, otp, origin, lifetime)
    return opened, waiting


async def _admit(
    tx: Transaction,
    place: Place,
    factor: SecondFactor,
    project: str,
    fingerprint: str,
    otp: str,
    origin: Origin,
    lifetime: float,
) -> Opened:
    user, provider, bond = await take(tx, project, fingerprint)
    await factor.check(tx, Caller(project, user, origin=origin), otp)
    await place.clear(tx)
    return await session_starts.start(tx, project, user, provider, origin, lifetime, bond=bond)


async def take(tx: Transaction, project: str, fingerprint: str) -> tuple[str, str, Bond]:
    """Whose factor is proven in this transaction, how they came so far, and their session's bond. Expired."""
    taken = await tx.row(_TAKE, project=project, fingerprint=fingerprint, at=now())
    if taken is None:
        raise Expired
    user, provider, *tie = taken
    return user, provider, Bond(**dict(zip(_TIE, tie, strict=True)))
