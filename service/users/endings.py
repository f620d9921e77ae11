"""The end of every way in: sessions and invitations that a change of a user takes with it, in one commit."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Delete, Table, bindparam, delete, or_, update

from service.database import NIL_KEY, Transaction, by_kind, one_of
from service.database.tables import awaited_codes, invitations, registrations, sessions
from service.users.outbox import INVITATION, OUTBOX

_SESSIONS: Final = by_kind(
    lambda kind: delete(sessions).where(
        sessions.c.project == bindparam("project"),
        one_of(sessions.c.user, "users", kind),
        sessions.c.id != bindparam("kept"),
    )
)
_AWAITED: Final = by_kind(
    lambda kind: delete(awaited_codes).where(
        awaited_codes.c.project == bindparam("project"), one_of(awaited_codes.c.user, "users", kind)
    )
)
_OF_PROVIDER: Final = delete(sessions).where(
    sessions.c.project == bindparam("project"),
    sessions.c.user == bindparam("user"),
    sessions.c.provider == bindparam("provider"),
)


def of_identity(table: Table) -> Delete:
    """What ends the rows that somebody began with an identity of theirs, or with one that was not noted."""
    return delete(table).where(
        table.c.project == bindparam("project"),
        table.c.user == bindparam("user"),
        table.c.provider == bindparam("provider"),
        or_(table.c.identifier == bindparam("identifier"), table.c.identifier.is_(None)),
    )


_OF_IDENTITY: Final = of_identity(sessions).where(sessions.c.id != bindparam("kept"))
_AWAITED_OF_IDENTITY: Final = of_identity(awaited_codes)
_INVITATIONS: Final = by_kind(
    lambda kind: (
        update(invitations)
        .where(
            invitations.c.project == bindparam("of_project"),
            one_of(invitations.c.user, "of_users", kind),
            invitations.c.used_at.is_(None),
            invitations.c.voided_at.is_(None),
        )
        .returning(invitations.c.id)
    )
)
_REGISTRATIONS: Final = by_kind(
    lambda kind: delete(registrations).where(
        registrations.c.project == bindparam("project"), one_of(registrations.c.email_key, "keys", kind)
    )
)


async def end_sessions(tx: Transaction, project: str, users: Sequence[str], kept: str | None = None) -> None:
    """End every session of these users, but the one called `kept`, and every sign-in that is half done.

    Their access tokens die with them.
    """
    if users:
        of_users = {"project": project, "users": list(users)}
        tx.owe(_SESSIONS[tx.kind], [{**of_users, "kept": kept or NIL_KEY}])
        tx.owe(_AWAITED[tx.kind], [of_users])


async def end_of_provider(tx: Transaction, project: str, user: str, provider: str) -> None:
    """End every session that somebody began with this provider."""
    await tx.run(_OF_PROVIDER, project=project, user=user, provider=provider)
    tx.announce("user", user)


async def end_of_identity(
    tx: Transaction, project: str, user: str, provider: str, identifier: str, kept: str | None = None
) -> int:
    """End every session that somebody began with this identity, but the one called `kept`, and every sign-in
    that is half done; give the number of the sessions."""
    began = {"project": project, "user": user, "provider": provider, "identifier": identifier}
    ended = await tx.run(_OF_IDENTITY, **began, kept=kept or NIL_KEY)
    await tx.run(_AWAITED_OF_IDENTITY, **began)
    tx.announce("user", user)
    return ended


async def void_invitations(tx: Transaction, project: str, users: Sequence[str], at: str, reason: str) -> None:
    """Void the open invitations of these users, and cancel the letters about them that have not gone out."""
    if not users:
        return
    voided = await tx.rows(_INVITATIONS[tx.kind], of_project=project, of_users=list(users), voided_at=at)
    for (invitation,) in voided:
        await OUTBOX.cancel(tx, project, INVITATION, invitation, reason)


async def end_registrations(tx: Transaction, project: str, email_keys: Sequence[str | None]) -> None:
    """Forget who registered with these e-mails and has not proven it yet: who was put out stays out."""
    keys = [key for key in email_keys if key is not None]
    if keys:
        tx.owe(_REGISTRATIONS[tx.kind], [{"project": project, "keys": keys}])
