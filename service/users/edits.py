"""Writes changes that have been decided on, with all that follows from them, in a handful of statements.

What follows: derived columns, the version, identities, the end of sessions, tokens and invitations, letters,
history.
Whether the caller may make a change is asked before, in `records`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, update

from service.database import Transaction
from service.database.tables import users
from service.users import (
    addresses,
    endings,
    events,
    file_access,
    group_members,
    history,
    identities,
    last_administrator,
    notices,
    roles,
    seen,
)
from service.users.model import ACTIVE, ARCHIVED, ATTRIBUTES, INVITED, SECRETS, Caller
from service.users.rows import Row, derived, fold, same, shown, snapshot
from service.users.uniqueness import taken, unique

_UPDATE: Final = update(users).where(
    users.c.project == bindparam("of_project"), users.c.id == bindparam("of_id")
)
_UPDATE_SEEN: Final = _UPDATE.where(seen.UNCHANGED)
_TOKEN_ENDED: Final = {"token_fingerprint": None, "token_sealed": None}
_KEYS: Final = ("password_hash", "tfa_secret")
# A change of nothing that an answer shows, or of the last access alone, has no history and no new version.
_TOLD: Final = frozenset(ATTRIBUTES).union(*SECRETS.values()) - {"last_access"}


class Edit:
    """A user as it was (held, from `rows`) and what changes: columns whose values differ from the stored."""

    def __init__(self, row: Row, changes: Mapping[str, Any]) -> None:
        self.old = row
        self.changes = {name: value for name, value in changes.items() if not same(row[name], value)}
        if self.leaves and row["token_fingerprint"] is not None:
            self.changes |= _TOKEN_ENDED

    @property
    def new(self) -> Row:
        """The user as it will be."""
        return {**self.old, **self.changes}

    @property
    def leaves(self) -> bool:
        """Whether the user is active no longer."""
        return bool(self.old["status"] == ACTIVE) and self.changes.get("status", ACTIVE) != ACTIVE

    @property
    def uninvited(self) -> bool:
        """Whether an open invitation has become meaningless: it is bound to the status and the e-mail."""
        return bool(self.old["status"] == INVITED) and ("status" in self.changes or self.moves)

    @property
    def moves(self) -> bool:
        """Whether the e-mail is another one, not merely written otherwise."""
        return "email" in self.changes and bool(fold(self.changes["email"]) != fold(self.old["email"]))

    @property
    def rekeys(self) -> bool:
        """Whether what the user proves themselves with is another: the password, or an app's secret."""
        return not self.changes.keys().isdisjoint(_KEYS)

    @property
    def is_seen(self) -> bool:
        """Whether the user was only looked at, and is held by the change itself."""
        return self.old.get("mark") is not None

    @property
    def is_silent(self) -> bool:
        return self.changes.keys().isdisjoint(_TOLD)

    def complete(self, at: str) -> None:
        """Add the columns that follow from the changes."""
        if self.moves:
            self.changes.setdefault("email_verified_at", None)
        if not self.is_silent:
            new = self.new
            follow = {name: value for name, value in derived(new).items() if value != self.old[name]}
            self.changes |= {**follow, "version": self.old["version"] + 1, "changed_at": at}

    def values(self) -> dict[str, Any]:
        """What the update statement asks for."""
        mark = {"of_mark": self.old["mark"]} if self.is_seen else {}
        return {"of_project": self.old["project"], "of_id": self.old["id"], **mark, **self.changes}


async def write(tx: Transaction, caller: Caller, edits: Sequence[Edit], at: str) -> None:
    """Write the edits, all or none; their `new` is then what is stored.

    Raises NoSuch, Taken, Unprocessable (the last administrator).
    """
    edits = [edit for edit in edits if edit.changes]
    if not edits:
        return
    await _keep_administrator(tx, caller.project, edits)
    avatars = {edit.changes["avatar"] for edit in edits if edit.changes.get("avatar") is not None}
    await file_access.check_avatars(tx, caller, avatars)
    for edit in edits:
        edit.complete(at)
    _update(tx, edits)
    with unique():
        moves = [(edit.old, edit.new) for edit in edits]
        await identities.follow(tx, caller.project, moves, at)
        await addresses.follow(tx, caller.project, moves)
    await _end(tx, caller, edits, at)
    told = [(e.old, e.new) for e in edits if e.leaves or e.moves or e.rekeys]
    await notices.tell(tx, caller, told, at)
    entries = [
        history.Entry(edit.old["id"], snapshot(edit.new), shown(edit.changes))
        for edit in edits
        if not edit.is_silent
    ]
    await history.record(tx, caller, "update", entries)
    await _note_status(tx, caller, edits)
    moved = [events.edited(caller, edit.old, edit.new) for edit in edits if not edit.is_silent]
    await events.tell(tx, caller, [one for one in moved if one is not None])
    for edit in edits:
        tx.announce("user", edit.old["id"])


async def _note_status(tx: Transaction, caller: Caller, edits: Sequence[Edit]) -> None:
    """Which statuses changed, beside the changes themselves, where the caller's language documents that."""
    if not caller.origin.apart:
        return
    gone = [edit.old["id"] for edit in edits if edit.changes.get("status") == ARCHIVED]
    moved = [e.old["id"] for e in edits if e.changes.get("status", ARCHIVED) != ARCHIVED]
    await history.record(tx, caller, "status-update", list(map(history.Entry, moved)))
    await history.record(tx, caller, "soft-delete", list(map(history.Entry, gone)))


async def _keep_administrator(tx: Transaction, project: str, edits: Sequence[Edit]) -> None:
    given = {edit.changes["role"] for edit in edits if edit.changes.get("role") is not None}
    administer = await roles.administer(tx, project, given)
    leaving = {}
    for edit in edits:
        stays = (
            administer.get(edit.changes["role"], False) if "role" in edit.changes else edit.old["administers"]
        )
        if edit.old["administers"] and edit.old["status"] == ACTIVE and (edit.leaves or not stays):
            leaving[edit.old["id"]] = last_administrator.reason(stays=bool(stays))
    await last_administrator.keep_one(tx, project, leaving)


def _update(tx: Transaction, edits: Sequence[Edit]) -> None:
    """One statement for all edits that change the same columns."""
    alike: dict[tuple[bool, frozenset[str]], list[dict[str, Any]]] = {}
    for edit in edits:
        alike.setdefault((edit.is_seen, frozenset(edit.changes)), []).append(edit.values())
    for (is_seen, _), values in alike.items():
        tx.owe(_UPDATE_SEEN if is_seen else _UPDATE, values, taken)


async def _end(tx: Transaction, caller: Caller, edits: Sequence[Edit], at: str) -> None:
    project = caller.project
    left = [edit.old["id"] for edit in edits if edit.leaves]
    rekeyed = [e.old["id"] for e in edits if not e.leaves and ("password_hash" in e.changes or e.moves)]
    uninvited = [edit.old["id"] for edit in edits if edit.uninvited]
    gone = [e.old["id"] for e in edits if e.changes.get("status") == ARCHIVED and e.old["connection"]]
    await endings.end_sessions(tx, project, left)
    await endings.end_registrations(tx, project, [e.old["email_key"] for e in edits if e.leaves])
    await endings.end_sessions(tx, project, rekeyed, caller.session)
    await endings.void_invitations(tx, project, uninvited, at, "the person is no longer invited so")
    await group_members.leave(tx, project, gone, at)
