"""The kinds of letters: for each, what its words need to know, or that nobody needs it any more."""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, bindparam, select

from mail.addresses import BadAddress, mailbox
from mail.contract import Letter, Obsolete
from mail.letterhead import PLAIN, Letterhead
from mail.sheets import calm
from service.database import Transaction
from service.database.tables import invitations, registrations, users
from service.letters import heads
from service.letters.ticket import Ticket
from service.tokens import binding


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter says: `words` as they stand, `moments` to be told in the reader's language.

    `url`: where the link leads when not to our own page; without a ticket it leads to the sign-in.
    """

    project: str | None = None
    language: str | None = None
    words: Mapping[str, str | None] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    ticket: Ticket | None = None
    url: str | None = None
    head: Letterhead = PLAIN
    opens: bool = True  # whether there is anything to open with a button


_LOCAL: Final = "default"  # the provider of who has none: LOCAL in service.users.model
Reader = Callable[[Transaction, Letter, str], Coroutine[Any, Any, Facts]]

_PERSON: Final = select(
    users.c.email, users.c.password_hash, users.c.first_name, users.c.language, users.c.status
).where(users.c.project == bindparam("project"), users.c.id == bindparam("id"))
_REGISTRATION: Final = select(registrations.c.id).where(
    registrations.c.project == bindparam("project"), registrations.c.id == bindparam("id")
)
_INVITATION: Final = (
    select(
        invitations.c.email,
        invitations.c.issued_at,
        invitations.c.expires_at,
        invitations.c.used_at,
        invitations.c.voided_at,
        invitations.c.message,
        users.c.email,
        users.c.status,
        users.c.first_name,
        users.c.language,
        users.c.provider,
    )
    .join(users, and_(users.c.project == invitations.c.project, users.c.id == invitations.c.user))
    .where(invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id"))
)


async def _invitation(tx: Transaction, letter: Letter, now: str) -> Facts:
    found = await tx.row(_INVITATION, project=letter.project, id=letter.reference)
    if found is None:
        raise Obsolete("the invitation is gone")
    email, issued_at, expires_at, used_at, voided_at, message, own_email, status, name, language, provider = (
        found
    )
    # An address that changed since is another mailbox: the token would be refused there.
    same = (own_email or "").casefold() == email.casefold()
    still_open = same and status == "invited" and used_at is None and voided_at is None
    if not still_open or expires_at <= now:
        raise Obsolete("the invitation was used, replaced or withdrawn, or its time is over")
    words = {"inviter": _who(letter.data.get("inviter")), "message": message, "name": calm(name)}
    words["provider"] = None if provider == _LOCAL else provider
    ticket = Ticket("invite", letter.project, letter.reference, email, issued_at, expires_at)
    return await _facts(tx, letter, language, words, ticket)


async def _registration(tx: Transaction, letter: Letter, now: str) -> Facts:
    waits = await tx.row(_REGISTRATION, project=letter.project, id=letter.reference)
    if waits is None or letter.expires_at <= now:
        raise Obsolete("the registration was used, or its time is over")
    issued = (letter.project, letter.reference, letter.recipient, letter.created_at, letter.expires_at)
    return await _facts(tx, letter, letter.data.get("language"), {}, Ticket("verify", *issued))


async def _password_reset(tx: Transaction, letter: Letter, now: str) -> Facts:
    found = await tx.row(_PERSON, project=letter.project, id=letter.reference)
    email, kept, first_name, language, status = found or (None, None, None, None, None)
    bound = str(letter.data.get("bound"))
    same = (email or "").casefold() == letter.recipient.casefold() and binding(kept) == bound
    if not same or status != "active" or letter.expires_at <= now:
        raise Obsolete("the person, the address or the password is another, or its time is over")
    issued = (letter.project, letter.id, letter.recipient, letter.created_at, letter.expires_at)
    ticket = Ticket("reset", *issued, user=letter.reference, bound=bound)
    return await _facts(tx, letter, language, {"name": calm(first_name)}, ticket)


async def _notice(tx: Transaction, letter: Letter, now: str) -> Facts:
    """What has happened to somebody's account is told whatever has become of it since."""
    found = await tx.row(_PERSON, project=letter.project, id=letter.reference)
    _, _, first_name, language, _ = found or (None, None, None, letter.data.get("language"), None)
    told = {name: letter.data.get(name) for name in ("old", "new", "provider")}
    told["passkey"] = calm(letter.data.get("passkey")) or "Passkey"  # a person wrote it
    facts = await _facts(tx, letter, language, {**told, "name": calm(first_name)}, None)
    moments, opens = {"when": letter.created_at}, letter.kind != "suspended"
    return Facts(facts.project, language, facts.words, moments, head=facts.head, opens=opens)


async def _facts(
    tx: Transaction, letter: Letter, language: str | None, words: Mapping[str, Any], ticket: Ticket | None
) -> Facts:
    title, head = await heads.find(tx, letter.project)
    moments = {"until": ticket.expires_at} if ticket else {}
    known = {"email": letter.recipient, **words}
    # The title as it was when the letter was owed: it is what the person was told by then.
    title = letter.data.get("project", title)
    return Facts(title, language, known, moments, ticket, letter.data.get("url"), head)


def _who(name: str | None) -> str | None:
    """Who invites: a name that is fit to be shown, or the address of somebody who has none."""
    shown = calm(name)
    if shown is None and name:
        with suppress(BadAddress):
            shown = mailbox(name)
    return shown


KINDS: Final[Mapping[str, Reader]] = {
    "invitation": _invitation,
    "registration": _registration,
    "password_reset": _password_reset,
    "email_changed": _notice,
    "password_changed": _notice,
    "app_added": _notice,
    "app_removed": _notice,
    "sign_in_linked": _notice,
    "passkey_added": _notice,
    "passkey_removed": _notice,
    "sign_in_unlinked": _notice,
    "suspended": _notice,
    "test": _notice,
}
