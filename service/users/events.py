"""What applications are told of a connection's people and groups: a row for each change, in its own commit.

Rows say which attributes changed (the "notice" events of RFC 9967): who is told asks for what they may read.
Where a connection wants it they say the values too ("full"), but for what is very large. Names are our own
here; the language that tells them has its own words. All that one request did has one `txn`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, insert, select, true

from service.database import Transaction, new_key, now
from service.database.tables import connections, events
from service.users.model import ACTIVE, ARCHIVED, ATTRIBUTES, PROVISIONED, SECRETS, Caller
from service.users.rows import same

FED: Final = "events"  # announced on commit, with the connection's key
USERS_AT: Final = "/Users/"
GROUPS_AT: Final = "/Groups/"
KEPT: Final = "auth_data."  # before the names of what has no column
VALUES: Final = "values"  # beside the names of attributes, where a connection wants them
Told = dict[str, dict[str, object]]

_WITH_VALUES: Final = frozenset({"create", "patch", "put"})
_SHOWN: Final = (*PROVISIONED, "id", "version", "created_at", "changed_at", "connection")
_LARGEST: Final = 32_768  # bytes of values in one event; of what is larger applications are given notice
_INSERT: Final = insert(events)
_FEEDING: Final = select(connections.c.id, connections.c.events_full).where(
    connections.c.project == bindparam("project"), connections.c.events.is_(true())
)
_NOTHING: Final[Mapping[str, Any]] = {}
_KEPT_AS: Final = {column: name for name, columns in SECRETS.items() for column in columns[:1]}


class Happened(msgspec.Struct, frozen=True):
    """What one person or group of a connection went through: `told` has the names of events, `values` what
    they are now, by our own names."""

    connection: str | None
    subject: str
    external_identifier: str | None
    told: Told
    values: Mapping[str, Any] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What became of an operation that a connection did not wait for, in the words in which it asked."""

    txn: str
    subject: str
    told: dict[str, Any]


async def tell(tx: Transaction, caller: Caller, happened: Sequence[Happened]) -> None:
    """Leave a row for each that belongs to a connection whose changes are told."""
    if not happened or (caller.connection is not None and not caller.feeds):
        return
    feeding: Mapping[str | None, bool] = {caller.connection: caller.full} if caller.connection else {}
    owners = {one.connection for one in happened} - {None}
    if caller.connection is None and owners:
        feeding = dict(await tx.rows(_FEEDING, project=caller.project))
    at, txn = now(), caller.txn or new_key()
    rows = [
        _row(caller.project, _full(one) if feeding[one.connection] else one, at, txn)
        for one in happened
        if one.connection in feeding
    ]
    tx.owe(_INSERT, rows)
    for connection in owners.intersection(feeding):
        tx.announce(FED, str(connection))


async def answer(tx: Transaction, caller: Caller, outcomes: Sequence[Outcome]) -> None:
    """Leave a row for each outcome of what a connection asked for without waiting, if it is told things."""
    if not outcomes or not caller.feeds:
        return
    at = now()
    told = [
        (Happened(caller.connection, one.subject, None, {"answer": one.told}), one.txn) for one in outcomes
    ]
    tx.owe(_INSERT, [_row(caller.project, one, at, txn) for one, txn in told])
    tx.announce(FED, str(caller.connection))


def _row(project: str, one: Happened, at: str, txn: str) -> dict[str, object]:
    return {
        "connection": one.connection,
        "subject": one.subject,
        "external_identifier": one.external_identifier,
        "told": one.told,
        "project": project,
        "id": new_key(),
        "txn": txn,
        "at": at,
        "next_at": at,
        "attempts": 0,
    }


def _full(one: Happened) -> Happened:
    """The same with its values, if they are not too large."""
    values = {name: one.values.get(name) for name in _SHOWN} if _is_user(one) else one.values
    if not values or len(msgspec.json.encode(values)) > _LARGEST:
        return one
    told = {
        name: {**said, VALUES: values} if name in _WITH_VALUES else said for name, said in one.told.items()
    }
    return msgspec.structs.replace(one, told=told)


def _is_user(one: Happened) -> bool:
    return one.subject.startswith(USERS_AT)


def made(caller: Caller, rows: Iterable[Mapping[str, Any]]) -> list[Happened]:
    """New users."""
    if not caller.feeds:
        return []
    return [
        _user(row, {"create": _notice(row, [name for name in row if row[name] is not None], None)})
        for row in rows
    ]


def edited(caller: Caller, old: Mapping[str, Any], new: Mapping[str, Any]) -> Happened | None:
    """A user after a change; None for one of whom nobody is told."""
    if caller.connection is not None and not caller.feeds:
        return None
    if new["connection"] is None or (old["status"] == new["status"] == ARCHIVED):
        return None
    if new["status"] == ARCHIVED:  # over SCIM, and so to applications, they are gone
        return _user(new, {"delete": {}})
    changed = [name for name in new if not same(old.get(name), new[name])]
    told: Told = {}
    if old["connection"] is None or old["status"] == ARCHIVED:
        told["add"] = {}
    told["put" if caller.puts else "patch"] = _notice(new, changed, old["auth_data"])
    if (old["status"] == ACTIVE) != (new["status"] == ACTIVE):
        told["activate" if new["status"] == ACTIVE else "deactivate"] = {}
    return _user(new, told)


def removed(rows: Iterable[Mapping[str, Any]]) -> list[Happened]:
    """Users who are gone; the archived ones were told of before."""
    return [_user(row, {"delete": {}}) for row in rows if row["connection"] and row["status"] != ARCHIVED]


def group(
    caller: Caller, row: Mapping[str, Any], name: str, changed: Mapping[str, Any] = _NOTHING
) -> Happened:
    """A group of the caller's: `name` is create, update or delete, `changed` its new values and, of its
    members, those who came and went."""
    told = {"attributes": sorted(changed), "version": row.get("version", 1)}
    if name == "update":
        name = "put" if caller.puts else "patch"
    return Happened(
        caller.connection,
        GROUPS_AT + row["id"],
        row["external_identifier"],
        {name: {} if name == "delete" else told},
        {**row, "members": changed.get("members")},
    )


def _user(row: Mapping[str, Any], told: Told) -> Happened:
    return Happened(row["connection"], USERS_AT + row["id"], row["external_identifier"], told, row)


def _notice(row: Mapping[str, Any], changed: Iterable[str], before: object) -> dict[str, object]:
    """The names of attributes; of a document those within that are another than before."""
    names = {str(_KEPT_AS.get(name, name)) for name in changed}  # columns have names of a type of their own
    told = sorted(name for name in names if name in ATTRIBUTES and name != "auth_data")
    if "auth_data" in names:
        old, new = (part if isinstance(part, dict) else {} for part in (before, row["auth_data"]))
        told += [KEPT + part for part in sorted({*old, *new}) if not same(old.get(part), new.get(part))]
    return {"attributes": told, "version": row["version"]}
