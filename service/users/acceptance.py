"""Accepting an invitation: its token is verified, a password hashed, and only then anything is written."""

from typing import Final

from sqlalchemy import bindparam, update

from service.database import Database, Transaction, now
from service.database.tables import invitations
from service.tokens import Tokens
from service.users import edits, tickets
from service.users.edits import Edit
from service.users.invitation_states import look
from service.users.model import ACTIVE, LOCAL, Caller, Origin
from service.users.outbox import INVITATION, OUTBOX
from service.users.problems import Expired, NotInvited, WrongProvider
from service.users.rows import Row, fold, hold
from service.users.secrets import Secrets
from service.users.tickets import Issued, Presented

_open = (
    invitations.c.project == bindparam("of_project"),
    invitations.c.used_at.is_(None),
    invitations.c.voided_at.is_(None),
    invitations.c.expires_at > bindparam("of_now", type_=invitations.c.expires_at.type),
)
_USE: Final = update(invitations).where(*_open, invitations.c.id == bindparam("of_id"))
_USE_ANY: Final = (
    update(invitations).where(*_open, invitations.c.user == bindparam("of_user")).returning(invitations.c.id)
)


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of an invitation."""
    return tickets.mint(tokens, "invite", issued)


def read(tokens: Tokens, token: str, *, late: bool = False) -> Presented:
    """What a token says. Raises Expired (unless `late`) and Forged."""
    return tickets.read(tokens, "invite", token, late=late)


async def accept_with_password(
    database: Database, tokens: Tokens, secrets: Secrets, token: str, password: object, origin: Origin
) -> str:
    """Accept an invitation with a password of the person's own; give the user's id.

    Raises Expired, Forged, NotInvited, WrongProvider, Invalid("password"), TooMany.
    """
    named = read(tokens, token)
    kept = await secrets.chosen(password)
    return await database.write(accept, named.project, named.id, named.email, kept, origin)


async def accept(
    tx: Transaction, project: str, jti: str, email: str, password_hash: str | None, origin: Origin
) -> str:
    """Accept an invitation with a password (as `Secrets.chosen` keeps it), or without; give the user's id.

    Raises NotInvited (used, voided, unknown), Expired, and WrongProvider for the password of somebody whose
    provider decides. Of two that accept at once, one does.
    """
    invitation = await look(tx, project, jti)
    if invitation is None:
        raise NotInvited(email)
    held = await hold(tx, project, [invitation.user])
    invitation = await look(tx, project, jti)  # once more, now that nobody else can change it
    if invitation is None or fold(invitation.email) != fold(email) or invitation.state in {"used", "voided"}:
        raise NotInvited(email)
    if password_hash is not None and invitation.provider != LOCAL:
        raise WrongProvider
    at = now()
    if not await tx.run(_USE, of_project=project, of_id=jti, of_now=at, used_at=at):
        raise Expired
    row = held[invitation.user]
    changes = {"status": ACTIVE, "email_verified_at": at}
    if password_hash is not None:
        changes["password_hash"] = password_hash
    await edits.write(tx, Caller(project, row["id"], origin=origin), [Edit(row, changes)], at)
    await OUTBOX.cancel(tx, project, INVITATION, jti, "the invitation was accepted")
    return invitation.user


async def use_open(tx: Transaction, row: Row, at: str) -> bool:
    """Use up the invitation of a held user, who has proven otherwise to be meant. False: none is open."""
    used = await tx.rows(_USE_ANY, of_project=row["project"], of_user=row["id"], of_now=at, used_at=at)
    for (invitation,) in used:
        await OUTBOX.cancel(tx, row["project"], INVITATION, invitation, "the invitation was accepted")
    return bool(used)
