"""Signing on through a provider: the one step after every arrival that decides who this is.

the identity is known                           -> its user
the provider provisioned a user with the same,
verified e-mail, who has never signed on        -> that user, who gets this identity
somebody invited has the same, verified e-mail  -> the invitation is accepted
somebody else has the e-mail                    -> refused: nobody is ever linked to another's user
nobody is like this                             -> a new user, where the provider lets people in
"""

from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from providers.contract import Identity
from service.database import Database, Transaction, new_key, now
from service.database.tables import identities, users
from service.users import claims, edits, history, invitations, records, sessions
from service.users.edits import Edit
from service.users.identities import has_signed_on, link, use
from service.users.model import ACTIVE, ARCHIVED, INVITED, LOCAL, Caller, Origin
from service.users.problems import Expired, Problem, Taken, WrongCredentials, WrongProvider
from service.users.rows import Row, as_row, fold, hold_by_email, locking
from service.users.sessions import Opened

_BY_IDENTITY: Final = locking(
    users.c.id
    == select(identities.c.user)
    .where(
        identities.c.project == bindparam("project"),
        identities.c.provider == bindparam("provider"),
        identities.c.external_identifier == bindparam("external_identifier"),
    )
    .scalar_subquery()
)
_GONE: Final = (
    select(users.c.id)
    .where(
        users.c.project == bindparam("project"),
        users.c.provider == bindparam("provider"),
        users.c.external_identifier == bindparam("external_identifier"),
        users.c.status == ARCHIVED,
    )
    .limit(1)
)


class Policy(msgspec.Struct, frozen=True):
    """What a provider may do: let new people in (with `default_role`), and only with a verified e-mail.

    `domains` are the only ones whose addresses it may assert, casefolded; None is every domain.
    """

    registers: bool = False
    default_role: str | None = None
    verified_email: bool = True
    domains: tuple[str, ...] | None = None


async def sign_on(
    database: Database, project: str, policy: Policy, identity: Identity, origin: Origin, lifetime: float
) -> Opened:
    """Find or make the user of a proven identity and begin a session of `lifetime` seconds.

    Of two first arrivals at the same moment one makes the user. The other is turned away, by the unique index
    or by an e-mail that has just become somebody's, and looks again: that somebody is who it is.
    A refusal leaves an activity row with its cause.
    Raises WrongCredentials (with a cause), WrongProvider, Expired and NoSuch("role").
    """
    values = (project, policy, identity, origin, lifetime)
    try:
        try:
            return await database.write(_arrive_and_start, *values)
        except (Taken, WrongProvider):
            return await database.write(_arrive_and_start, *values)
    except Taken as problem:
        raise WrongProvider from problem
    except (WrongCredentials, WrongProvider, Expired) as problem:
        await database.write(_note_refusal, project, identity, problem, origin)
        raise


async def note_failure(tx: Transaction, caller: Caller, provider: str, cause: str) -> None:
    """Let the administrator find out why a sign-on ended before the provider had proven anybody."""
    await history.record(tx, caller, "refused", [history.Entry("")], comment=f"{provider}: {cause}")


async def arrive(tx: Transaction, project: str, policy: Policy, identity: Identity, origin: Origin) -> str:
    """The id of the user whom this identity is, linked, accepted or made in this transaction."""
    at = now()
    claims.check_identifier(identity)
    key = (identity.provider, identity.external_identifier)
    where = {"project": project, "provider": key[0], "external_identifier": key[1]}
    found = await tx.row(_BY_IDENTITY, **where)
    if found is not None:
        return await _return(tx, as_row(found), identity, origin, at)
    if await tx.row(_GONE, **where) is not None:
        raise WrongCredentials("inactive")
    claims.check_email(identity, verified=policy.verified_email, domains=policy.domains)
    known = await _same_email(tx, project, identity)
    if known is None:
        return await _make(tx, project, policy, identity, origin)
    invited = known["status"] == INVITED and known["provider"] == LOCAL
    if invited and claims.proves_address(identity, known["email"]):
        return await _accept(tx, known, identity, origin, at)
    if await _provisioned(tx, known, identity):
        _check_active(known)
        await link(tx, project, known["id"], key, claims.profile(identity), at)
        return str(known["id"])
    raise WrongProvider


async def _arrive_and_start(
    tx: Transaction, project: str, policy: Policy, identity: Identity, origin: Origin, lifetime: float
) -> Opened:
    user = await arrive(tx, project, policy, identity, origin)
    return await sessions.start(tx, project, user, identity.provider, origin, lifetime)


async def _note_refusal(
    tx: Transaction, project: str, identity: Identity, problem: Problem, origin: Origin
) -> None:
    """Let the administrator find out why somebody, whom a provider has proven, did not get in."""
    cause = "the invitation is not open" if isinstance(problem, Expired) else "another user has this e-mail"
    if isinstance(problem, WrongCredentials):
        cause = problem.cause
    item = claims.fitting("external_identifier", identity.external_identifier) or ""
    caller = Caller(project, origin=origin)
    await history.record(
        tx, caller, "refused", [history.Entry(item)], comment=f"{identity.provider}: {cause}"
    )


async def _return(tx: Transaction, row: Row, identity: Identity, origin: Origin, at: str) -> str:
    """Somebody whom we know: what the provider says of them now is kept where it belongs."""
    _check_active(row)
    key = (identity.provider, identity.external_identifier)
    said = claims.profile(identity)
    owns = key == (row["provider"], row["external_identifier"]) and row["connection"] is None
    await use(tx, row["project"], key, at, auth_data=None if owns else said)
    changes: dict[str, object] = {"auth_data": said} if owns else {}
    if row["email_verified_at"] is None and claims.proves_address(identity, row["email"]):
        changes["email_verified_at"] = at
    await edits.write(tx, Caller(row["project"], row["id"], origin=origin), [Edit(row, changes)], at)
    return str(row["id"])


async def _accept(tx: Transaction, row: Row, identity: Identity, origin: Origin, at: str) -> str:
    """Somebody invited, whose e-mail the provider has verified: as good as the link in the letter."""
    if not await invitations.use_open(tx, row, at):
        raise Expired
    changes = {**claims.owning(identity), "email_verified_at": at, "status": ACTIVE}
    for name in ("first_name", "last_name"):
        changes[name] = row[name] or claims.fitting(name, getattr(identity, name))
    await edits.write(tx, Caller(row["project"], row["id"], origin=origin), [Edit(row, changes)], at)
    return str(row["id"])


async def _make(tx: Transaction, project: str, policy: Policy, identity: Identity, origin: Origin) -> str:
    if not policy.registers:
        raise WrongCredentials("unknown")
    user = new_key()
    values = {
        **claims.owning(identity),
        "id": user,
        "email": identity.email,
        "first_name": claims.fitting("first_name", identity.first_name),
        "last_name": claims.fitting("last_name", identity.last_name),
        "role": policy.default_role,
        "language": "en-US",
        "appearance": "auto",
    }
    verified = identity.email is not None and identity.email_verified
    await records.make(tx, Caller(project, user, origin=origin), [values], verified=verified)
    return user


async def _same_email(tx: Transaction, project: str, identity: Identity) -> Row | None:
    key = fold(identity.email)
    return None if key is None else (await hold_by_email(tx, project, [key])).get(key)


async def _provisioned(tx: Transaction, row: Row, identity: Identity) -> bool:
    """Whether the provider brought this user over SCIM and may claim them by a verified e-mail.

    One who has signed on with the provider before is somebody else there: they may have taken this address
    themselves, to lie in wait for its owner.
    """
    return (
        row["connection"] is not None
        and row["provider"] == identity.provider
        and claims.proves_address(identity, row["email"])
        and not await has_signed_on(tx, row["project"], row["id"], identity.provider)
    )


def _check_active(row: Row) -> None:
    if row["status"] != ACTIVE:
        raise WrongCredentials("inactive")
