"""Letters for the tests, and where they are kept."""

from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from mail import schedule
from mail.contract import Letter, Owed
from mail.message import write
from mail.outbox import Outbox
from service.database import Database, Transaction, new_key
from service.database.tables import letters

OUTBOX = Outbox(letters, "acme.example")
SHOWN = (
    "status",
    "next_at",
    "lease_until",
    "lease_owner",
    "attempts",
    "last_code",
    "last_reason",
    "accepted_reply",
    "sent_at",
)
SENDER = Address("Acme", "no-reply", "acme.example")
LINK = "https://id.acme.example/admin/accept-invite?token=abc"


def letter(**changes: object) -> Letter:
    """A letter as a worker holds it."""
    facts: dict[str, object] = {
        "project": "default",
        "id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "kind": "invitation",
        "reference": "0190163d-8694-739b-aea5-966c26f8ad90",
        "recipient": "anna@example.org",
        "data": {},
        "message_id": "<0190163d-8694-739b-aea5-966c26f8ad91@acme.example>",
        "attempts": 1,
        "created_at": "2026-02-05T15:18:13.000Z",
        "expires_at": "2026-02-12T15:18:13.000Z",
        "lease_until": "2026-02-05T15:28:13.000Z",
    }
    return Letter(**(facts | changes))  # type: ignore[arg-type]  # the names are Letter's own


def values(**changes: object) -> dict[str, object]:
    """What the invitation's templates need."""
    facts: dict[str, object] = {
        "project": "Harbour Lane",
        "home": "https://id.acme.example",
        "place": "id.acme.example",
        "inviter": "Mara Okafor",
        "name": "Anna",
        "email": "anna@example.org",
        "link": LINK,
        "until": "12 February 2026, 15:18 UTC",
        "way": "password",
        "provider": None,
    }
    return facts | changes


def message(held: Letter | None = None, **changes: object) -> EmailMessage:
    """The invitation that goes with `held`."""
    return write(held or letter(), values(**changes), sender=SENDER)


def owed(created_at: str, **changes: object) -> Owed:
    """A letter to be posted."""
    facts: dict[str, object] = {
        "id": new_key(),
        "project": "default",
        "kind": "invitation",
        "reference": new_key(),
        "recipient": "anna@example.org",
        "created_at": created_at,
        "expires_at": schedule.later(created_at, 7 * 86_400),
        "data": {"name": "Anna"},
    }
    return Owed(**(facts | changes))  # type: ignore[arg-type]  # the names are Owed's own


async def row(database: Database, key: str) -> dict[str, Any]:
    """What the table says of a letter."""
    statement = select(*(letters.c[name] for name in SHOWN)).where(letters.c.id == key)

    async def look(tx: Transaction) -> tuple[Any, ...] | None:
        return await tx.row(statement)

    found = await database.read(look)
    assert found is not None
    return dict(zip(SHOWN, found, strict=True))


async def compose(held: Letter) -> EmailMessage:
    """What a worker of the tests has written."""
    return message(held, email=held.recipient)
