"""A forgotten password: a letter to the address that we have, a token that dies with the hash it replaces."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import bindparam, select

from mail.contract import Owed
from service.database import Database, Transaction, new_key, now
from service.database.tables import projects, users
from service.tokens import TokenExpired, TokenInvalid, Tokens, binding
from service.users import edits
from service.users.checks import is_uuid
from service.users.clock import later
from service.users.edits import Edit
from service.users.endings import OUTBOX
from service.users.model import ACTIVE, LOCAL, Caller, Origin
from service.users.problems import Expired, Forged, TooMany
from service.users.rows import fold, hold
from service.users.secrets import Secrets
from service.users.throttle import Attempt, take

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


class Named(NamedTuple):
    """What a token says: whose password, at which address, and what the hash was then."""

    project: str
    user: str
    email: str
    bound: str
    expires_at: int


class Issued(Protocol):
    """A letter about a reset; moments as texts."""

    @property
    def project(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def bound(self) -> str: ...
    @property
    def issued_at(self) -> str: ...
    @property
    def expires_at(self) -> str: ...


async def request(tx: Transaction, attempt: Attempt, *, domain: str, url: str | None) -> None:
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
        domain=domain,
        created_at=at,
        expires_at=later(at, LIFETIME),
        data={"project": title, "url": url, "bound": binding(kept)},
    )
    await OUTBOX.post(tx, letter)


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of a letter: the same for every attempt to send it."""
    claims = {"jti": issued.id, "id": issued.user, "email": issued.email, "scope": "password-reset"}
    claims["hash"] = issued.bound
    if issued.project != LOCAL:
        claims["project"] = issued.project
    return tokens.sign(
        "reset", claims, expires_at=_seconds(issued.expires_at), issued_at=_seconds(issued.issued_at)
    )


def read(tokens: Tokens, token: str, *, late: bool = False) -> Named:
    """What a token says; `late`: also one past its time. Raises Expired and Forged."""
    try:
        claims = tokens.verify("reset", token)
    except TokenExpired as problem:
        if not late:
            raise Expired from None
        claims = problem.claims
    except TokenInvalid:
        raise Forged from None
    project = str(claims.get("project", LOCAL))
    whose = (str(claims.get(name, "")) for name in ("id", "email", "hash"))
    user, email, bound = whose
    if not is_uuid(user):
        raise Forged
    return Named(project, user, email, bound, int(claims["exp"]))


async def look(tx: Transaction, named: Named) -> tuple[bool, str | None]:
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


async def _reset(tx: Transaction, named: Named, password_hash: str, origin: Origin) -> None:
    row: Mapping[str, Any] | None = (await hold(tx, named.project, [named.user])).get(named.user)
    if row is None or not (await look(tx, named))[0]:
        raise Forged
    at = now()
    changes = {"password_hash": password_hash, "email_verified_at": at}
    caller = Caller(named.project, named.user, origin=origin)
    await edits.write(tx, caller, [Edit(dict(row), changes)], at)
    await OUTBOX.cancel(tx, named.project, LETTER, named.user, "the password was reset")


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())
