"""The verbs on users: create, change and remove, one or many, all or nothing.

Values are keyed by the names of `model.ATTRIBUTES`, after `Secrets.take`: with `password_hash`,
`token_fingerprint` and `token_sealed` in the place of the secrets themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert

from service.database import Transaction, by_kind, new_key, now, one_of
from service.database.tables import users
from service.users import (
    access,
    addresses,
    edits,
    endings,
    events,
    file_access,
    file_removal,
    group_members,
    history,
    identities,
    last_administrator,
    leave,
    managed,
    roles,
)
from service.users.checks import check, is_uuid
from service.users.edits import Edit
from service.users.leave import Grant, Permit
from service.users.model import ACTIVE, ATTRIBUTES, CONCEALED, INVITED, LOCAL, SECRETS, USERS, Caller
from service.users.problems import Forbidden, Invalid, Stale
from service.users.rows import Row, derived, fold, hold, shown
from service.users.uniqueness import unique

_KEPT_SECRETS: Final = frozenset(column for columns in SECRETS.values() for column in columns) - {
    "tfa_secret"
}
_IGNORED: Final = frozenset({"id", "number"})
_DEFAULTS: Final[Mapping[str, object]] = {"status": ACTIVE, "provider": LOCAL, "email_notifications": True}

_NOTHING: Final[Mapping[str, object]] = {}
_EMPTY: Final[Mapping[str, None]] = dict.fromkeys(ATTRIBUTES)

_INSERT: Final = insert(users)
_DELETE: Final = by_kind(
    lambda kind: delete(users).where(users.c.project == bindparam("project"), one_of(users.c.id, "ids", kind))
)


async def create(
    tx: Transaction,
    caller: Caller,
    given: Sequence[Mapping[str, object]],
    defaults: Mapping[str, object] = _NOTHING,
) -> list[str]:
    """Make users; give their ids in the order given. A chosen id may be any uuid. `defaults` are what the
    caller's language gives a new user; a value that can be called is made for each.

    Raises Forbidden, Managed, Invalid, NoSuch("role"), Taken.
    """
    if not leave.is_ruled(caller):
        return await make(tx, caller, [{**_made(defaults), **values} for values in given])
    # Secrets.take has given each an id; people do not choose one.
    named = [leave.attributes(values) - {"id"} for values in given]
    grants = [leave.check_possible(caller, "create", USERS, names) for names in named or [frozenset()]]
    filled = [leave.filled(caller, grant) for grant in grants]
    whole = [{**_made(defaults), **more, **values} for more, values in zip(filled, given, strict=False)]
    await _check_roles(tx, caller, whole)
    made = await make(tx, caller, whole)
    await leave.check_written(tx, caller, USERS, dict(zip(made, grants, strict=False)))
    return made


def _made(defaults: Mapping[str, object]) -> Row:
    return {name: value() if callable(value) else value for name, value in defaults.items()}


async def _check_roles(tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]]) -> None:
    """Raises Forbidden where somebody would be made an administrator by who is none."""
    asked = {str(check("role", values["role"])) for values in given if values.get("role") is not None}
    if any((await roles.administer(tx, caller.project, asked)).values()):
        raise Forbidden


async def make(
    tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]], *, verified: bool = False
) -> list[str]:
    """`create` for whoever let them in; `verified`: somebody whom we trust says that the e-mail is theirs."""
    at = now()
    given = list(map(_said, given))
    rows = [_fresh(caller, values, at, verified=verified) for values in given]
    if not rows:
        return []
    await managed.check_new(tx, caller, [row["provider"] for row in rows])
    await roles.administer(tx, caller.project, {row["role"] for row in rows if row.get("role") is not None})
    avatars = {row["avatar"] for row in rows if row.get("avatar") is not None}
    await file_access.check_avatars(tx, caller, avatars)
    names = {name for row in rows for name in row}
    with unique():
        await tx.run_many(_INSERT, [{name: row.get(name) for name in names} for row in rows])
        await identities.begin(tx, caller.project, rows, at)
        if caller.connection is not None:
            await addresses.begin(tx, caller.project, [{**_EMPTY, **row} for row in rows])
    entries = [
        history.Entry(row["id"], told, told) for row, told in zip(rows, map(shown, given), strict=True)
    ]
    await history.record(tx, caller, "create", entries)
    await events.tell(tx, caller, events.made(caller, rows))
    for row in rows:
        tx.announce("user", row["id"])
    return [row["id"] for row in rows]


async def change(
    tx: Transaction,
    caller: Caller,
    changes: Mapping[str, Mapping[str, object]],
    *,
    versions: Mapping[str, int] | None = None,
) -> None:
    """Change users: id -> what changes. Asterisks and values equal to those stored mean unchanged, and a
    change of nothing leaves no trace. `versions`: the version that a user must still have.

    Raises Forbidden (not there, not yours), Managed, Invalid, NoSuch("role"), Taken, Stale, Unprocessable.
    """
    at = now()
    changes = {_key(user): values for user, values in changes.items()}
    expected = {_key(user): version for user, version in (versions or {}).items()}
    held = await hold(tx, caller.project, list(changes))
    if not held.keys() >= changes.keys():
        raise Forbidden
    wanted = {user: _wanted(held[user], values) for user, values in changes.items()}
    beyond = [user for user, edit in wanted.items() if not access.may_change(caller, edit.old, edit.changes)]
    ruled = await _by_rules(tx, caller, {user: changes[user] for user in beyond}, wanted)
    decided = []
    for user, edit in (wanted | {user: edit for user, (edit, _) in ruled.items()}).items():
        if expected.get(user, edit.old["version"]) != edit.old["version"]:
            raise Stale
        decided.append(_decide(caller, edit, at))
    await managed.check(tx, caller, decided)
    await edits.write(tx, caller, decided, at)
    written = {user: grant for user, (_, grant) in ruled.items() if grant is not None}
    named = {user: leave.attributes(wanted[user].changes | ruled[user][0].changes) for user in written}
    await leave.check_written(tx, caller, USERS, written, named)


async def _by_rules(
    tx: Transaction, caller: Caller, changes: Mapping[str, Mapping[str, object]], wanted: Mapping[str, Edit]
) -> dict[str, tuple[Edit, Grant | None]]:
    """The edits that rules allow, with what they fill in. Raises Forbidden for any other.

    No rule leads to an administrator's user: whoever could set their password would be one.
    """
    if not changes:
        return {}
    if not leave.is_ruled(caller):
        raise Forbidden
    permits = await leave.permits(tx, caller, USERS, list(changes))
    ruled: dict[str, tuple[Edit, Grant | None]] = {}
    for user, values in changes.items():
        edit = wanted[user]
        mentioned = leave.attributes(values) - _IGNORED
        changed = leave.attributes(edit.changes) & mentioned
        grant = permits.get(user, Permit()).choose(mentioned, changed)
        if edit.changes and edit.old["administers"]:
            raise Forbidden
        ruled[user] = (_wanted(edit.old, {**leave.filled(caller, grant), **values}) if grant else edit, grant)
    await _check_roles(tx, caller, [edit.changes for edit, _ in ruled.values()])
    return ruled


async def remove(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove users with everything of theirs; activity and revisions stay, the e-mail is free again.

    Raises Forbidden (not there, not yours), Managed, Unprocessable (the last administrator).
    """
    ids = list(dict.fromkeys(map(_key, ids)))
    held = await hold(tx, caller.project, ids)
    if len(held) < len(ids):
        raise Forbidden
    for row in held.values():
        access.check_remove(caller, row)
    if leave.is_ruled(caller):
        await leave.check_removal(tx, caller, USERS, ids)
    await managed.check_removal(tx, caller, held.values())
    leaving = {
        user: last_administrator.reason(stays=False)
        for user, row in held.items()
        if row["administers"] and row["status"] == ACTIVE
    }
    await last_administrator.keep_one(tx, caller.project, leaving)
    invited = [user for user, row in held.items() if row["status"] == INVITED]
    at = now()
    await endings.void_invitations(tx, caller.project, invited, at, "the person was removed")
    await endings.end_registrations(tx, caller.project, [row["email_key"] for row in held.values()])
    provisioned = [user for user, row in held.items() if row["connection"] is not None]
    await group_members.leave(tx, caller.project, provisioned, at)
    await tx.run(_DELETE[tx.kind], project=caller.project, ids=ids)
    await file_removal.forget(tx, caller, list(held.values()))
    await history.record(tx, caller, "delete", [history.Entry(user) for user in ids])
    await events.tell(tx, caller, events.removed(held.values()))
    for user in ids:
        tx.announce("user", user)


def _fresh(caller: Caller, given: Mapping[str, object], at: str, *, verified: bool) -> Row:
    """The whole row of a new user."""
    row: Row = {"email": None, "external_identifier": None, **_DEFAULTS, **_checked(given)}
    if "id" not in row:
        row["id"] = new_key()
    if caller.connection is not None:
        row |= {"connection": caller.connection, "provider": caller.provider or row["provider"]}
    row |= {"project": caller.project, "version": 1, "created_at": at, "changed_at": at}
    row["email_verified_at"] = at if verified or _vouches(caller, row["email"]) else None
    return row | derived({**_EMPTY, **row})


def _wanted(row: Row, given: Mapping[str, object]) -> Edit:
    """What of the given values is a change of this user."""
    named = {name: value for name, value in _said(given).items() if name not in _IGNORED}
    # What is in a document is checked before it is compared: it may be of any depth.
    return Edit(row, _checked({n: v for n, v in named.items() if row[n] != v or isinstance(v, list | dict)}))


def _decide(caller: Caller, edit: Edit, at: str) -> Edit:
    """An edit that the caller may make, with what follows from who they are."""
    row = edit.old
    if not edit.changes:
        return edit
    more: Row = {}
    if caller.connection is None and edit.changes.keys() & {"provider", "external_identifier"}:
        more["auth_data"] = None  # what another provider said is no longer true
    if access.adopts(caller, row):
        more |= {"connection": caller.connection, "provider": caller.provider}
    if edit.moves:
        more["email_verified_at"] = at if _vouches(caller, edit.changes["email"]) else None
    edit = Edit(row, {**more, **edit.changes})
    if "email" in edit.changes and edit.new["email"] is None and edit.new["provider"] == LOCAL:
        raise Invalid("email", "nnull")
    return edit


def _said(given: Mapping[str, object]) -> Row:
    """The values without asterisks, which say unchanged."""
    return {name: value for name, value in given.items() if value != CONCEALED}


def _checked(given: Mapping[str, object]) -> Row:
    if given.get("tfa_secret") is not None:
        raise Invalid("tfa_secret", "type", detail="can't be changed by hand")
    return {name: value if name in _KEPT_SECRETS else check(name, value) for name, value in given.items()}


def _vouches(caller: Caller, email: Any) -> bool:
    """Whether a connection says that the address is the person's, and may say so of this domain."""
    return bool(email) and fold(email.rpartition("@")[2]) in caller.domains


def _key(user: str) -> str:
    if not is_uuid(user):
        raise Forbidden
    return user.lower()
