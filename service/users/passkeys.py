"""The passkeys of people: listed, added, named, used, and removed with the sessions that they began."""

from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from service.database import NIL_KEY, NotUnique, Transaction, new_key, now
from service.database.tables import identities, passkeys, sessions, users
from service.users import access, history, last_way, notices, projects, recovery_codes
from service.users.challenges import Json
from service.users.credentials import Asserted, Attested
from service.users.history import Entry
from service.users.last_way import Open
from service.users.model import PASSKEY, Caller
from service.users.problems import BadPayload, Forbidden, WrongCredentials
from service.users.rows import hold_active

MOST: Final = 20  # of one person
LONGEST: Final = 100  # characters of a name
_SHOWN: Final = ("id", "name", "created_at", "last_used_at", "backed_up", "transports")
_theirs = (passkeys.c.project == bindparam("project"), passkeys.c.user == bindparam("user"))
_LIST: Final = (
    select(*(passkeys.c[name] for name in _SHOWN)).where(*_theirs).order_by(passkeys.c.id).limit(MOST)
)
_OFFERED: Final = select(passkeys.c.credential, passkeys.c.transports).where(*_theirs).limit(MOST)
_COUNT: Final = select(func.count()).select_from(passkeys).where(*_theirs)
_PROVIDERS: Final = select(identities.c.provider).where(
    identities.c.project == bindparam("project"), identities.c.user == bindparam("user")
)
_PERSON: Final = select(users.c.email, users.c.first_name, users.c.last_name).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user")
)
_KNOWN: Final = (
    *(passkeys.c[name] for name in ("id", "user", "public_key", "eligible")),
    users.c.connection,
    users.c.status,
)
_BY_CREDENTIAL: Final = (
    select(*_KNOWN)
    .join_from(passkeys, users, and_(users.c.project == passkeys.c.project, users.c.id == passkeys.c.user))
    .where(passkeys.c.project == bindparam("project"), passkeys.c.credential == bindparam("credential"))
)
_INSERT: Final = insert(passkeys)
_one = (
    passkeys.c.project == bindparam("of_project"),
    passkeys.c.user == bindparam("of_user"),
    passkeys.c.id == bindparam("of_id"),
)
_RENAME: Final = update(passkeys).where(*_one)
_count = bindparam("of_count", type_=passkeys.c.sign_count.type)
# Of two with one count, or of a copy that lags behind, one finds the count taken; many always say 0 (6.1.1).
_USE: Final = update(passkeys).where(
    *_one, or_(passkeys.c.sign_count < _count, and_(passkeys.c.sign_count == 0, _count == 0))
)
_DELETE: Final = delete(passkeys).where(*_one).returning(passkeys.c.name)
_END: Final = delete(sessions).where(
    sessions.c.project == bindparam("project"),
    sessions.c.user == bindparam("user"),
    sessions.c.provider == PASSKEY,
    sessions.c.identifier == bindparam("passkey"),
    sessions.c.id != bindparam("kept"),
)


class Known(msgspec.Struct, frozen=True):
    """A passkey as a sign-in finds it, and of its user what decides whether they may sign in."""

    id: str
    user: str
    public_key: str
    eligible: bool
    connection: str | None
    status: str


async def look(tx: Transaction, caller: Caller, user: str) -> list[Json]:
    """Somebody's passkeys, the oldest first. Raises Forbidden."""
    access.check_self(caller, user)
    rows = await tx.rows(_LIST, project=caller.project, user=user)
    return [dict(zip(_SHOWN, row, strict=True)) for row in rows]


async def offered(tx: Transaction, project: str, user: str) -> list[Json]:
    """Somebody's passkeys as a browser is told of them (PublicKeyCredentialDescriptorJSON)."""
    rows = await tx.rows(_OFFERED, project=project, user=user)
    return [{"type": "public-key", "id": credential, "transports": by} for credential, by in rows]


async def person(tx: Transaction, caller: Caller) -> tuple[str | None, str, list[Json]]:
    """The project's title, what the caller is called in a list of passkeys, and those that they have."""
    found = await tx.row(_PERSON, project=caller.project, user=caller.user)
    email, *names = found or (None, None, None)
    name = email or " ".join(filter(None, names)) or str(caller.user)
    known = await offered(tx, caller.project, str(caller.user))
    return await projects.title(tx, caller.project), name, known


async def find(tx: Transaction, project: str, credential: str) -> Known | None:
    """The passkey with this credential id."""
    found = await tx.row(_BY_CREDENTIAL, project=project, credential=credential)
    return None if found is None else Known(*found)


async def add(tx: Transaction, caller: Caller, new: Attested, name: str) -> Json:
    """Give the caller a passkey, and tell them by letter.

    Raises BadPayload (it is somebody's already, or there are too many, or the name), Forbidden.
    """
    row, at = await hold_active(tx, caller.project, str(caller.user)), now()
    where = {"project": caller.project, "user": row["id"]}
    if await number(tx, caller.project, row["id"]) >= MOST:
        raise BadPayload(f"There are {MOST} passkeys already; remove one first")
    kept = {
        **{part: getattr(new, part) for part in new.__struct_fields__},
        **where, "id": new_key(), "name": _named(name), "created_at": at,
    }  # fmt: skip
    try:
        await tx.run(_INSERT, **kept, last_used_at=None)
    except NotUnique:
        raise BadPayload("This passkey is here already") from None
    await tell(tx, caller, row["id"], notices.PASSKEY_ADDED, kept["name"], at)
    return {part: kept.get(part) for part in _SHOWN}


async def rename(tx: Transaction, caller: Caller, key: str, name: str) -> None:
    """Call one of the caller's own passkeys otherwise. Raises Forbidden, BadPayload."""
    where, name = {"of_project": caller.project, "of_user": caller.user, "of_id": key}, _named(name)
    if not await tx.run(_RENAME, **where, name=name):
        raise Forbidden
    comment = f"passkey named: {name}"
    await history.record(tx, caller, "update", [Entry(str(caller.user))], comment=comment)


async def remove(tx: Transaction, caller: Caller, user: str, key: str, open_: Open) -> None:
    """Take a passkey away, with every session that it began but the one that asks; its owner is told.

    Raises Forbidden, and Unprocessable when it is the last way to sign in.
    """
    access.check_self(caller, user)
    row, at = await hold_active(tx, caller.project, user), now()
    where = {"project": caller.project, "user": user}
    gone = await tx.row(_DELETE, of_project=caller.project, of_user=user, of_id=key)
    if gone is None:
        raise Forbidden
    left = await number(tx, caller.project, user)
    last_way.check(row, open_, providers=await providers(tx, caller.project, user), passkeys=left)
    await tx.run(_END, **where, passkey=key, kept=caller.session or NIL_KEY)
    if not left and row["tfa_secret"] is None:
        await recovery_codes.forget(tx, caller.project, user)
    await tell(tx, caller, user, notices.PASSKEY_REMOVED, gone[0], at)


async def use(tx: Transaction, project: str, known: Known, said: Asserted) -> None:
    """Note a good answer. Raises WrongCredentials when its counter went back: there may be a copy (6.1.1)."""
    if said.eligible != known.eligible:  # so from the beginning, or never (6.1.3)
        raise WrongCredentials("changed")
    at, where = now(), {"of_project": project, "of_user": known.user, "of_id": known.id}
    news = {"sign_count": said.sign_count, "backed_up": said.backed_up, "last_used_at": at}
    if not await tx.run(_USE, **where, of_count=said.sign_count, **news):
        raise WrongCredentials("copied")


async def number(tx: Transaction, project: str, user: str) -> int:
    """How many somebody has."""
    (number,) = await tx.row(_COUNT, project=project, user=user) or (0,)
    return int(number)


async def providers(tx: Transaction, project: str, user: str) -> set[str]:
    """With which providers somebody signs on."""
    return {provider for (provider,) in await tx.rows(_PROVIDERS, project=project, user=user)}


async def tell(tx: Transaction, caller: Caller, user: str, kind: str, name: str, at: str) -> None:
    """The owner by letter, the administrator by the activity, and every process that sessions changed."""
    await notices.tell_of_passkey(tx, caller.project, user, kind, name, at)
    comment = f"{kind.replace('_', ' ')}: {name}"
    await history.record(tx, caller, "update", [Entry(user)], comment=comment)
    tx.announce("user", user)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name.isprintable() or not 1 <= len(name) <= LONGEST:
        raise BadPayload(f'"name" must have 1 to {LONGEST} characters that can be seen')
    return name
