"""People for the tests of the core: who calls, and what the tables say afterwards."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update

from service.database import Database, Transaction, new_key, now
from service.database.tables import activity, projects, revisions, users
from service.tokens import fingerprint
from service.users import administrators, files, records, roles
from service.users import connections as connecting
from service.users.model import Caller, Origin, house
from service.users.pictures import Picture
from tests.connecting import connect

HOUSE = house("default")
ADMINISTRATOR = {"email": "root@example.com", "first_name": "Ada", "last_name": "Root"}


async def all_rows(tx: Transaction, /, table: Table, **equal: Any) -> list[dict[str, Any]]:
    """Every row of a table for which these columns have these values."""
    conditions: Sequence[ColumnElement[bool]] = [table.c[name] == bindparam(name) for name in equal]
    found = await tx.rows(select(table).where(*conditions), **equal)
    return [dict(zip((column.name for column in table.c), row, strict=True)) for row in found]


async def user(database: Database, id_: str) -> dict[str, Any]:
    (row,) = await database.read(all_rows, users, id=id_)
    return row


async def history_of(database: Database, item: str) -> list[tuple[str, Any, Any]]:
    """(action, data, delta) of everything that happened to an item, oldest first."""
    happened = await database.read(all_rows, activity, item=item)
    kept = {row["activity"]: row for row in await database.read(all_rows, revisions, item=item)}
    happened.sort(key=lambda row: row["id"])
    return [
        (row["action"], kept[row["id"]]["data"], kept[row["id"]]["delta"])
        if row["id"] in kept
        else (row["action"], None, None)
        for row in happened
    ]


async def an_administrator(database: Database, **values: object) -> Caller:
    """A caller who may do all."""
    id_ = await database.write(administrators.create, "default", {**ADMINISTRATOR, **values})
    row = await user(database, id_)
    return Caller("default", id_, row["role"], admin=True, app=True)


async def a_user(database: Database, **values: object) -> str:
    """A user, made by the house."""
    (id_,) = await database.write(records.create, HOUSE, [values])
    return id_


async def a_role(database: Database, **values: object) -> str:
    (id_,) = await database.write(roles.create, HOUSE, [{"name": "People", **values}])
    return id_


async def a_provider(database: Database, name: str = "okta") -> Caller:
    """A connection of an identity provider, as one who asks the core."""
    token = await database.write(connect, HOUSE, name)
    found = await database.read(connecting.recognise, fingerprint(token))
    assert found is not None
    return found.connection.caller(Origin())


def person(id_: str, session: str | None = None) -> Caller:
    """A caller who is only themselves."""
    return Caller("default", id_, app=True, session=session)


async def set_row(tx: Transaction, /, table: Table, id_: str, **values: Any) -> None:
    """Change a row behind the core's back: the tests' way of letting time pass."""
    assert await tx.run(update(table).where(table.c.id == bindparam("of_id")), of_id=id_, **values) == 1


async def a_project(tx: Transaction, name: str) -> None:
    """A project without anything in it."""
    await tx.run(insert(projects), name=name, title=name, timezone="UTC", created_at=now())


def a_key() -> str:
    return new_key()


async def a_file(database: Database, caller: Caller = HOUSE, **values: object) -> str:
    """A file that this caller uploaded; what it shows is nothing to the core."""
    upload = files.Upload(Picture(b"bytes", "image/png", 1, 1), values)
    (made,) = await database.write(files.create, caller, [upload])
    return made
