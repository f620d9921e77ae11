"""What a provider says of somebody is followed at each sign-on, where the administrator wants that: name and
address (SYNC_USER_INFO), and the role that their groups lead to (ROLE_MAPPING)."""

from providers.contract import Identity
from service.database import Transaction
from service.users import claims, history, roles
from service.users.claims import Policy
from service.users.model import Caller, Origin
from service.users.problems import WrongCredentials
from service.users.rows import Row, fold, hold_by_email


async def told(tx: Transaction, row: Row, policy: Policy, identity: Identity, at: str) -> dict[str, object]:
    """What changes of name and address. An address is followed when it is verified, of a domain for which the
    provider may speak, and nobody else's; nothing is when SCIM keeps the user up to date."""
    if not policy.sync or row["connection"] is not None:
        return {}
    names = {name: claims.fitting(name, getattr(identity, name)) for name in ("first_name", "last_name")}
    changes: dict[str, object] = {name: value for name, value in names.items() if value}
    try:
        claims.check_email(identity, verified=True, domains=policy.domains)
    except WrongCredentials:
        return changes
    key = fold(identity.email)
    if key is None or key == row["email_key"]:
        return changes
    if (await hold_by_email(tx, row["project"], [key])).get(key) is None:
        changes |= {"email": identity.email, "email_verified_at": at}
    return changes


async def role(
    tx: Transaction,
    project: str,
    policy: Policy,
    identity: Identity,
    row: Row | None,
    origin: Origin,
) -> dict[str, object]:
    """The role that follows from the groups: the first that the mapping knows, or else the default.

    Nobody becomes or stops to be an administrator by this unless it was written down on purpose: what would
    make one is passed over, and noted. Raises NoSuch("role").
    """
    before = row["role"] if row else None
    wanted = _wanted(policy, identity, policy.default_role if row is None else before)
    if wanted == before:
        return {}
    administer = await roles.administer(tx, project, {key for key in (wanted, before) if key is not None})
    if policy.administrators or not any(administer.values()):
        return {"role": wanted}
    story = "its administrators' role was passed over (ALLOW_ADMINISTRATORS would let it be given and taken)"
    entry = history.Entry(row["id"] if row else "")
    caller = Caller(project, origin=origin)
    await history.record(tx, caller, "refused", [entry], comment=f"{identity.provider}: role ({story})")
    return {}


def _wanted(policy: Policy, identity: Identity, otherwise: str | None) -> str | None:
    if not policy.roles or identity.groups is None:
        return otherwise
    mapped = (role for group, role in policy.roles.items() if group in identity.groups)
    return next(mapped, policy.default_role)
