"""Invitations: a person who is told by letter that a user is waiting for them, and accepts once.

The row is the truth: its key is the token's `jti`, its moments are the token's `iat` and `exp`. Whoever asks
again gets a new letter, and the older invitation dies.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import insert

from service.database import Transaction, new_key, now
from service.database.tables import invitations
from service.users import edits, endings, invitation_letters, leave, records, roles
from service.users.checks import check, deliverable
from service.users.clock import later
from service.users.edits import Edit
from service.users.model import INVITED, USERS, Caller
from service.users.problems import BadPayload, Forbidden, Invalid
from service.users.rows import Row, fold, hold_by_email

MOST: Final = 1000  # people in one invitation: they share one transaction

People = dict[str | None, tuple[str, str]]  # by the key of their e-mail: the user's key, and the e-mail

_INSERT: Final = insert(invitations)


class Terms(msgspec.Struct, frozen=True):
    """How people are invited: for `lifetime` seconds.

    `url`: where the link leads, when not to our own page; it has been checked. `message`: what the inviter
    wants to say. `defaults`: what the caller's language gives a new user. `keeps_role`: the role is for new
    people only.
    """

    lifetime: float
    url: str | None = None
    message: str | None = None
    defaults: Mapping[str, Any] = {}
    keeps_role: bool = False


async def invite(
    tx: Transaction, caller: Caller, emails: Sequence[object], role: object, terms: Terms
) -> list[str]:
    """Invite people; give the invitations' ids, in the order of the e-mails.

    Somebody still invited gets a new letter (and the role); anybody else who is here already gets nothing,
    and nobody is told. Raises Forbidden, BadPayload, Invalid("email"), NoSuch("role"), and Taken when two
    invite the same person at this moment.
    """
    check_inviter(caller)
    if len(emails) > MOST:
        raise BadPayload(f"At most {MOST} people can be invited at once")
    wanted = {fold(email): email for email in map(_email, emails)}
    role, at = check("role", role), now()
    held = await hold_by_email(tx, caller.project, sorted(map(str, wanted)))
    await _check_role(tx, caller, role)
    known = [row for row in held.values() if row["status"] == INVITED]
    waiting = await _reinvited(tx, caller, known, role, at, keeps_role=terms.keeps_role)
    fresh = {key: email for key, email in wanted.items() if key not in held}
    people = await _made(tx, caller, fresh, role, terms.defaults) | waiting
    told = {"project": caller.project, "invited_by": caller.user, "url": terms.url, "message": terms.message}
    told |= {"issued_at": at, "expires_at": later(at, terms.lifetime)}
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


def _email(value: object) -> str:
    email = check("email", value)
    if not isinstance(email, str):
        raise Invalid("email", "required")
    return deliverable(email)
