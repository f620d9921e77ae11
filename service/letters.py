"""Letter -> message: looks up what the letter is about, mints its token only then, picks the template."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import and_, bindparam, select

from mail.addresses import BadAddress, mailbox
from mail.contract import Letter, Obsolete
from mail.message import calm, write
from service.database import Database, Transaction, now
from service.database.tables import invitations, registrations, users
from service.tokens import binding

INVITATION: Final = "invitation"  # a kind of letter
ACCEPT: Final = "/admin/accept-invite"
REGISTRATION: Final = "registration"
VERIFY: Final = "/admin/verify"
FORGOTTEN: Final = "password_reset"
RESET: Final = "/admin/reset-password"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation's token is made of: fixed by its row, so that every attempt carries the same."""

    project: str
    id: str
    email: str
    issued_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Reset:
    """What the token of a letter about a forgotten password is made of: fixed by the letter's row."""

    project: str
    id: str
    user: str
    email: str
    bound: str
    issued_at: str
    expires_at: str


class Letters:
    """Writes every kind of letter. `mint...` sign their tokens; `public_url` is where our pages are."""

    def __init__(
        self,
        database: Database,
        *,
        sender: Address,
        public_url: str,
        mint: Callable[[Invitation], str],
        mint_reset: Callable[[Reset], str] | None = None,
        mint_registration: Callable[[Letter], str] | None = None,
        reply_to: Address | None = None,
        clock: Callable[[], str] = now,
    ) -> None:
        self._database = database
        self._sender = sender
        self._reply_to = reply_to
        self._home = public_url.rstrip("/")
        self._mint = mint
        self._clock = clock
        self._mint_reset = mint_reset
        self._mint_registration = mint_registration
        self._kinds = {
            INVITATION: self._invitation,
            FORGOTTEN: self._password_reset,
            REGISTRATION: self._registration,
        }

    async def compose(self, letter: Letter) -> EmailMessage:
        """Write the message. Raises mail's Obsolete when nobody needs it, LookupError for an unknown kind.

        An unknown kind comes from a newer replica; the letter waits until one of those has it.
        """
        values = await self._kinds[letter.kind](letter)
        place = urlsplit(self._home).netloc
        shown = calm(values["project"]) or place
        sender = self._sender
        if not sender.display_name:
            sender = Address(shown, sender.username, sender.domain)
        values = values | {"project": shown, "home": self._home, "place": place}
        return write(letter, values, sender=sender, reply_to=self._reply_to)

    async def _invitation(self, letter: Letter) -> dict[str, str | None]:
        found = await self._database.read(_find, letter.project, letter.reference)
        if found is None:
            raise Obsolete("the invitation is gone")
        invitation, still_open, first_name = found
        if not still_open or invitation.expires_at <= self._clock():
            raise Obsolete("the invitation was used, replaced or withdrawn, or its time is over")
        page = letter.data.get("url") or self._home + ACCEPT
        return {
            "project": letter.data.get("project"),
            "inviter": _who(letter.data.get("inviter")),
            "name": calm(first_name),
            "email": letter.recipient,
            "link": with_token(page, self._mint(invitation)),
            "expires_at": invitation.expires_at,
        }

    async def _registration(self, letter: Letter) -> dict[str, str | None]:
        if self._mint_registration is None:
            raise LookupError(REGISTRATION)
        found = await self._database.read(_find_registration, letter.project, letter.reference)
        if not found or letter.expires_at <= self._clock():
            raise Obsolete("the registration was used, or its time is over")
        page = letter.data.get("url") or self._home + VERIFY
        return {
            "project": letter.data.get("project"),
            "email": letter.recipient,
            "link": with_token(page, self._mint_registration(letter)),
            "expires_at": letter.expires_at,
        }

    async def _password_reset(self, letter: Letter) -> dict[str, str | None]:
        if self._mint_reset is None:
            raise LookupError(FORGOTTEN)
        found = await self._database.read(_find_person, letter.project, letter.reference)
        email, kept, first_name = found or (None, None, None)
        bound = letter.data.get("bound")
        same = (email or "").casefold() == letter.recipient.casefold() and binding(kept) == bound
        if not same or letter.expires_at <= self._clock():
            raise Obsolete("the person, the address or the password is another, or its time is over")
        facts = (letter.project, letter.id, letter.reference, letter.recipient, str(bound))
        reset = Reset(*facts, issued_at=letter.created_at, expires_at=letter.expires_at)
        page = letter.data.get("url") or self._home + RESET
        return {
            "project": letter.data.get("project"),
            "name": calm(first_name),
            "email": letter.recipient,
            "link": with_token(page, self._mint_reset(reset)),
            "expires_at": letter.expires_at,
        }


_PERSON: Final = select(users.c.email, users.c.password_hash, users.c.first_name).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("id"), users.c.status == "active"
)
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
        users.c.email,
        users.c.status,
        users.c.first_name,
    )
    .join(users, and_(users.c.project == invitations.c.project, users.c.id == invitations.c.user))
    .where(invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id"))
)


async def _find(tx: Transaction, project: str, key: str) -> tuple[Invitation, bool, str | None] | None:
    """The invitation, whether it can still be accepted, and the first name of whom it invites."""
    row = await tx.row(_INVITATION, project=project, id=key)
    if row is None:
        return None
    email, issued_at, expires_at, used_at, voided_at, user_email, status, first_name = row
    # An address that changed since is another mailbox: the token would be refused there.
    same = (user_email or "").casefold() == email.casefold()
    still_open = same and status == "invited" and used_at is None and voided_at is None
    return Invitation(project, key, email, issued_at, expires_at), still_open, first_name


async def _find_registration(tx: Transaction, project: str, key: str) -> bool:
    """Whether the registration still waits."""
    return await tx.row(_REGISTRATION, project=project, id=key) is not None


async def _find_person(tx: Transaction, project: str, key: str) -> tuple[Any, ...] | None:
    """The address, the password's hash and the first name of somebody who is active."""
    return await tx.row(_PERSON, project=project, id=key)


def _who(name: str | None) -> str | None:
    """Who invites: a name that is fit to be shown, or the address of somebody who has none."""
    shown = calm(name)
    if shown is None and name:
        with suppress(BadAddress):
            shown = mailbox(name)
    return shown


def with_token(url: str, token: str) -> str:
    """Give `url` with `token` in its query, instead of one that was there; the rest stays as written."""
    parts = urlsplit(url)
    others = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != "token"]
    return urlunsplit(parts._replace(query="&".join([*others, f"token={token}"])))
