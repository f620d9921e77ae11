"""Letters that tell people what has happened to their account: owed in the same commit as the change."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select

from mail.contract import Owed
from service.database import Transaction, new_key
from service.database.tables import users
from service.users.clock import later
from service.users.model import ACTIVE, LOCAL, SUSPENDED, Caller
from service.users.outbox import OUTBOX

APP_ADDED: Final = "app_added"  # kinds of letters
APP_REMOVED: Final = "app_removed"
EMAIL_CHANGED: Final = "email_changed"
LINKED: Final = "sign_in_linked"
PASSKEY_ADDED: Final = "passkey_added"
PASSKEY_REMOVED: Final = "passkey_removed"
PASSWORD_CHANGED: Final = "password_changed"  # noqa: S105  # the name of a letter
UNLINKED: Final = "sign_in_unlinked"
SUSPENSION: Final = "suspended"
LIFETIME: Final = 3 * 86_400  # seconds; after that it is no news any more

_PERSON: Final = select(users.c.email, users.c.language).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("id"), users.c.status == ACTIVE
)
Row = Mapping[str, Any]


async def tell(tx: Transaction, caller: Caller, changed: Sequence[tuple[Row, Row]], at: str) -> None:
    """Owe what these changes (a user as it was, and as it is) are to be told: to the old address, or the own.

    Whom an identity provider suspends is told there.
    """
    for old, new in changed:
        if old["status"] != ACTIVE or not old["email"]:
            continue
        if (new["email"] or "").casefold() != old["email"].casefold():
            told = {"old": old["email"], "new": new["email"], "language": old["language"]}
            await _owe(tx, EMAIL_CHANGED, old, old["email"], told, at)
        if new["status"] == SUSPENDED and new["email"] and caller.connection is None:
            await _owe(tx, SUSPENSION, new, new["email"], {"language": new["language"]}, at)
        for kind in _rekeyed(old, new):
            await _owe(tx, kind, old, old["email"], {"language": old["language"]}, at)


def _rekeyed(old: Row, new: Row) -> Iterator[str]:
    """What is told of another password, where one signs in, and of an authenticator app."""
    if new["status"] != ACTIVE:
        return
    if new["provider"] == LOCAL and new["password_hash"] not in (None, old["password_hash"]):
        yield PASSWORD_CHANGED
    if (old["tfa_secret"] is None) != (new["tfa_secret"] is None):
        yield APP_REMOVED if new["tfa_secret"] is None else APP_ADDED


async def tell_linked(tx: Transaction, project: str, user: str, provider: str, at: str) -> None:
    """Owe somebody the news that they can sign in another way from now on."""
    await _tell_person(tx, project, user, LINKED, {"provider": provider}, at)


async def tell_unlinked(tx: Transaction, project: str, user: str, provider: str, at: str) -> None:
    """Owe somebody the news that they can no longer sign in this way."""
    await _tell_person(tx, project, user, UNLINKED, {"provider": provider}, at)


async def tell_of_passkey(tx: Transaction, project: str, user: str, kind: str, name: str, at: str) -> None:
    """Owe somebody the news that a passkey of this name is theirs, or no longer."""
    await _tell_person(tx, project, user, kind, {"passkey": name}, at)


async def _tell_person(
    tx: Transaction, project: str, user: str, kind: str, news: Mapping[str, str], at: str
) -> None:
    email, language = await tx.row(_PERSON, project=project, id=user) or (None, None)
    if email:
        told = {**news, "language": language}
        await _owe(tx, kind, {"project": project, "id": user}, email, told, at)


async def _owe(
    tx: Transaction, kind: str, user: Row, recipient: str, data: Mapping[str, object], at: str
) -> None:
    letter = Owed(
        id=new_key(),
        project=user["project"],
        kind=kind,
        reference=user["id"],
        recipient=recipient,
        created_at=at,
        expires_at=later(at, LIFETIME),
        data=data,
    )
    await OUTBOX.post(tx, letter)
