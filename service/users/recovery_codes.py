"""Recovery codes for a lost phone or passkey: each good once in place of a code, kept as fingerprints."""

import re
from base64 import b32encode
from secrets import token_bytes
from typing import Final

from sqlalchemy import bindparam, delete, exists, func, insert, select

from service.database import Transaction
from service.database.tables import passkeys, recovery_codes
from service.tokens import fingerprint

CODES: Final = 10  # at a time
_CODE: Final = re.compile(r"[A-Z2-7]{16}\Z")
_INSERT: Final = insert(recovery_codes)
_theirs = (
    recovery_codes.c.project == bindparam("of_project"),
    recovery_codes.c.user == bindparam("of_user"),
)
_USE: Final = delete(recovery_codes).where(*_theirs, recovery_codes.c.fingerprint == bindparam("of_mark"))
_COUNT: Final = select(func.count()).select_from(recovery_codes).where(*_theirs)
_FORGET: Final = delete(recovery_codes).where(*_theirs)
_FORGET_UNLESS_PASSKEY: Final = _FORGET.where(
    ~exists().where(passkeys.c.project == recovery_codes.c.project, passkeys.c.user == recovery_codes.c.user)
)


def could_be(code: str) -> bool:
    """Whether this has the form of one: 16 characters of base32."""
    return _CODE.match(code) is not None


async def number(tx: Transaction, project: str, user: str) -> int:
    """How many somebody has left."""
    (number,) = await tx.row(_COUNT, of_project=project, of_user=user) or (0,)
    return int(number)


async def use(tx: Transaction, project: str, user: str, code: str) -> bool:
    """Whether it is one of somebody's; it is used up by this."""
    return await tx.run(_USE, of_project=project, of_user=user, of_mark=fingerprint(code)) == 1


async def renew(tx: Transaction, project: str, user: str) -> list[str]:
    """New ones, as they are shown this once: in groups of four. Older ones are good no more."""
    codes = [b32encode(token_bytes(10)).decode() for _ in range(CODES)]
    told = {"project": project, "user": user}
    await forget(tx, project, user)
    await tx.run_many(_INSERT, [{**told, "fingerprint": fingerprint(code)} for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


async def forget(tx: Transaction, project: str, user: str) -> None:
    """Somebody's are good no more."""
    await tx.run(_FORGET, of_project=project, of_user=user)


async def forget_unless_passkey(tx: Transaction, project: str, user: str) -> None:
    """The same, where there is no passkey left that they stand in for."""
    await tx.run(_FORGET_UNLESS_PASSKEY, of_project=project, of_user=user)
