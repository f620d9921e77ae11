"""The verbs on files: people upload their pictures, say something of them, and take them away again.

A removed user's picture goes with them unless somebody else is shown with it, and so do the files that they
uploaded and nobody is shown with.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update

from service.database import Transaction, by_kind, new_key, now, one_of
from service.database.tables import file_bytes, files, users
from service.users import edits, file_access, history
from service.users.checks import check, is_uuid
from service.users.edits import Edit
from service.users.model import CONCEALED, FILE_ATTRIBUTES, FILES, Caller
from service.users.pictures import SUFFIXES, Picture
from service.users.problems import Forbidden, Unprocessable
from service.users.rows import as_row, hold, locking, same
from service.users.uniqueness import unique

Row = dict[str, Any]
MOST_OF_ONE: Final = 20  # files of a person who administers nothing
_AT_ONCE: Final = 1000  # people shown with a removed file that are in memory at a time
_COLUMNS: Final = tuple(column.name for column in files.c)
_TOLD: Final = tuple(name for name in _COLUMNS if name not in ("project", "number", "digest"))

_INSERT: Final = insert(files)
_KEEP: Final = insert(file_bytes)
_COUNT: Final = (
    select(func.count())
    .select_from(files)
    .where(files.c.project == bindparam("project"), files.c.uploaded_by == bindparam("user"))
)
_UPDATE: Final = update(files).where(
    files.c.project == bindparam("of_project"), files.c.id == bindparam("of_id")
)
_REPLACE: Final = update(file_bytes).where(
    file_bytes.c.project == bindparam("of_project"), file_bytes.c.file == bindparam("of_file")
)
_held = select(files).where(files.c.project == bindparam("project")).order_by(files.c.id).with_for_update()
_HOLD: Final = by_kind(lambda kind: _held.where(one_of(files.c.id, "ids", kind)))
_LEFT: Final = by_kind(
    lambda kind: _held.where(
        or_(one_of(files.c.uploaded_by, "users", kind), one_of(files.c.id, "avatars", kind))
    )
)
_SHOWN_WITH: Final = by_kind(lambda kind: locking(one_of(users.c.avatar, "files", kind)).limit(_AT_ONCE))
_DELETE: Final = by_kind(
    lambda kind: (
        delete(files)
        .where(files.c.project == bindparam("project"), one_of(files.c.id, "ids", kind))
        .returning(files.c.id)
    )
)
_FORGET: Final = by_kind(
    lambda kind: (
        delete(files)
        .where(
            files.c.project == bindparam("project"),
            one_of(files.c.id, "ids", kind),
            ~exists().where(users.c.project == files.c.project, users.c.avatar == files.c.id),
        )
        .returning(files.c.id)
    )
)
_LOOK: Final = select(files.c.type, files.c.filename_download, files.c.digest).where(
    files.c.project == bindparam("project"), files.c.id == bindparam("id")
)
_BYTES: Final = select(file_bytes.c.bytes).where(
    file_bytes.c.project == bindparam("project"), file_bytes.c.file == bindparam("id")
)


class Upload(msgspec.Struct, frozen=True):
    """A picture with what was said of it (names of `model.FILE_ATTRIBUTES`)."""

    picture: Picture
    values: Mapping[str, object]


class Seen(msgspec.Struct, frozen=True):
    """What has to be known of a file before its bytes are sent."""

    type: str
    name: str
    digest: str


async def create(tx: Transaction, caller: Caller, uploads: Sequence[Upload]) -> list[str]:
    """Keep pictures; give their ids in the order given. Raises Forbidden, Invalid, Taken, Unprocessable."""
    await _check_room(tx, caller, len(uploads))
    rows = [_fresh(caller, upload) for upload in uploads]
    with unique():
        await tx.run_many(_INSERT, rows)
    kept = [
        {"project": caller.project, "file": row["id"], "bytes": upload.picture.bytes}
        for row, upload in zip(rows, uploads, strict=True)
    ]
    await tx.run_many(_KEEP, kept)
    entries = [history.Entry(row["id"], _snapshot(row), _snapshot(row)) for row in rows]
    await history.record(tx, caller, "create", entries, collection=FILES)
    return [row["id"] for row in rows]


async def change(
    tx: Transaction,
    caller: Caller,
    changes: Mapping[str, Mapping[str, object]],
    picture: Picture | None = None,
) -> None:
    """Change what is said of files, and with `picture` what they show. A change of nothing leaves no trace.

    Raises Forbidden (not there, not yours), Invalid.
    """
    held = await _hold(tx, caller, list(changes))
    entries = []
    for id_, values in changes.items():
        old = held[id_]
        new = _differing(old, values) | (_shape(id_, picture) if picture else {})
        new = {name: value for name, value in new.items() if not same(old[name], value)}
        if not new:
            continue
        new |= {"modified_by": caller.user, "modified_on": now()}
        await tx.run(_UPDATE, of_project=caller.project, of_id=id_, **new)
        if picture is not None:
            await tx.run(_REPLACE, of_project=caller.project, of_file=id_, bytes=picture.bytes)
        told = {name: value for name, value in new.items() if name in _TOLD}
        entries.append(history.Entry(id_, _snapshot({**old, **new}), told))
    await history.record(tx, caller, "update", entries, collection=FILES)


async def remove(tx: Transaction, caller: Caller, ids: Sequence[str]) -> None:
    """Remove files; who was shown with one is shown without. Raises Forbidden (not there, not yours)."""
    ids = list(dict.fromkeys(ids))
    await _hold(tx, caller, ids)
    while shown := await tx.rows(_SHOWN_WITH[tx.kind], project=caller.project, files=ids):
        await edits.write(tx, caller, [Edit(row, {"avatar": None}) for row in map(as_row, shown)], now())
    await _gone(tx, caller, await tx.rows(_DELETE[tx.kind], project=caller.project, ids=ids))


async def forget(tx: Transaction, caller: Caller, people: Sequence[Mapping[str, Any]]) -> None:
    """Remove what removed users (as `rows` reads them) leave behind, as this module's first lines say."""
    avatars = sorted({row["avatar"] for row in people if row["avatar"] is not None})
    left = await tx.rows(
        _LEFT[tx.kind], project=caller.project, users=[row["id"] for row in people], avatars=avatars
    )
    if left:
        ids = [row["id"] for row in map(_named, left)]
        await _gone(tx, caller, await tx.rows(_FORGET[tx.kind], project=caller.project, ids=ids))


async def look(tx: Transaction, project: str, id_: str) -> Seen:
    """What is known of a file. Raises Forbidden when it is gone."""
    found = await tx.row(_LOOK, project=project, id=id_)
    if found is None:
        raise Forbidden
    return Seen(*found)


async def content(tx: Transaction, project: str, id_: str) -> bytes:
    """The bytes of a file. Raises Forbidden when it is gone."""
    found = await tx.row(_BYTES, project=project, id=id_)
    if found is None:
        raise Forbidden
    return bytes(found[0])


async def _check_room(tx: Transaction, caller: Caller, more: int) -> None:
    """The person is held meanwhile, so that uploads at the same moment are counted one after the other."""
    if caller.admin:
        return
    if caller.user is None:
        raise Forbidden
    await hold(tx, caller.project, [caller.user])
    (there,) = await tx.row(_COUNT, project=caller.project, user=caller.user) or (0,)
    if there + more > MOST_OF_ONE:
        raise Unprocessable(f"One person keeps at most {MOST_OF_ONE} files; remove some first")


async def _hold(tx: Transaction, caller: Caller, ids: Sequence[str]) -> dict[str, Row]:
    if not all(map(is_uuid, ids)):
        raise Forbidden
    found = await tx.rows(_HOLD[tx.kind], project=caller.project, ids=list(ids))
    held = {row["id"]: row for row in map(_named, found)}
    if not held.keys() >= set(ids):
        raise Forbidden
    for row in held.values():
        file_access.check_change(caller, row)
    return held


async def _gone(tx: Transaction, caller: Caller, removed: Sequence[tuple[Any, ...]]) -> None:
    entries = [history.Entry(id_) for (id_,) in removed]
    await history.record(tx, caller, "delete", entries, collection=FILES)


def _fresh(caller: Caller, upload: Upload) -> Row:
    values = {name: check(name, value, FILE_ATTRIBUTES) for name, value in upload.values.items()}
    id_ = str(values.pop("id", None) or new_key())
    at = now()
    row: Row = dict.fromkeys(FILE_ATTRIBUTES)
    row |= {**values, "project": caller.project, "id": id_, "storage": "database"}
    row |= {"uploaded_by": caller.user, "uploaded_on": at, "modified_by": caller.user, "modified_on": at}
    row |= _shape(id_, upload.picture)
    row["filename_download"] = values.get("filename_download") or row["filename_disk"]
    return row


def _shape(id_: str, picture: Picture) -> Row:
    """The columns that follow from the picture."""
    return {
        "type": picture.type,
        "filename_disk": f"{id_}.{SUFFIXES[picture.type]}",
        "filesize": len(picture.bytes),
        "width": picture.width,
        "height": picture.height,
        "digest": sha256(picture.bytes).hexdigest(),
    }


def _differing(row: Row, given: Mapping[str, object]) -> Row:
    """What of the given values is a change of this file."""
    named = {
        name: check(name, value, FILE_ATTRIBUTES)
        for name, value in given.items()
        if name != "id" and value != CONCEALED
    }
    return {name: value for name, value in named.items() if not same(row[name], value)}


def _snapshot(row: Row) -> Row:
    return {name: row[name] for name in _TOLD}


def _named(found: Sequence[Any]) -> Row:
    return dict(zip(_COLUMNS, found, strict=True))
