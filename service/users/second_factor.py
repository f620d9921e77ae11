"""The second factor: codes of RFC 6238, each good once; a recovery code does in their place.

A secret is made here, kept pending, and only that one can be enabled: nobody chooses their own. What is at
rest is sealed for its row; the time step of the last code is kept, and only later steps are good (5.2).
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Final, Literal
from urllib.parse import quote

import msgspec
import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import bindparam, delete, insert, or_, select, update

from service.database import Transaction, now
from service.database.tables import second_factors, users
from service.sealing import Place, SealBroken, Sealer
from service.users import edits, projects, recovery_codes
from service.users.edits import Edit
from service.users.factors import IS_PROTECTED
from service.users.model import Caller
from service.users.problems import BadPayload, WrongCredentials, WrongOtp
from service.users.rows import Row, hold

_log = logging.getLogger(__name__)
_TABLE = Literal["users", "second_factors"]
_COLUMNS: Final = {"users": "tfa_secret", "second_factors": "pending"}
_CODE: Final = re.compile(r"[0-9]{6}\Z")

_of_user = (
    second_factors.c.project == bindparam("of_project"),
    second_factors.c.user == bindparam("of_user"),
)
_LOOK: Final = select(second_factors.c.pending, second_factors.c.armed).where(*_of_user)
_PENDING: Final = insert(second_factors)
_SETTLED: Final = update(second_factors).where(*_of_user)
# Of two sign-ins with one code, one finds its step taken.
_STEP: Final = update(second_factors).where(
    *_of_user,
    or_(
        second_factors.c.step.is_(None),
        second_factors.c.step < bindparam("of_step", type_=second_factors.c.step.type),
    ),
)
_FORGET: Final = delete(second_factors).where(*_of_user)
_PROTECTED: Final = select(users.c.id).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user"), IS_PROTECTED
)


class Made(msgspec.Struct, frozen=True):
    """A new secret as its owner gets it: 32 characters of base32, and the address that a picture shows."""

    secret: str
    otpauth_url: str

    def __repr__(self) -> str:
        return "Made(hidden)"


class SecondFactor:
    """Seals, opens and compares; `clock` gives seconds since 1970."""

    def __init__(self, sealer: Sealer, clock: Callable[[], float] = time.time) -> None:
        self._sealer = sealer
        self._clock = clock

    async def generate(self, tx: Transaction, caller: Caller, place: str, *, armed: bool) -> Made:
        """Make a secret for the caller and keep it pending; an older pending one is no longer good.

        `armed`: the first good code at a sign-in confirms it, as early clients expect; else `enable` does.
        `place` names us where the project has no title. Raises BadPayload (one is in force, no e-mail).
        """
        row = await _held(tx, caller)
        if row["tfa_secret"] is not None:
            raise BadPayload("TFA Secret is already set for this user")
        if not row["email"]:
            raise BadPayload("User must have a valid email to enable TFA")
        secret, user = pyotp.random_base32(), row["id"]
        await tx.run(_FORGET, of_project=caller.project, of_user=user)
        sealed = self._seal(secret, "second_factors", caller.project, user)
        await tx.run(_PENDING, project=caller.project, user=user, pending=sealed, armed=armed, step=None)
        title = await projects.title(tx, caller.project)
        return Made(secret, otpauth_url(secret, row["email"], title or place))

    async def enable(self, tx: Transaction, caller: Caller, secret: str, otp: str) -> None:
        """Put the caller's pending secret in force. Raises BadPayload (in force already), WrongOtp."""
        row = await _held(tx, caller)
        if row["tfa_secret"] is not None:
            raise BadPayload("TFA Secret is already set for this user")
        pending, _ = await _pending(tx, row)
        if pending is None or self._open(pending, "second_factors", row) != secret:
            raise BadPayload('"secret" is not the one that was generated')
        if not await self._takes(tx, row, secret, otp):
            raise WrongOtp(given=True)
        await self._confirm(tx, caller, row, secret)

    async def disable(self, tx: Transaction, caller: Caller, otp: str) -> None:
        """Take the caller's factor away, for a code or a recovery code. Raises BadPayload, WrongOtp."""
        row = await _held(tx, caller)
        pending, armed = await _pending(tx, row)
        if row["tfa_secret"] is not None:
            good = await self._proves(tx, row, otp)
        elif pending is not None and armed:
            good = await self._takes(tx, row, self._open(pending, "second_factors", row), otp)
        else:
            raise BadPayload(f'User "{row["id"]}" doesn\'t have TFA enabled')
        if not good:
            raise WrongOtp(given=True)
        await forget(tx, caller, row)

    async def check(self, tx: Transaction, caller: Caller, otp: str | None) -> None:
        """The factor's part in a sign-in whose password was right. Raises WrongOtp.

        A code that fits a secret pending and armed confirms it; until then none is asked for.
        """
        row = await _held(tx, caller)
        if row["tfa_secret"] is not None or await is_protected(tx, caller.project, row["id"]):
            if otp is None or not await self._proves(tx, row, otp):
                raise WrongOtp(given=otp is not None)
        elif otp is not None:
            pending, armed = await _pending(tx, row)
            if pending is not None and armed:
                secret = self._open(pending, "second_factors", row)
                if await self._takes(tx, row, secret, otp):
                    await self._confirm(tx, caller, row, secret)

    async def _confirm(self, tx: Transaction, caller: Caller, row: Row, secret: str) -> None:
        sealed = self._seal(secret, "users", row["project"], row["id"])
        where = {"of_project": row["project"], "of_user": row["id"]}
        await tx.run(_SETTLED, **where, pending=None, armed=False)
        await recovery_codes.forget(tx, row["project"], row["id"])
        await edits.write(tx, caller, [Edit(row, {"tfa_secret": sealed})], now())

    async def _proves(self, tx: Transaction, row: Row, otp: str) -> bool:
        """Whether it is a code or a recovery code of this person; either is used up by it."""
        code = re.sub(r"[\s-]", "", otp[:64]).upper()
        if recovery_codes.could_be(code):
            return await recovery_codes.use(tx, row["project"], row["id"], code)
        if row["tfa_secret"] is None:  # their factor is a passkey
            return False
        return await self._takes(tx, row, self._open(row["tfa_secret"], "users", row), otp)

    async def _takes(self, tx: Transaction, row: Row, secret: str, otp: str) -> bool:
        """Whether the code fits now, or one step of 30 seconds off, and is later than the last one taken."""
        if not _CODE.match(otp):
            return False
        try:
            step = pyotp.TOTP(secret).verify_and_get_timecode(otp, for_time=self._clock(), valid_window=1)
        except OTPVerificationError:
            return False
        where = {"of_project": row["project"], "of_user": row["id"]}
        return await tx.run(_STEP, **where, of_step=step, step=step) == 1

    def _seal(self, secret: str, table: _TABLE, project: str, user: str) -> str:
        return self._sealer.seal(secret, place(table, project, user))

    def _open(self, sealed: str, table: _TABLE, row: Row) -> str:
        try:
            return self._sealer.open(sealed, place(table, row["project"], row["id"]))
        except SealBroken:  # a factor that cannot be proven stays closed
            _log.warning("a second factor is sealed under a SECRET that is gone", extra={"user": row["id"]})
            raise WrongOtp from None


def place(table: _TABLE, project: str, user: str) -> Place:
    """Where a factor's secret lies sealed: in force, or not confirmed yet."""
    return Place(table, f"{project}/{user}", _COLUMNS[table])


async def is_protected(tx: Transaction, project: str, user: str) -> bool:
    """Whether the user has a second factor of ours in force."""
    return await tx.row(_PROTECTED, project=project, user=user) is not None


async def renew_codes(tx: Transaction, caller: Caller) -> list[str]:
    """New recovery codes for the caller, shown this once; older ones are good no more. Raises BadPayload."""
    row = await _held(tx, caller)
    if not await is_protected(tx, caller.project, row["id"]):
        raise BadPayload(f'User "{row["id"]}" doesn\'t have TFA enabled')
    return await recovery_codes.renew(tx, caller.project, row["id"])


def otpauth_url(secret: str, email: str, issuer: str) -> str:
    """The Key Uri Format that authenticator apps read, with the parameters in the documented order."""
    label = f"{quote(issuer, safe='')}:{quote(email, safe='@')}"
    rest = f"period=30&digits=6&algorithm=SHA1&issuer={quote(issuer, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&{rest}"


async def _pending(tx: Transaction, row: Row) -> tuple[str | None, bool]:
    """The sealed secret that waits for its first code, and whether a sign-in may bring that."""
    found = await tx.row(_LOOK, of_project=row["project"], of_user=row["id"])
    return (None, False) if found is None else (found[0], bool(found[1]))


async def _held(tx: Transaction, caller: Caller) -> Row:
    held = await hold(tx, caller.project, [str(caller.user)])
    if caller.user not in held:
        raise WrongCredentials
    return held[str(caller.user)]


async def forget(tx: Transaction, caller: Caller, row: Row) -> None:
    """Take the app's secret away, and the recovery codes where no passkey is left for which they stand in."""
    where = {"of_project": row["project"], "of_user": row["id"]}
    await edits.write(tx, caller, [Edit(row, {"tfa_secret": None})], now())
    await tx.run(_FORGET, **where)
    await recovery_codes.forget_unless_passkey(tx, row["project"], row["id"])
