"""Connections: one identity provider's SCIM access, with tokens of which only hashes are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import bindparam, insert, or_, select, update

from service.database import Transaction, new_key, now
from service.database.tables import connection_tokens as tokens
from service.database.tables import connections
from service.users import access, connection_tokens, last_administrator, roles
from service.users.checks import check
from service.users.clock import later
from service.users.model import LOCAL, Caller, Origin
from service.users.problems import Invalid, NoSuch
from service.users.rows import fold
from service.users.uniqueness import unique

Profile = Literal["default", "entra", "okta", "strict"]

_SEEN_EVERY: Final = 60  # seconds between two notes of when a token was last used

_DEFAULTS: Final[Mapping[str, object]] = {
    "profile": "default",
    "adopt": False,
    "default_role": None,
    "domains": None,
}

_INSERT: Final = insert(connections)
_UPDATE: Final = update(connections).where(
    connections.c.project == bindparam("of_project"), connections.c.provider == bindparam("of_provider")
)
_columns = (
    connections.c.project,
    connections.c.id,
    connections.c.provider,
    connections.c.profile,
    connections.c.adopt,
    connections.c.default_role,
    connections.c.domains,
)
_OF_PROVIDER: Final = select(*_columns).where(
    connections.c.project == bindparam("project"), connections.c.provider == bindparam("provider")
)
_RECOGNISE: Final = (
    select(*_columns, tokens.c.expires_at, tokens.c.last_used_at)
    .join_from(
        tokens,
        connections,
        (connections.c.project == tokens.c.project) & (connections.c.id == tokens.c.connection),
    )
    .where(tokens.c.fingerprint == bindparam("fingerprint"))
)
_SEEN: Final = update(tokens).where(
    tokens.c.fingerprint == bindparam("of_fingerprint"),
    or_(
        tokens.c.last_used_at.is_(None),
        tokens.c.last_used_at < bindparam("before", type_=tokens.c.last_used_at.type),
    ),
)


class Connection(msgspec.Struct, frozen=True):
    """One identity provider's access. `domains`: whose e-mail addresses it may vouch for, casefolded."""

    project: str
    id: str
    provider: str
    profile: str
    adopt: bool
    default_role: str | None
    domains: tuple[str, ...] = ()

    def caller(self, origin: Origin) -> Caller:
        """The connection as one who asks the core."""
        return Caller(
            self.project,
            connection=self.id,
            origin=origin,
            adopt=self.adopt,
            provider=self.provider,
            domains=self.domains,
        )


class Recognised(msgspec.Struct, frozen=True):
    """Whose token it is; `expires_at` and `last_used_at` are the token's."""

    connection: Connection
    expires_at: str | None
    last_used_at: str | None


async def create(
    tx: Transaction,
    caller: Caller,
    provider: str,
    *,
    profile: Profile | None = None,
    adopt: bool | None = None,
    default_role: str | None = None,
    domains: Sequence[str] | None = None,
    lifetime: float | None = None,
) -> str:
    """Make a token for the provider's connection; give the token, which is shown once.

    A connection that is not there is made, one that is there takes on what is given and keeps the rest. Two
    tokens are valid at once: a third ends the oldest. `lifetime` in seconds; None never ends.
    Raises Forbidden, Invalid("provider"), NoSuch("role") and NoSuch("project").
    """
    access.check_administrator(caller)
    if check("provider", provider) in {LOCAL, ""}:
        raise Invalid("provider", "choice", limit="the names of identity providers")
    if not await last_administrator.hold_project(tx, caller.project):
        raise NoSuch("project")
    if default_role is not None:
        await roles.administer(tx, caller.project, [str(check("role", default_role))])
    given = {"profile": profile, "adopt": adopt, "default_role": default_role, "domains": _folded(domains)}
    given = {name: value for name, value in given.items() if value is not None}
    found = await tx.row(_OF_PROVIDER, project=caller.project, provider=provider)
    connection: str = found[1] if found else new_key()
    if found is None:
        row = {"project": caller.project, "id": connection, "provider": provider, **_DEFAULTS, **given}
        with unique():
            await tx.run(_INSERT, **row, created_at=now())
    elif given:
        await tx.run(_UPDATE, of_project=caller.project, of_provider=provider, **given)
    tx.announce("connection", connection)
    return await connection_tokens.issue(tx, caller.project, connection, lifetime)


async def recognise(tx: Transaction, token_fingerprint: str) -> Recognised | None:
    """Whose token this is; None for an unknown one and for one past its time."""
    found = await tx.row(_RECOGNISE, fingerprint=token_fingerprint)
    if found is None or (found[-2] is not None and found[-2] <= now()):
        return None
    return Recognised(_connection(found[:-2]), found[-2], found[-1])


async def seen(tx: Transaction, token_fingerprint: str) -> None:
    """Remember that the token was used, at most once a minute."""
    at = now()
    await tx.run(_SEEN, of_fingerprint=token_fingerprint, before=later(at, -_SEEN_EVERY), last_used_at=at)


async def withdraw(tx: Transaction, caller: Caller, token_fingerprint: str) -> bool:
    """End a token of the caller's project. False: there was none."""
    access.check_administrator(caller)
    return await connection_tokens.withdraw(tx, caller.project, [token_fingerprint]) > 0


def _connection(found: Sequence[Any]) -> Connection:
    project, id_, provider, profile, adopt, default_role, domains = found
    return Connection(project, id_, provider, profile, adopt, default_role, tuple(domains or ()))


def _folded(domains: Sequence[str] | None) -> list[str] | None:
    if domains is None:
        return None
    return [folded for domain in domains if (folded := fold(domain.strip().lstrip("@")))]
