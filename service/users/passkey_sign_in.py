"""Signing in with a passkey: alone, for it proves two factors, or as the one that is still owed.

Whatever a stranger gets wrong is WrongCredentials; the cause is for the activity, once a passkey has proven
whose it is. The challenge is spent before anything is compared.
"""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from service.database import Database, Transaction
from service.tokens import fingerprint
from service.users import credentials, departures, history, passkeys, session_starts, throttle, waiting
from service.users.challenges import Site, handle
from service.users.clock import EPOCH, later
from service.users.credentials import Asserted, Assertion, Challenge
from service.users.model import ACTIVE, PASSKEY, Caller, Origin
from service.users.passkeys import Known
from service.users.problems import Expired, Problem, WrongCredentials, WrongProvider
from service.users.session_starts import Bond
from service.users.sessions import Opened
from service.users.throttle import Attempt, Place
from service.users.waiting import Waiting

_log = logging.getLogger(__name__)
# What the administrator reads of a refusal, by its cause.
_STORIES: Final = {
    "copied": "its counter went back, so there may be a copy of it",
    "changed": "it says otherwise than before whether it may be backed up",
    "managed": "a connection owns the user, whose provider decides who signs in",
    "inactive": "the user is not active, or the passkey has just been removed",
}


class Shown(msgspec.Struct, frozen=True):
    """An answer to a challenge of ours, brought from `origin`."""

    project: str
    site: Site
    assertion: Assertion
    challenge: Challenge
    origin: Origin


async def enter(database: Database, shown: Shown, lifetime: float) -> Opened:
    """Begin a session of `lifetime` seconds for the owner of a passkey.

    Raises WrongCredentials, TooMany; WrongProvider for somebody proven whose provider decides who signs in.
    """
    async with _guarded(database, shown, shown.assertion.id) as place:
        known, said = await _proven(database, shown)
        if shown.assertion.response.user_handle != handle(known.user):
            raise WrongCredentials("malformed")
        try:
            return await database.write(_begin, place, shown, known.user, said, lifetime)
        except (WrongCredentials, WrongProvider) as problem:
            await database.write(_note, shown, known, problem)
            raise


async def pay(database: Database, shown: Shown, awaited: str, lifetime: float) -> tuple[Opened, Waiting]:
    """Begin the session of whom the browser with the fingerprint `awaited` owes a factor.

    Raises Expired, WrongCredentials (somebody else's passkey as well), TooMany.
    """
    owing = await database.read(waiting.look, shown.project, awaited)
    if owing is None:
        raise Expired
    async with _guarded(database, shown, owing.name) as place:
        known, said = await _proven(database, shown)
        if known.user != owing.user:
            raise WrongCredentials("malformed")
        try:
            opened = await database.write(_finish, place, shown, known.user, said, awaited, lifetime)
        except WrongCredentials as problem:
            await database.write(_note, shown, known, problem)
            raise
    return opened, owing


def _guarded(database: Database, shown: Shown, account: str) -> AbstractAsyncContextManager[Place]:
    return throttle.guarded(database, Attempt(shown.project, account, shown.origin.ip), "passkey")


async def _proven(database: Database, shown: Shown) -> tuple[Known, Asserted]:
    """The passkey that has given this answer, which holds. Raises WrongCredentials."""
    known = await database.write(_take, shown)
    if known is None:
        raise WrongCredentials
    said = await asyncio.to_thread(
        credentials.asserted, shown.site, shown.assertion, shown.challenge, known.public_key
    )
    return known, said


async def _take(tx: Transaction, shown: Shown) -> Known | None:
    await spend(tx, shown.project, shown.challenge)
    return await passkeys.find(tx, shown.project, shown.assertion.id)


async def spend(tx: Transaction, project: str, challenge: Challenge) -> None:
    """Use up a challenge. Raises WrongCredentials where it was used before."""
    mark = fingerprint(f"passkey {challenge.text}")
    if not await departures.spend(tx, project, mark, later(EPOCH, challenge.until)):
        raise WrongCredentials("replayed")


async def _begin(
    tx: Transaction, place: Place, shown: Shown, user: str, said: Asserted, lifetime: float
) -> Opened:
    known = await _again(tx, shown, user)
    if known.connection is not None:
        raise WrongProvider
    await place.clear(tx)
    begun = (shown.project, user, PASSKEY, shown.origin, lifetime)
    opened = await session_starts.start(tx, *begun, factor=True, bond=Bond(known.id))
    await passkeys.use(tx, shown.project, known, said)
    return opened


async def _finish(
    tx: Transaction, place: Place, shown: Shown, user: str, said: Asserted, awaited: str, lifetime: float
) -> Opened:
    known = await _again(tx, shown, user)
    whose, provider, bond = await waiting.take(tx, shown.project, awaited)
    if whose != user:
        raise WrongCredentials
    await place.clear(tx)
    opened = await session_starts.start(tx, shown.project, user, provider, shown.origin, lifetime, bond=bond)
    await passkeys.use(tx, shown.project, known, said)
    return opened


async def _again(tx: Transaction, shown: Shown, user: str) -> Known:
    """The passkey as it stands now: it may have been removed, or its user suspended, meanwhile."""
    known = await passkeys.find(tx, shown.project, shown.assertion.id)
    if known is None or known.user != user or known.status != ACTIVE:
        raise WrongCredentials("inactive")
    return known


async def _note(tx: Transaction, shown: Shown, known: Known, problem: Problem) -> None:
    """Let the administrator find out why somebody, whom a passkey has proven, did not get in."""
    cause = "managed" if isinstance(problem, WrongProvider) else getattr(problem, "cause", "")
    story = _STORIES.get(cause, _STORIES["inactive"])
    _log.warning("a passkey was refused", extra={"passkey": known.id, "cause": story})
    caller = Caller(shown.project, origin=shown.origin)
    await history.record(tx, caller, "refused", [history.Entry(known.user)], comment=f"passkey: {story}")
