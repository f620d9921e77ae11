"""The verbs on files: people upload their pictures, and say something of them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from service.database import Transaction, new_key, now
from service.database.tables import file_bytes, files
from service.users import file_access, file_rows, history, leave
from service.users.checks import check
from service.users.file_rows import snapshot
from service.users.model import CONCEALED, FILE_ATTRIBUTES, FILES, Caller
from service.users.pictures import SUFFIXES, Picture
from service.users.problems import Unprocessable
from service.users.rows import Row, hold, same
from service.users.turns import hold_project
from service.users.uniqueness import unique

MOST_OF_ONE: Final = 20  # files of a person who uploads without any rule
MOST_BY_RULE: Final = 1000  # files of a person, or of all who are not signed in, where a rule lets them

_INSERT: Final = insert(files)
_KEEP: Final = insert(file_bytes)
_COUNT: Final = select(func.count()).select_from(files).where(files.c.project == bindparam("project"))
_COUNT_OF: Final = _COUNT.where(files.c.uploaded_by == bindparam("user"))
_COUNT_NOBODYS: Final = _COUNT.where(files.c.uploaded_by.is_(None))
_UPDATE: Final = update(files).where(
    files.c.project == bindparam("of_project"), files.c.id == bindparam("of_id")
)
_REPLACE: Final = update(file_bytes).where(
    file_bytes.c.project == bindparam("of_project"), file_bytes.c.file == bindparam("of_file")
)


class Upload(msgspec.Struct, frozen=True):
    """A picture, what was said of it (names of `model.FILE_ATTRIBUTES`), and the name that it came with."""

    picture: Picture
    values: Mapping[str, object]
    name: str | None = None


async def create(tx: Transaction, caller: Caller, uploads: Sequence[Upload]) -> list[str]:
    """Keep pictures; give their ids in the order given. Raises Forbidden, Invalid, Taken, Unprocessable."""
    grants = [file_access.uploading(caller, leave.attributes(upload.values)) for upload in uploads]
    await _check_room(tx, caller, len(uploads), MOST_BY_RULE if any(grants) else MOST_OF_ONE)
    filled = await leave.filled(tx, caller, grants)
    rows = [_fresh(caller, upload, filled[grant]) for upload, grant in zip(uploads, grants, strict=True)]
    with unique():
        await tx.run_many(_INSERT, rows)
    kept = [
        {"project": caller.project, "file": row["id"], "bytes": upload.picture.bytes}
        for row, upload in zip(rows, uploads, strict=True)
    ]
    await tx.run_many(_KEEP, kept)
    entries = [history.Entry(row["id"], snapshot(row), snapshot(row)) for row in rows]
    await history.record(tx, caller, "create", entries, collection=FILES)
    made = [str(row["id"]) for row in rows]
    ruled = {id_: grant for id_, grant in zip(made, grants, strict=True) if grant is not None}
    await leave.check_written(tx, caller, FILES, ruled)
    return made


async def change(
    tx: Transaction,
    caller: Caller,
    changes: Mapping[str, Mapping[str, object]],
    picture: Picture | None = None,
) -> None:
    """Change what is said of files, and with `picture` what they show. A change of nothing leaves no trace.

    Raises Forbidden (not there, not yours), Invalid.
    """
    held = await file_rows.hold(tx, caller.project, list(changes))
    differing = {id_: _differing(held[id_], values, picture) for id_, values in changes.items()}
    grants = await file_access.changing(tx, caller, held, changes, differing)
    filled = await leave.filled(tx, caller, grants.values())
    for id_, grant in grants.items():
        differing[id_] = _differing(held[id_], {**filled[grant], **changes[id_]}, picture)
    differing = {id_: new for id_, new in differing.items() if new}
    modified: Row = {"modified_by": caller.user, "modified_on": now()}
    for id_, new in differing.items():
        await tx.run(_UPDATE, of_project=caller.project, of_id=id_, **new, **modified)
        if picture is not None:
            await tx.run(_REPLACE, of_project=caller.project, of_file=id_, bytes=picture.bytes)
    entries = [_entry(held[id_], {**new, **modified}) for id_, new in differing.items()]
    await history.record(tx, caller, "update", entries, collection=FILES)
    named = {id_: leave.attributes(differing.get(id_, {})) for id_ in grants}
    await leave.check_written(tx, caller, FILES, grants, named)


async def _check_room(tx: Transaction, caller: Caller, more: int, most: int) -> None:
    """Who uploads is held meanwhile, so that uploads at the same moment are counted one after the other."""
    if caller.admin:
        return
    if caller.user is None:
        await hold_project(tx, caller.project)
        found = await tx.row(_COUNT_NOBODYS, project=caller.project)
    else:
        await hold(tx, caller.project, [caller.user])
        found = await tx.row(_COUNT_OF, project=caller.project, user=caller.user)
    if (found[0] if found else 0) + more > most:
        raise Unprocessable(f"One person keeps at most {most} files; remove some first")


def _fresh(caller: Caller, upload: Upload, filled: Mapping[str, object]) -> Row:
    given = {**filled, **upload.values}
    values = {name: check(name, value, FILE_ATTRIBUTES) for name, value in given.items()}
    id_ = str(values.pop("id", None) or new_key())
    at = now()
    row: Row = dict.fromkeys(FILE_ATTRIBUTES)
    row |= {**values, "project": caller.project, "id": id_, "storage": "database"}
    row |= {"uploaded_by": caller.user, "uploaded_on": at, "modified_by": caller.user, "modified_on": at}
    row |= _shape(id_, upload.picture)
    row["filename_download"] = values.get("filename_download") or upload.name or row["filename_disk"]
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


def _differing(row: Row, given: Mapping[str, object], picture: Picture | None) -> Row:
    """What of the given values, and of another picture, is a change of this file."""
    named: Row = {
        name: check(name, value, FILE_ATTRIBUTES)
        for name, value in given.items()
        if name != "id" and value != CONCEALED
    }
    if picture is not None:
        named |= _shape(row["id"], picture)
    return {name: value for name, value in named.items() if not same(row[name], value)}


def _entry(old: Row, new: Row) -> history.Entry:
    told = {name: value for name, value in new.items() if name in file_rows.TOLD}
    return history.Entry(old["id"], snapshot({**old, **new}), told)
