"""A forgotten password: a letter to the address that we have, a token that dies with the hash it replaces."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sqlalchemy import bindparam, select

from mail.contract import Owed
from service.database import Database, Transaction, new_key, now
from service.database.tables import projects, users
from service.tokens import Tokens, binding
from service.users import edits, tickets
from service.users.checks import is_uuid
from service.users.clock import later
from service.users.edits import Edit
from service.users.model import ACTIVE, LOCAL, Caller, Origin
from service.users.outbox import OUTBOX
from service.users.problems import Forged, TooMany
from service.users.rows import fold, hold
from service.users.secrets import Secrets
from service.users.throttle import Attempt, take
from service.users.tickets import Presented

LETTER: Final = "password_reset"  # the kind of the letter
LIFETIME: Final = 86_400  # seconds

_BY_EMAIL: Final = (
    select(users.c.id, users.c.email, users.c.password_hash, projects.c.title)
    .join(projects, projects.c.name == users.c.project)
    .where(
        users.c.project == bindparam("project"),
        users.c.email_key == bindparam("email_key"),
        users.c.status == ACTIVE,
        users.c.provider == LOCAL,
    )
)
_STANDING: Final = (
    select(users.c.email_key, users.c.password_hash, projects.c.title)
    .join(projects, projects.c.name == users.c.project)
    .where(
        users.c.project == bindparam("project"),
        users.c.id == bindparam("user"),
        users.c.status == ACTIVE,
        users.c.provider == LOCAL,
    )
)


class Issued(tickets.Issued, Protocol):
    """A letter about a reset: whose password, and what its hash was then."""

    @property
    def user(self) -> str: ...
    @property
    def bound(self) -> str: ...


async def request(tx: Transaction, attempt: Attempt, *, url: str | None) -> None:
    """Owe a letter to the person with this e-mail; nothing when there is nobody who signs in with a password.

    Nobody is told which. `url`: where the link leads when not to our own page; it has been checked. More
    letters than a person needs are not written: those that went out are good.
    """
    try:
        await take(tx, attempt, "reset")
    except TooMany:
        return
    project, at = attempt.project, now()
    found = await tx.row(_BY_EMAIL, project=project, email_key=fold(attempt.email))
    if found is None:
        return
    user, email, kept, title = found
    await OUTBOX.cancel(tx, project, LETTER, user, "a newer letter was asked for")
    letter = Owed(
        id=new_key(),
        project=project,
        kind=LETTER,
        reference=user,
        recipient=email,
        created_at=at,
        expires_at=later(at, LIFETIME),
        data={"project": title, "url": url, "bound": binding(kept)},
    )
    await OUTBOX.post(tx, letter)


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of a letter."""
    return tickets.mint(tokens, "reset", issued, id=issued.user, hash=issued.bound)


def read(tokens: Tokens, token: str, *, late: bool = False) -> Presented:
    """What a token says. Raises Expired (unless `late`) and Forged."""
    named = tickets.read(tokens, "reset", token, late=late)
    if not is_uuid(named.user):
        raise Forged
    return named


async def look(tx: Transaction, named: Presented) -> tuple[bool, str | None]:
    """Whether the password is still the one that the token was made to replace, and the project's title."""
    found = await tx.row(_STANDING, project=named.project, user=named.user)
    if found is None:
        return False, None
    email_key, kept, title = found
    return email_key == fold(named.email) and binding(kept) == named.bound, title


async def reset(
    database: Database, tokens: Tokens, secrets: Secrets, token: str, password: object, origin: Origin
) -> None:
    """Set a password for who holds the token; every session ends. Of two that do so at once, one does.

    Raises Expired, Forged (also for a token that was used), Invalid("password"), TooMany.
    """
    named = read(tokens, token)
    if not (await database.read(look, named))[0]:
        raise Forged
    await database.write(_reset, named, await secrets.chosen(password), origin)


async def _reset(tx: Transaction, named: Presented, password_hash: str, origin: Origin) -> None:
    row: Mapping[str, Any] | None = (await hold(tx, named.project, [named.user])).get(named.user)
    if row is None or not (await look(tx, named))[0]:
        raise Forged
    at = now()
    changes = {"password_hash": password_hash, "email_verified_at": at}
    caller = Caller(named.project, named.user, origin=origin)
    await edits.write(tx, caller, [Edit(dict(row), changes)], at)
    await OUTBOX.cancel(tx, named.project, LETTER, named.user, "the password was reset")
