"""The identities with which a person signs on: listed, linked by themselves, unlinked, never the last one."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select

from providers.contract import Identity
from service.database import NotUnique, Transaction, now
from service.database.tables import identities, users
from service.tokens import fingerprint
from service.users import access, claims, edits, endings, history, last_way, notices, passkeys
from service.users import sessions as living
from service.users.claims import Policy
from service.users.edits import Edit
from service.users.grants import Grants
from service.users.history import Entry
from service.users.identities import DELETE, ONE, Key, call, link, owner, where
from service.users.last_way import Open
from service.users.model import Caller, Origin
from service.users.problems import Expired, Forbidden, Unprocessable, WrongProvider
from service.users.rows import Row, hold_active

_SHOWN: Final = ("provider", "external_identifier", "linked_at", "last_used_at", "auth_data")
_OWN: Final = ("provider", "external_identifier", "status", "auth_data")
_SELF: Final = select(*(users.c[name] for name in _OWN)).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user")
)
_LIST: Final = (
    select(*(identities.c[name] for name in _SHOWN))
    .where(identities.c.project == bindparam("project"), identities.c.user == bindparam("user"))
    .order_by(identities.c.linked_at, identities.c.provider, identities.c.external_identifier)
)
_WHOSE: Final = select(identities.c.user).where(*ONE)


class Linking(msgspec.Struct, frozen=True):
    """Somebody who has proven that an identity is theirs, to be linked to whom their session belongs."""

    project: str
    session: str
    policy: Policy
    identity: Identity
    origin: Origin


async def look(tx: Transaction, caller: Caller, user: str) -> list[dict[str, Any]]:
    """Somebody's identities, the oldest first; `primary` is the one that the user's own fields show."""
    access.check_self(caller, user)
    found = await tx.row(_SELF, project=caller.project, user=user)
    if found is None:
        raise Forbidden
    row = dict(zip(_OWN, found, strict=True))
    return [_shown(row, one) for one in await _all(tx, caller.project, user)]


async def link_own(tx: Transaction, linking: Linking, grants: Grants) -> str:
    """Give the person of a living session a further identity; they are told by letter. Gives their key.

    Raises Expired when the session has ended meanwhile, WrongCredentials (with a cause) for an identity that
    cannot be taken, WrongProvider when it is somebody else's, Unprocessable when a connection owns the user.
    """
    project, identity, at = linking.project, linking.identity, now()
    claims.check_identifier(identity)
    claims.check_email(identity, verified=False, domains=linking.policy.domains)
    known = await living.recognise(tx, project, linking.session)
    if known is None:
        raise Expired
    row = await hold_active(tx, project, known.user)
    if row["connection"] is not None:
        raise Unprocessable("Who signs on here is decided by the identity provider that this user belongs to")
    key = (identity.provider, identity.external_identifier)
    whose = await tx.row(_WHOSE, **where(project, key))
    if whose is not None:
        if whose[0] != known.user:
            raise WrongProvider
        return known.user
    try:
        await link(tx, project, known.user, key, claims.profile(identity), at)
    except NotUnique:
        raise WrongProvider from None
    await grants.keep(tx, project, key, identity.tokens)
    await call(tx, project, key, identity.subject)
    caller = Caller(project, known.user, origin=linking.origin)
    await history.record(tx, caller, "update", [Entry(known.user)], comment=f"{key[0]}: linked {key[1]}")
    return known.user


async def unlink(tx: Transaction, caller: Caller, user: str, mark: str, open_: Open) -> None:
    """Take an identity away, with every session that it began but the one that asks; its owner is told.

    One way to sign in has to be left of those that are open now. Where the one goes that the user's own
    fields show, another takes its place. Raises Forbidden, Unprocessable.
    """
    access.check_self(caller, user)
    row = await hold_active(tx, caller.project, user)
    known = {_mark(_key(one)): one for one in await _all(tx, caller.project, user)}
    gone = known.pop(mark, None)
    if gone is None:
        raise Forbidden
    at = now()
    key, left = _key(gone), [one for one in known.values() if one["provider"] in open_.providers]
    keys = await passkeys.number(tx, caller.project, user)
    providers, primary = {one["provider"] for one in left}, owner(row) == key
    reason = last_way.stays(row, open_, primary=primary, left=providers, passkeys=keys)
    if reason is not None:
        raise Unprocessable(reason)
    if not primary:
        await tx.run(DELETE, **where(caller.project, key))
    else:
        changes = {name: left[-1][name] for name in ("provider", "external_identifier", "auth_data")}
        await edits.write(tx, caller, [Edit(row, changes)], at)
    await endings.end_of_identity(tx, caller.project, user, *key, kept=caller.session)
    await notices.tell_unlinked(tx, caller.project, user, key[0], at)
    await history.record(tx, caller, "update", [Entry(user)], comment=f"{key[0]}: unlinked {key[1]}")


async def _all(tx: Transaction, project: str, user: str) -> list[dict[str, Any]]:
    rows = await tx.rows(_LIST, project=project, user=user)
    return [dict(zip(_SHOWN, row, strict=True)) for row in rows]


def _shown(row: Row, one: Mapping[str, Any]) -> dict[str, Any]:
    primary = owner(row) == _key(one)
    said = (row["auth_data"] if primary else one["auth_data"]) or {}
    told = {name: one[name] for name in _SHOWN[:4]}
    return {"id": _mark(_key(one)), **told, "email": said.get("email"), "primary": primary}


def _key(one: Mapping[str, Any]) -> Key:
    return one["provider"], one["external_identifier"]


def _mark(key: Key) -> str:
    """What an identity is called in an address, where an identifier could not stand."""
    return fingerprint(msgspec.json.encode(key).decode())
