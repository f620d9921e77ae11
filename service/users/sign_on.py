"""A sign-on from the proven identity to the session: who it is, the code that is owed, what is noted."""

import time
from collections.abc import Mapping
from typing import Final

import msgspec

from providers.contract import Identity
from service.database import Database, Transaction, now
from service.tokens import fingerprint
from service.users import claims, departures, history, identities, session_starts
from service.users.arrivals import arrive
from service.users.claims import Policy
from service.users.clock import EPOCH, later
from service.users.grants import Grants
from service.users.model import Caller, Origin
from service.users.problems import (
    Expired,
    NoSuch,
    Problem,
    Taken,
    Unprocessable,
    Unreachable,
    WrongCredentials,
    WrongProvider,
)
from service.users.second_factor import SecondFactor, is_protected
from service.users.session_starts import Bond
from service.users.sessions import Opened
from service.users.throttle import Attempt, guarded

_LONGEST: Final = 366 * 86_400.0  # seconds that a spent proof is remembered at most
# What the administrator reads of a refusal, behind the cause and the provider.
_STORIES: Final[Mapping[str, str]] = {
    "unknown": "nobody here has this identity, and ALLOW_PUBLIC_REGISTRATION lets nobody new in",
    "unprovisioned": "a managed connection makes this provider's users, over SCIM, before they sign on",
    "unverified": "the provider does not say that the e-mail address was verified (REQUIRE_VERIFIED_EMAIL)",
    "foreign": "the e-mail address is of none of the ALLOWED_DOMAINS",
    "malformed": "the identifier or the e-mail address cannot be one",
    "replayed": "this very answer of the provider was used before",
    "inactive": "the user is suspended, archived or not yet active",
    "the invitation is not open": "it was used or withdrawn, has run out, or a newer one was sent",
    "role": "DEFAULT_ROLE_ID or ROLE_MAPPING gives a role that is not there",
    "another user has this e-mail": "LINK_BY_EMAIL would link the two where both addresses are verified",
}


class Owing(msgspec.Struct, frozen=True):
    """Somebody who has arrived, and still owes the code of their second factor."""

    user: str
    bond: Bond = Bond()


class Arrival(msgspec.Struct, frozen=True):
    """Somebody at the door: who they are proven to be, and by which rules they may enter."""

    project: str
    policy: Policy
    identity: Identity
    origin: Origin
    lifetime: float  # seconds of the session
    otp: str | None = None  # where the code came along


async def sign_on(
    database: Database, arrival: Arrival, factor: SecondFactor, grants: Grants
) -> Opened | Owing:
    """Find or make the user of a proven identity and begin a session, or say whose code it takes first.

    Of two first arrivals at the same moment one makes the user. The other is turned away, by the unique index
    or by an e-mail that has just become somebody's, and looks again: that somebody is who it is.
    A refusal leaves an activity row with its cause.
    Raises WrongCredentials (with a cause), WrongProvider, Expired, WrongOtp, TooMany, and Unreachable where
    only an administrator can help.
    """
    try:
        try:
            return await _enter(database, arrival, factor, grants)
        except (Taken, WrongProvider):
            return await _enter(database, arrival, factor, grants)
    except Taken as problem:
        raise WrongProvider from problem
    except (WrongCredentials, WrongProvider, Expired, NoSuch) as problem:
        await database.write(note_refusal, arrival.project, arrival.identity, problem, arrival.origin)
        if isinstance(problem, NoSuch):
            raise Unreachable(f"The provider {arrival.identity.provider} cannot be used now") from problem
        raise


async def _enter(
    database: Database, arrival: Arrival, factor: SecondFactor, grants: Grants
) -> Opened | Owing:
    """With a code, which is a guess until it proves good, the attempt is counted."""
    if arrival.otp is None:
        return await database.write(_arrive_and_start, arrival, factor, grants)
    who = f"{arrival.identity.provider} {arrival.identity.external_identifier}"
    async with guarded(database, Attempt(arrival.project, who, arrival.origin.ip), "otp"):
        return await database.write(_arrive_and_start, arrival, factor, grants)


async def note_failure(tx: Transaction, caller: Caller, provider: str, cause: str) -> None:
    """Let the administrator find out why a sign-on ended before the provider had proven anybody."""
    await history.record(tx, caller, "refused", [history.Entry("")], comment=f"{provider}: {cause}")


async def _arrive_and_start(
    tx: Transaction, arrival: Arrival, factor: SecondFactor, grants: Grants
) -> Opened | Owing:
    project, identity, origin = arrival.project, arrival.identity, arrival.origin
    await _spend(tx, project, identity)
    user = await arrive(tx, project, arrival.policy, identity, origin)
    key = (identity.provider, identity.external_identifier)
    await grants.keep(tx, project, key, identity.tokens)
    await identities.call(tx, project, key, identity.subject)
    bond = _bond(arrival)
    proven = claims.proves_factor(identity, arrival.policy.acr)
    if not proven and await is_protected(tx, project, user):
        if arrival.otp is None:
            return Owing(user, bond)
        await factor.check(tx, Caller(project, user, origin=origin), arrival.otp)
    begun = (project, user, identity.provider, origin, arrival.lifetime)
    return await session_starts.start(tx, *begun, factor=proven, bond=bond)


async def _spend(tx: Transaction, project: str, identity: Identity) -> None:
    """Refuse a proof that was brought before, whichever browser brought it."""
    once = identity.once
    if once is None:
        return
    mark = fingerprint(f"{identity.provider} {once.name}")
    left = min(max(once.until - time.time(), 0.0), _LONGEST)
    if not await departures.spend(tx, project, mark, later(now(), left)):
        raise WrongCredentials("replayed")


def _bond(arrival: Arrival) -> Bond:
    """No session of ours outlives the provider's (ASVS 5.0 V7.6.1), nor what the administrator allows it."""
    identity, lifetime = arrival.identity, arrival.policy.lifetime
    ends = [] if lifetime is None else [later(now(), lifetime)]
    if identity.ends_at is not None:
        ends.append(later(EPOCH, identity.ends_at))
    return Bond(
        identifier=identity.external_identifier,
        sid=identity.sid,
        ends_at=min(ends, default=None),
        subject=identity.subject,
        hint=identity.hint,
    )


async def note_refusal(
    tx: Transaction,
    project: str,
    identity: Identity,
    problem: Problem,
    origin: Origin,
    taken: str = "another user has this e-mail",
) -> None:
    """Let the administrator find out why somebody, whom a provider has proven, did not get in.

    `taken` is what WrongProvider means here.
    """
    cause = _cause(problem, taken)
    item = claims.fitting("external_identifier", identity.external_identifier) or ""
    story = f" ({_STORIES[cause]})" if cause in _STORIES else ""
    caller = Caller(project, origin=origin)
    await history.record(
        tx, caller, "refused", [history.Entry(item)], comment=f"{identity.provider}: {cause}{story}"
    )


def _cause(problem: Problem, taken: str) -> str:
    if isinstance(problem, WrongCredentials):
        return problem.cause
    causes: Mapping[type[Problem], str] = {
        Expired: "the invitation is not open",
        NoSuch: "role",
        Unprocessable: "a connection owns the user, and decides how they sign on",
    }
    return causes.get(type(problem), taken)
