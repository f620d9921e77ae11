"""Letters about nobody: for looking at each kind, and for seeing whether letters arrive."""

from typing import Final

from mail.contract import Letter
from mail.schedule import later
from mail.tongues import nearest
from service.database import Transaction, new_key, now
from service.letters import heads
from service.letters.kinds import Facts
from service.letters.ticket import Ticket
from service.tokens import LetterPurpose

_PURPOSES: Final[dict[str, LetterPurpose]] = {
    "invitation": "invite",
    "password_reset": "reset",
    "registration": "verify",
}
_NOTICES: Final = (
    "email_changed",
    "password_changed",
    "app_added",
    "app_removed",
    "sign_in_linked",
    "sign_in_unlinked",
    "passkey_added",
    "passkey_removed",
    "suspended",
)
KINDS: Final = (*_PURPOSES, *_NOTICES, "test")
_WEEK: Final = 604_800.0  # seconds
NOBODY: Final = "grace@example.com"


def letter(kind: str, project: str, recipient: str = NOBODY) -> Letter:
    """A letter of this kind as a worker would hold it; its Message-ID is good once."""
    at, key = now(), new_key()
    message_id = f"<{key}@{recipient.rpartition('@')[2]}>"
    return Letter(project, key, kind, key, recipient, {}, message_id, 1, at, at, at)


async def facts(tx: Transaction, kind: str, project: str, language: str) -> Facts:
    """What it would say."""
    title, head = await heads.find(tx, project)
    at = now()
    until = later(at, _WEEK)
    purpose = _PURPOSES.get(kind)
    ticket = Ticket(purpose, project, new_key(), NOBODY, at, until, user=new_key()) if purpose else None
    words = {"email": NOBODY, "name": "Grace", "inviter": "Ada Lovelace", "message": None}
    words |= {"old": NOBODY, "new": "grace.hopper@example.com", "passkey": "Work laptop"}
    words["provider"] = "Okta" if kind.startswith("sign_in") else None
    moments = {"until": until} if ticket else {"when": at}
    return Facts(title, nearest(language), words, moments, ticket, head=head, opens=kind != "suspended")
