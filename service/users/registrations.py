"""People who register themselves: nobody is a user before the letter to their address has come back.

A registration waits in a table of its own with the hash of its own password, so it takes no address away from
anybody, and whoever registers somebody else's address gains nothing before that person presses the button.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from mail.contract import Owed
from service.database import Transaction, new_key, now
from service.database.tables import projects, registrations, users
from service.tokens import Tokens
from service.users import newcomers, roles, tickets
from service.users.checks import check, deliverable
from service.users.clock import later
from service.users.model import ACTIVE, Caller, Origin
from service.users.outbox import OUTBOX
from service.users.problems import BadPayload, Expired, Forbidden, Invalid, TooMany
from service.users.projects import title
from service.users.rows import fold
from service.users.throttle import Attempt, take
from service.users.tickets import Issued, Presented

LETTER: Final = "registration"  # the kind of the letter
LIFETIME: Final = 7 * 86_400  # seconds
KEPT: Final = 7 * 86_400  # seconds after that in which an old letter can ask for a new one

_names = ("id", "email", "password_hash", "first_name", "last_name", "role", "expires_at")
_one = (registrations.c.project == bindparam("project"), registrations.c.id == bindparam("id"))
_INSERT: Final = insert(registrations)
_TAKE: Final = delete(registrations).where(*_one).returning(*(registrations.c[name] for name in _names))
_LOOK: Final = (
    select(registrations.c.email, projects.c.title)
    .join(projects, projects.c.name == registrations.c.project)
    .where(*_one)
)
_RENEW: Final = (
    update(registrations)
    .where(
        registrations.c.project == bindparam("of_project"),
        registrations.c.id == bindparam("of_id"),
        registrations.c.email == bindparam("of_email"),
        registrations.c.expires_at <= bindparam("of_now", type_=registrations.c.expires_at.type),
    )
    .values(expires_at=bindparam("until"))
)
_OTHERS: Final = delete(registrations).where(
    registrations.c.project == bindparam("project"), registrations.c.email_key == bindparam("email_key")
)
_PRUNE: Final = delete(registrations).where(registrations.c.expires_at <= bindparam("at"))
_IS_HERE: Final = select(users.c.id).where(
    users.c.project == bindparam("project"),
    users.c.email_key == bindparam("email_key"),
    users.c.retired == "",
)


async def check_role(tx: Transaction, project: str, role: str | None) -> None:
    """Raises NoSuch for a role that is not there, Forbidden for one that administers: nobody takes it."""
    if role is not None and any((await roles.administer(tx, project, {role})).values()):
        raise Forbidden


async def register(
    tx: Transaction, attempt: Attempt, values: Mapping[str, object], *, url: str | None
) -> None:
    """Keep a registration (`password_hash`, names, role) and owe its letter; nothing for who is here already.

    Nobody is told which. Raises Invalid, TooMany, NoSuch("role"), Forbidden.
    """
    project, at, email = attempt.project, now(), check("email", attempt.email)
    if not isinstance(email, str):
        raise Invalid("email", "required")
    deliverable(email)
    names = {name: check(name, values.get(name)) for name in ("first_name", "last_name")}
    await take(tx, attempt, "register")
    role = values.get("role")
    await check_role(tx, project, None if role is None else str(role))
    if await tx.row(_IS_HERE, project=project, email_key=fold(email)) is not None:
        return
    key, until = new_key(), later(at, LIFETIME)
    kept = {"password_hash": values["password_hash"], "role": role, "expires_at": until, **names}
    await tx.run(_INSERT, project=project, id=key, email=email, email_key=fold(email), **kept)
    await _owe(tx, project, key, email, at, until, url)


async def renew(tx: Transaction, attempt: Attempt, id_: str) -> None:
    """Owe a new letter for a registration whose time is over; nothing for any other.

    Whoever holds the old letter may ask, a few times an hour, as long as the registration is kept.
    """
    try:
        await take(tx, attempt, "register")
    except TooMany:
        return
    project, email, at = attempt.project, attempt.email, now()
    if await tx.row(_IS_HERE, project=project, email_key=fold(email)) is not None:
        return
    until = later(at, LIFETIME)
    if await tx.run(_RENEW, of_project=project, of_id=id_, of_email=email, of_now=at, until=until):
        await _owe(tx, project, id_, email, at, until, None)


async def _owe(
    tx: Transaction, project: str, key: str, email: str, at: str, until: str, url: str | None
) -> None:
    letter = Owed(
        id=new_key(),
        project=project,
        kind=LETTER,
        reference=key,
        recipient=email,
        created_at=at,
        expires_at=until,
        data={"project": await title(tx, project), "url": url},
    )
    await OUTBOX.post(tx, letter)


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of a letter."""
    return tickets.mint(tokens, "verify", issued)


def read(tokens: Tokens, token: str, *, late: bool = False) -> Presented:
    """What a token says. Raises Expired (unless `late`) and Forged."""
    return tickets.read(tokens, "verify", token, late=late)


async def look(tx: Transaction, named: Presented) -> tuple[Any, ...] | None:
    """The address and the project's title of a registration that is open; None for any other."""
    return await tx.row(_LOOK, project=named.project, id=named.id)


async def verify(tx: Transaction, named: Presented, origin: Origin) -> str:
    """Make the user, whose address this has proven; give the id. Of two that verify at once, one does.

    Raises BadPayload (used, or another registration of the address was), Expired, Taken, NoSuch("role").
    """
    found = await tx.row(_TAKE, project=named.project, id=named.id)
    if found is None:
        raise BadPayload("The address is verified already, or a later registration of it was")
    row = dict(zip(_names, found, strict=True))
    if row["expires_at"] <= now():
        raise Expired
    await check_role(tx, named.project, row["role"])
    user = {name: row[name] for name in ("email", "password_hash", "first_name", "last_name", "role")}
    user |= {"status": ACTIVE, "language": "en-US", "appearance": "auto"}
    (made,) = await newcomers.make(tx, Caller(named.project, origin=origin), [user], verified=True)
    await tx.run(_OTHERS, project=named.project, email_key=fold(row["email"]))
    return str(made["id"])


async def prune(tx: Transaction) -> int:
    """Delete the registrations whose time was over KEPT seconds ago; give their number."""
    return await tx.run(_PRUNE, at=later(now(), -KEPT))
