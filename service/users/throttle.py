"""Guessing is slowed down: failures are counted in windows of time, which restarts and replicas share.

An attempt takes its place in every window before anything is compared, so that guesses made at once are
counted too, and gives it back when it was no guess. A window runs out by itself: nobody is ever locked out.
The window of an account as a whole lets those pass who come from an address from which the person signed in
before; strangers' failures therefore keep strangers out. security.md's rules 25 and 27.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Final, Literal

import msgspec
from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Database, Transaction, now
from service.database.tables import activity, attempts, users
from service.users.clock import later
from service.users.problems import TooMany, WrongCredentials, WrongOtp
from service.users.rows import fold

_Level = Literal["pair", "account", "address"]
_RECENT: Final = 200  # activities among which a person's sign-ins are looked for


class Window(msgspec.Struct, frozen=True):
    """At most so many failures within so many seconds."""

    most: int
    seconds: int


# The pair comes first: who has used up their own window no longer counts in those that others share.
LIMITS: Final[Mapping[str, Mapping[_Level, Window]]] = {
    "password": {"pair": Window(20, 300), "account": Window(100, 3600), "address": Window(300, 900)},
    "otp": {"pair": Window(5, 300), "account": Window(30, 3600)},
    # No signature can be guessed: this bounds the work that strangers cause. The account is the credential.
    "passkey": {"pair": Window(20, 300), "address": Window(300, 900)},
    # Letters about a forgotten password: whoever has got so many needs no more.
    "reset": {"pair": Window(5, 3600), "account": Window(10, 3600), "address": Window(60, 900)},
    "register": {"pair": Window(5, 3600), "account": Window(10, 3600), "address": Window(60, 900)},
}

_added = upsert(attempts)  # both databases read it alike
_is_over = attempts.c.ends_at <= bindparam("at", type_=attempts.c.ends_at.type)
_TAKE: Final = _added.on_conflict_do_update(
    index_elements=["project", "mark"],
    set_={
        "count": case((_is_over, 1), else_=attempts.c.count + 1),
        "ends_at": case((_is_over, _added.excluded.ends_at), else_=attempts.c.ends_at),
    },
).returning(attempts.c.count, attempts.c.ends_at)
_one = (attempts.c.project == bindparam("of_project"), attempts.c.mark == bindparam("of_mark"))
_GIVE_BACK: Final = update(attempts).where(*_one, attempts.c.count > 0).values(count=attempts.c.count - 1)
_FORGIVE: Final = delete(attempts).where(*_one)
_PRUNE: Final = delete(attempts).where(attempts.c.ends_at <= bindparam("at"))
_RECENTLY: Final = (
    select(activity.c.action, activity.c.ip)
    .join(users, (users.c.project == activity.c.project) & (users.c.id == activity.c.user))
    .where(
        users.c.project == bindparam("project"),
        users.c.email_key == bindparam("email_key"),
        users.c.retired == "",
    )
    .order_by(activity.c.id.desc())
    .limit(_RECENT)
)


class Attempt(msgspec.Struct, frozen=True):
    """Somebody at this address tries to be the person with this e-mail."""

    project: str
    email: str
    ip: str | None

    def mark(self, kind: str, level: _Level) -> str:
        """What is counted, as a hash: the table tells nobody who tried what."""
        account = None if level == "address" else fold(self.email)
        address = None if level == "account" else network(self.ip)
        return sha256(json.dumps([kind, level, account, address]).encode()).hexdigest()


@asynccontextmanager
async def guarded(database: Database, attempt: Attempt, kind: str = "password") -> AsyncIterator[None]:
    """Count what happens inside as one attempt: a failure stays counted, a success clears the pair's window.

    Raises TooMany, at the same cost whether the person exists or not. What is no guess, such as a code that
    was not given at all after the right password, counts for nothing.
    """
    taken = await database.write(take, attempt, kind)
    try:
        yield
    except WrongCredentials:
        raise
    except WrongOtp as problem:
        if kind != "otp" or not problem.given:
            await database.write(give_back, attempt, kind, taken)
        raise
    except Exception:
        await database.write(give_back, attempt, kind, taken)
        raise
    await database.write(give_back, attempt, kind, taken, clear=True)


async def take(tx: Transaction, attempt: Attempt, kind: str) -> list[_Level]:
    """Take a place in each window; give those where it was taken. Raises TooMany, and none is taken then."""
    at, taken = now(), list[_Level]()
    for level, window in LIMITS[kind].items():
        place = {"project": attempt.project, "mark": attempt.mark(kind, level), "at": at}
        found = await tx.row(_TAKE, **place, count=1, ends_at=later(at, window.seconds))
        count, ends_at = found or (1, at)
        if count <= window.most:
            taken.append(level)
        elif level != "account" or not await _is_familiar(tx, attempt):
            raise TooMany(_seconds(at, ends_at), window.most)
    return taken


async def give_back(
    tx: Transaction, attempt: Attempt, kind: str, taken: list[_Level], *, clear: bool = False
) -> None:
    """Give the places back; `clear` empties the pair's window, which the person has proven to be theirs."""
    for level in LIMITS[kind]:
        place = {"of_project": attempt.project, "of_mark": attempt.mark(kind, level)}
        if clear and level == "pair":
            await tx.run(_FORGIVE, **place)
        elif level in taken:
            await tx.run(_GIVE_BACK, **place)


async def prune(tx: Transaction) -> int:
    """Delete the windows that are over; give their number."""
    return await tx.run(_PRUNE, at=now())


def network(ip: str | None) -> str | None:
    """What one attacker may be expected to have: an IPv4 address, a /64 of IPv6 (RFC 6177)."""
    try:
        address = ip_address((ip or "").partition("%")[0])
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))


async def _is_familiar(tx: Transaction, attempt: Attempt) -> bool:
    """Whether the person signed in from here not long ago."""
    if attempt.ip is None or not attempt.email.isprintable():  # no such text is in the database
        return False
    found = await tx.rows(_RECENTLY, project=attempt.project, email_key=fold(attempt.email))
    here = network(attempt.ip)
    return any(action == "login" and network(ip) == here for action, ip in found)


def _seconds(at: str, ends_at: str) -> int:
    left = datetime.fromisoformat(ends_at) - datetime.fromisoformat(at)
    return max(1, ceil(left.total_seconds()))
