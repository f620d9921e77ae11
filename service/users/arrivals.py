"""Signing on through a provider: the one step after every arrival that decides who this is.

the identity is known                           -> its user
the provider provisioned a user with the same,
verified e-mail, who has never signed on        -> that user, who gets this identity
somebody invited has the same, verified e-mail  -> the invitation is accepted
somebody else has the e-mail                    -> refused: nobody is ever linked to another's user
somebody else has it, verified on both sides,
and the administrator lets them be linked       -> that user, who gets this identity
nobody is like this                             -> a new user, where the provider lets people in
"""

from typing import Final

from sqlalchemy import bindparam, select

from providers.contract import Identity
from service.database import Transaction, new_key, now
from service.database.tables import identities, users
from service.users import acceptance, claims, edits, following, managed, newcomers
from service.users.claims import Policy
from service.users.edits import Edit
from service.users.identities import has_signed_on, link, use
from service.users.model import ACTIVE, ARCHIVED, INVITED, LOCAL, Caller, Origin
from service.users.problems import Expired, Managed, Unprocessable, WrongCredentials, WrongProvider
from service.users.rows import Row, as_row, fold, hold_by_email, locking

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


async def arrive(tx: Transaction, project: str, policy: Policy, identity: Identity, origin: Origin) -> str:
    """The id of the user whom this identity is, linked, accepted or made in this transaction."""
    at = now()
    claims.check_identifier(identity)
    key = (identity.provider, identity.external_identifier)
    where = {"project": project, "provider": key[0], "external_identifier": key[1]}
    found = await tx.row(_BY_IDENTITY, **where)
    if found is not None:
        return await _return(tx, as_row(found), policy, identity, origin, at)
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
    elif not (policy.links and await _is_linked(tx, known, identity)):
        raise WrongProvider
    await link(tx, project, known["id"], key, claims.profile(identity), at)
    return str(known["id"])


async def _return(
    tx: Transaction, row: Row, policy: Policy, identity: Identity, origin: Origin, at: str
) -> str:
    """Somebody whom we know: what the provider says of them now is kept where it belongs.

    Who waits under this very identity accepts by it.
    """
    accepts = row["status"] == INVITED and await acceptance.use_open(tx, row, at)
    if not accepts:
        _check_active(row)
    key = (identity.provider, identity.external_identifier)
    said = claims.profile(identity)
    owns = key == (row["provider"], row["external_identifier"]) and row["connection"] is None
    await use(tx, row["project"], key, at, auth_data=None if owns else said)
    changes: dict[str, object] = {"auth_data": said} if owns else {}
    if accepts:
        changes["status"] = ACTIVE
    if row["email_verified_at"] is None and claims.proves_address(identity, row["email"]):
        changes["email_verified_at"] = at
    if owns:
        changes |= await following.told(tx, row, policy, identity, at)
    changes |= await following.role(tx, row["project"], policy, identity, row, origin)
    await _keep(tx, Caller(row["project"], row["id"], origin=origin), row, changes, at)
    return str(row["id"])


async def _keep(tx: Transaction, caller: Caller, row: Row, changes: dict[str, object], at: str) -> None:
    """Write them; the last administrator stays one, whatever their groups say."""
    try:
        await edits.write(tx, caller, [Edit(row, changes)], at)
    except Unprocessable:
        left = {name: value for name, value in changes.items() if name != "role"}
        await edits.write(tx, caller, [Edit(row, left)], at)


async def _is_linked(tx: Transaction, row: Row, identity: Identity) -> bool:
    """Whether the administrator's leave covers this user: both sides have verified the one address, nobody
    provisions them, they are no administrator, and the provider has brought nobody else as them before."""
    return (
        row["status"] == ACTIVE
        and row["email_verified_at"] is not None
        and row["connection"] is None
        and not row["administers"]
        and claims.proves_address(identity, row["email"])
        and not await has_signed_on(tx, row["project"], row["id"], identity.provider)
    )


async def _accept(tx: Transaction, row: Row, identity: Identity, origin: Origin, at: str) -> str:
    """Somebody invited, whose e-mail the provider has verified: as good as the link in the letter."""
    await _check_unmanaged(tx, row["project"], identity)
    if not await acceptance.use_open(tx, row, at):
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
        "role": None,
        **await following.role(tx, project, policy, identity, None, origin),
        **claims.owning(identity),
        "id": user,
        "email": identity.email,
        "first_name": claims.fitting("first_name", identity.first_name),
        "last_name": claims.fitting("last_name", identity.last_name),
        "language": "en-US",
        "appearance": "auto",
    }
    verified = identity.email is not None and identity.email_verified
    await _check_unmanaged(tx, project, identity)
    await newcomers.make(tx, Caller(project, user, origin=origin), [values], verified=verified)
    return user


async def _check_unmanaged(tx: Transaction, project: str, identity: Identity) -> None:
    """Raises WrongCredentials where the provider's users are made by its connection, before they sign on."""
    try:
        await managed.check_new(tx, Caller(project), [identity.provider])
    except Managed:
        raise WrongCredentials("unprovisioned") from None


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
