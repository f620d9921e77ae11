"""The verbs on users: create, change and remove, one or many, all or nothing.

Values are keyed by the names of `model.ATTRIBUTES`, after `Secrets.take`: with `password_hash`,
`token_fingerprint` and `token_sealed` in the place of the secrets themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete

from service.database import Transaction, by_kind, now, one_of
from service.database.tables import users
from service.users import (
    access,
    edits,
    endings,
    events,
    file_removal,
    group_members,
    history,
    last_administrator,
    leave,
    managed,
    newcomers,
    roles,
)
from service.users.checks import check
from service.users.edits import Edit
from service.users.given import checked, key_of, said, vouches
from service.users.leave import Grant, Permit
from service.users.model import ACTIVE, INVITED, LOCAL, USERS, Caller
from service.users.problems import ChangeDenied, Forbidden, Invalid, UnwrittenField
from service.users.rows import Row, hold

_IGNORED: Final = frozenset({"id", "number"})
_NOTHING: Final[Mapping[str, object]] = {}
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
        whole = [{**_made(defaults), **values} for values in given] if defaults else given
        return _ids(await newcomers.make(tx, caller, whole))
    # Secrets.take has given each an id; people do not choose one.
    named = [leave.attributes(values) - {"id"} for values in given]
    grants = [leave.check_possible(caller, "create", USERS, names) for names in named or [frozenset()]]
    filled = await leave.filled(tx, caller, grants)
    ruled = zip(grants, given, strict=False)
    whole = [{**_made(defaults), **filled[grant], **values} for grant, values in ruled]
    await _check_roles(tx, caller, whole)
    made = _ids(await newcomers.make(tx, caller, whole))
    await leave.check_written(tx, caller, USERS, dict(zip(made, grants, strict=False)))
    return made


def _ids(rows: Sequence[Row]) -> list[str]:
    return [row["id"] for row in rows]


def _made(defaults: Mapping[str, object]) -> Row:
    return {name: value() if callable(value) else value for name, value in defaults.items()}


async def _check_roles(tx: Transaction, caller: Caller, given: Sequence[Mapping[str, object]]) -> None:
    """Raises Forbidden where somebody would be made an administrator by who is none."""
    asked = {str(check("role", values["role"])) for values in given if values.get("role") is not None}
    if any((await roles.administer(tx, caller.project, asked)).values()):
        raise UnwrittenField("role")


async def change(
    tx: Transaction,
    caller: Caller,
    changes: Mapping[str, Mapping[str, object]],
    *,
    held: dict[str, Row] | None = None,
) -> None:
    """Change users: id -> what changes. Asterisks and values equal to those stored mean unchanged, and a
    change of nothing leaves no trace. `held`: the rows by id, where this transaction holds them already; they
    are then as they have become.

    Raises Forbidden (not there, not yours), Managed, Invalid, NoSuch("role"), Taken, Unprocessable.
    """
    at = now()
    changes = {key_of(user): values for user, values in changes.items()}
    held = await hold(tx, caller.project, list(changes)) if held is None else held
    if not held.keys() >= changes.keys():
        raise Forbidden
    permits = await leave.permits_beyond(tx, caller, [held[user] for user in changes])
    wanted = {user: _wanted(held[user], values) for user, values in changes.items()}
    beyond = [user for user, edit in wanted.items() if not access.may_change(caller, edit.old, edit.changes)]
    ruled = await _by_rules(tx, caller, {user: changes[user] for user in beyond}, wanted, permits)
    allowed = wanted | {user: edit for user, (edit, _) in ruled.items()}
    decided = [_decide(caller, edit, at) for edit in allowed.values()]
    await managed.check(tx, caller, decided)
    await edits.write(tx, caller, decided, at)
    written = {user: grant for user, (_, grant) in ruled.items() if grant is not None}
    named = {user: leave.attributes(wanted[user].changes | ruled[user][0].changes) for user in written}
    await leave.check_written(tx, caller, USERS, written, named)
    held.update((edit.old["id"], edit.new) for edit in decided)


async def _by_rules(
    tx: Transaction,
    caller: Caller,
    changes: Mapping[str, Mapping[str, object]],
    wanted: Mapping[str, Edit],
    permits: Mapping[str, Permit],
) -> dict[str, tuple[Edit, Grant | None]]:
    """The edits that rules allow, with what they fill in. Raises Forbidden for any other.

    No rule leads to an administrator's user: whoever could set their password would be one.
    """
    if not changes:
        return {}
    if not leave.is_ruled(caller):
        raise Forbidden
    own = [user for user in changes if user not in permits]
    permits = {**permits, **await leave.permits(tx, caller, USERS, own)}
    chosen: dict[str, Grant | None] = {}
    for user, values in changes.items():
        edit = wanted[user]
        mentioned = leave.attributes(values) - _IGNORED
        changed = leave.attributes(edit.changes) & mentioned
        free = leave.OWN if access.reaches(caller, edit.old) else ()
        chosen[user] = permits.get(user, Permit()).choose(mentioned, changed, free)
        if edit.changes and edit.old["administers"]:
            raise ChangeDenied
    filled = await leave.filled(tx, caller, chosen.values())
    ruled: dict[str, tuple[Edit, Grant | None]] = {}
    for user, grant in chosen.items():
        edit = wanted[user]
        whole = {**filled[grant], **changes[user]}
        ruled[user] = (_wanted(edit.old, whole) if grant else edit, grant)
    await _check_roles(tx, caller, [edit.changes for edit, _ in ruled.values()])
    return ruled


async def remove(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove users with everything of theirs; activity and revisions stay, the e-mail is free again.

    Raises Forbidden (not there, not yours), Managed, Unprocessable (the last administrator).
    """
    ids = list(dict.fromkeys(map(key_of, ids)))
    held = await hold(tx, caller.project, ids)
    if len(held) < len(ids):
        raise Forbidden
    if leave.is_ruled(caller):
        await leave.check_removal(tx, caller, USERS, ids)
    for row in held.values():
        access.check_remove(caller, row)
    await managed.check_removal(tx, caller, held.values())
    leaving = {
        user: last_administrator.reason(stays=False)
        for user, row in held.items()
        if row["administers"] and row["status"] == ACTIVE
    }
    await last_administrator.keep_one(tx, caller.project, leaving)
    invited = [user for user, row in held.items() if row["status"] == INVITED]
    left = await file_removal.left(tx, caller.project, list(held.values()))
    at = now()
    await endings.void_invitations(tx, caller.project, invited, at, "the person was removed")
    await endings.end_registrations(tx, caller.project, [row["email_key"] for row in held.values()])
    provisioned = [user for user, row in held.items() if row["connection"] is not None]
    await group_members.leave(tx, caller.project, provisioned, at)
    tx.owe(_DELETE[tx.kind], [{"project": caller.project, "ids": ids}])
    await file_removal.forget(tx, caller, left)
    await history.record(tx, caller, "delete", [history.Entry(user) for user in ids])
    await events.tell(tx, caller, events.removed(held.values()))
    for user in ids:
        tx.announce("user", user)


def _wanted(row: Row, given: Mapping[str, object]) -> Edit:
    """What of the given values is a change of this user."""
    named = {name: value for name, value in said(given).items() if name not in _IGNORED}
    # What is in a document is checked before it is compared: it may be of any depth.
    return Edit(row, checked({n: v for n, v in named.items() if row[n] != v or isinstance(v, list | dict)}))


def _decide(caller: Caller, edit: Edit, at: str) -> Edit:
    """An edit that the caller may make, with what follows from who they are."""
    row = edit.old
    more: Row = {}
    if caller.connection is None and edit.changes.keys() & {"provider", "external_identifier"}:
        more["auth_data"] = None  # what another provider said is no longer true
    if access.adopts(caller, row):  # also by a write that finds all as it would have it
        more = {"connection": caller.connection, "provider": caller.provider}
    if not edit.changes and not more:
        return edit
    if edit.moves:
        more["email_verified_at"] = at if vouches(caller, edit.changes["email"]) else None
    edit = Edit(row, {**more, **edit.changes})
    if "email" in edit.changes and edit.new["email"] is None and edit.new["provider"] == LOCAL:
        raise Invalid("email", "nnull")
    return edit
