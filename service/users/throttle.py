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

from service.database import Database, Transaction, now
from service.users import attempt_rows
from service.users.clock import later
from service.users.problems import TooMany, WrongCredentials, WrongOtp
from service.users.rows import fold

_Level = Literal["pair", "account", "address"]


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


class Attempt(msgspec.Struct, frozen=True):
    """Somebody at this address tries to be the person with this e-mail."""

    project: str
    email: str
    ip: str | None

    def marks(self, kind: str) -> dict[_Level, str]:
        """What is counted in each window, as a hash: the table tells nobody who tried what."""
        account, address = fold(self.email), network(self.ip)
        counted = {"pair": (account, address), "account": (account, None), "address": (None, address)}
        told = {level: json.dumps([kind, level, *counted[level]]) for level in LIMITS[kind]}
        return {level: sha256(text.encode()).hexdigest() for level, text in told.items()}


class Place(msgspec.Struct):
    """What an attempt has taken in its windows: it stays there if it was a guess."""

    project: str
    marks: Mapping[_Level, str]  # of the windows where it was taken
    is_cleared: bool = False

    async def give_back(self, tx: Transaction) -> None:
        """Owe the windows what was taken: it was no guess."""
        self._owe(tx)

    async def clear(self, tx: Transaction) -> None:
        """The same, and empty the pair's window, which the person has proven to be theirs."""
        self._owe(tx, self.marks["pair"])
        self.is_cleared = True

    def _owe(self, tx: Transaction, cleared: str = "") -> None:
        marks = list(self.marks.values())
        places = attempt_rows.places(self.project, marks, [now()] * len(marks))
        tx.owe(attempt_rows.GIVE_BACK[len(marks)], [places | {"cleared": cleared}])


@asynccontextmanager
async def guarded(database: Database, attempt: Attempt, kind: str = "password") -> AsyncIterator[Place]:
    """Count what happens inside as one attempt: a failure stays counted, a success clears the pair's window.

    A unit that is the success may clear the place in its own transaction; else that is done at the end.
    Raises TooMany, at the same cost whether the person exists or not. What is no guess, such as a code that
    was not given at all after the right password, counts for nothing.
    """
    place = await database.write(take, attempt, kind)
    try:
        yield place
    except WrongCredentials:
        raise
    except WrongOtp as problem:
        if kind != "otp" or not problem.given:
            await database.write(place.give_back)
        raise
    except Exception:
        await database.write(place.give_back)
        raise
    if not place.is_cleared:
        await database.write(place.clear)


async def take(tx: Transaction, attempt: Attempt, kind: str) -> Place:
    """Take a place in each window. Raises TooMany, and none is taken then."""
    at, windows, marks = now(), LIMITS[kind], attempt.marks(kind)
    ends = [later(at, window.seconds) for window in windows.values()]
    places = attempt_rows.places(attempt.project, list(marks.values()), ends)
    found = {mark: rest for mark, *rest in await tx.rows(attempt_rows.TAKE[len(marks)], **places, at=at)}
    taken = dict(marks)
    for level, window in windows.items():
        count, ends_at = found[marks[level]]
        if count <= window.most:
            continue
        if level != "account" or not await _is_familiar(tx, attempt):
            await Place(attempt.project, marks).give_back(tx)  # for who goes on without it
            raise TooMany(_seconds(at, ends_at), window.most)
        del taken[level]
    return Place(attempt.project, taken)


async def prune(tx: Transaction) -> int:
    """Delete the windows that are over; give their number."""
    return await tx.run(attempt_rows.PRUNE, at=now())


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
    found = await tx.rows(attempt_rows.RECENTLY, project=attempt.project, email_key=fold(attempt.email))
    here = network(attempt.ip)
    return any(action == "login" and network(ip) == here for action, ip in found)


def _seconds(at: str, ends_at: str) -> int:
    left = datetime.fromisoformat(ends_at) - datetime.fromisoformat(at)
    return max(1, ceil(left.total_seconds()))
