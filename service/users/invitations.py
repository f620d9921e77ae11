"""Invitations: a person who is told by letter that a user is waiting for them, and accepts once.

The row is the truth: its key is the token's `jti`, its moments are the token's `iat` and `exp`. Whoever asks
again gets a new letter, and the older invitation dies. Looking at one changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec
from sqlalchemy import and_, bindparam, insert, select, update

from service.database import Transaction, new_key, now
from service.database.tables import invitations, projects, users
from service.users import edits, endings, invitation_letters, leave, records, roles
from service.users.checks import check, deliverable
from service.users.clock import later
from service.users.edits import Edit
from service.users.endings import INVITATION, OUTBOX
from service.users.model import ACTIVE, INVITED, LOCAL, USERS, Caller, Origin
from service.users.problems import BadPayload, Expired, Forbidden, Invalid, NotInvited, WrongProvider
from service.users.rows import Row, fold, hold, hold_by_email

MOST: Final = 1000  # people in one invitation: they share one transaction

State = Literal["open", "used", "voided", "expired"]
People = dict[str | None, tuple[str, str]]  # by the key of their e-mail: the user's key, and the e-mail

_INSERT: Final = insert(invitations)
_LOOK: Final = (
    select(
        invitations.c.id,
        invitations.c.user,
        invitations.c.email,
        invitations.c.issued_at,
        invitations.c.expires_at,
        invitations.c.used_at,
        invitations.c.voided_at,
        users.c.status,
        users.c.email_key,
        users.c.first_name,
        users.c.provider,
        projects.c.title,
    )
    .select_from(invitations)
    .join(users, and_(users.c.project == invitations.c.project, users.c.id == invitations.c.user))
    .join(projects, projects.c.name == invitations.c.project)
    .where(invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id"))
)
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


class Invitation(msgspec.Struct, frozen=True):
    """One invitation as its page shows it; `project` is the project's title, `provider` the person's."""

    id: str
    user: str
    email: str
    issued_at: str
    expires_at: str
    state: State
    first_name: str | None
    provider: str
    project: str


async def invite(
    tx: Transaction,
    caller: Caller,
    emails: Sequence[object],
    role: object,
    *,
    lifetime: float,
    url: str | None = None,
    message: str | None = None,
    defaults: Mapping[str, object] | None = None,
    keeps_role: bool = False,
) -> list[str]:
    """Invite people for `lifetime` seconds; give the invitations' ids, in the order of the e-mails.

    Somebody still invited gets a new letter (and the role); anybody else who is here already gets nothing,
    and nobody is told. `url`: where the link leads, when not to our own page; it has been checked. `message`:
    what the inviter wants to say. `defaults`: what the caller's language gives a new user.
    `keeps_role`: the role is for new people only.
    Raises Forbidden, BadPayload, Invalid("email"), NoSuch("role"), and Taken when two invite the same person
    at this moment.
    """
    check_inviter(caller)
    if len(emails) > MOST:
        raise BadPayload(f"At most {MOST} people can be invited at once")
    wanted = {fold(email): email for email in map(_email, emails)}
    role, at = check("role", role), now()
    held = await hold_by_email(tx, caller.project, sorted(map(str, wanted)))
    await _check_role(tx, caller, role)
    known = [row for row in held.values() if row["status"] == INVITED]
    waiting = await _reinvited(tx, caller, known, role, at, keeps_role=keeps_role)
    fresh = {key: email for key, email in wanted.items() if key not in held}
    people = await _made(tx, caller, fresh, role, defaults or {}) | waiting
    told = {"project": caller.project, "invited_by": caller.user, "url": url, "message": message}
    told |= {"issued_at": at, "expires_at": later(at, lifetime)}
    asked = [people[key] for key in wanted if key in people]
    invited: list[Row] = [{**told, "id": new_key(), "user": user, "email": email} for user, email in asked]
    await tx.run_many(_INSERT, invited)
    await invitation_letters.post(tx, caller, invited)
    return [row["id"] for row in invited]


def check_inviter(caller: Caller) -> None:
    """Raises Forbidden unless the caller may invite: administrators, and whom rules let make users."""
    if leave.is_ruled(caller):
        leave.check_possible(caller, "create", USERS, ("email", "role", "status"))


async def _check_role(tx: Transaction, caller: Caller, role: object) -> None:
    """Raises Forbidden where somebody would be made an administrator by who is none, NoSuch("role")."""
    given = set() if role is None else {str(role)}
    administer = await roles.administer(tx, caller.project, given) if leave.is_ruled(caller) else {}
    if any(administer.values()):
        raise Forbidden


async def _made(
    tx: Transaction,
    caller: Caller,
    fresh: Mapping[str | None, str],
    role: object,
    defaults: Mapping[str, object],
) -> People:
    """Make users of those who are not here yet."""
    rows = [{"role": role, "status": INVITED, "email": email} for email in fresh.values()]
    made = await records.create(tx, caller, rows, defaults) if rows else []
    return {key: (id_, email) for (key, email), id_ in zip(fresh.items(), made, strict=True)}


async def _reinvited(
    tx: Transaction, caller: Caller, known: list[Row], role: object, at: str, *, keeps_role: bool
) -> People:
    """Have those who wait already wait anew, with this role; their older invitations die."""
    waiting = await _may_reinvite(tx, caller, known, role)
    if not keeps_role:
        await edits.write(tx, caller, [Edit(row, {"role": role}) for row in waiting], at)
    again = [row["id"] for row in waiting]
    await endings.void_invitations(tx, caller.project, again, at, "a newer invitation was sent")
    # They are written to at the address that we have, not at one that looks like it.
    return {row["email_key"]: (row["id"], row["email"]) for row in waiting}


async def _may_reinvite(tx: Transaction, caller: Caller, waiting: list[Row], role: object) -> list[Row]:
    """Of those who wait already, the ones that the caller may invite again; nobody is told of others."""
    if not leave.is_ruled(caller):
        return waiting
    permits = await leave.permits(tx, caller, USERS, [row["id"] for row in waiting if row["role"] != role])
    may = {id_ for id_, permit in permits.items() if any("role" in grant.names for grant in permit.grants)}
    return [row for row in waiting if not row["administers"] and (row["role"] == role or row["id"] in may)]


async def look(tx: Transaction, project: str, jti: str) -> Invitation | None:
    """The invitation with this key, as it stands now; None when there never was one, or its user is gone."""
    found = await tx.row(_LOOK, project=project, id=jti)
    if found is None:
        return None
    id_, user, email, issued_at, expires_at, used_at, voided_at, status, email_key, *about = found
    state: State = "open"
    if used_at is not None:
        state = "used"
    elif voided_at is not None or status != INVITED or email_key != fold(email):
        state = "voided"
    elif expires_at <= now():
        state = "expired"
    return Invitation(id_, user, email, issued_at, expires_at, state, *about)


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


def _email(value: object) -> str:
    email = check("email", value)
    if not isinstance(email, str):
        raise Invalid("email", "required")
    return deliverable(email)
