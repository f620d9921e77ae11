"""A provider puts somebody out: every way in ends in the commit that says so, and names are free again."""

from typing import Any

import pytest
from sqlalchemy import insert

from service.database import Database, Transaction, new_key, now
from service.database.tables import identities, invitations, registrations, sessions, users
from service.users import invitations as inviting
from service.users import records, session_starts
from service.users.clock import later
from service.users.model import Caller, Origin
from service.users.problems import Taken
from tests.core.people import HOUSE, a_provider, all_rows, set_row

MAIL = "ada@example.com"


async def ada(database: Database, caller: Caller) -> str:
    values = {
        "email": MAIL,
        "user_name": "ada",
        "external_identifier": "e1",
        "token_fingerprint": "f",
        "token_sealed": "s",
    }
    (key,) = await database.write(records.create, caller, [values])
    await database.write(session_starts.start, "default", key, "okta", Origin(), 60.0)
    await database.write(_registers)
    return key


async def _registers(tx: Transaction) -> None:
    """Somebody registers with the same e-mail, and has not pressed the letter's button yet."""
    row: dict[str, Any] = {
        "project": "default",
        "id": new_key(),
        "email": MAIL,
        "email_key": MAIL,
        "password_hash": "x",
    }
    await tx.run(insert(registrations), **row, expires_at=later(now(), 60))


async def ways_in(database: Database) -> list[object]:
    rows = [await database.read(all_rows, table) for table in (sessions, registrations)]
    return [one for table in rows for one in table]


async def test_inactive_ends_every_way_in_and_leaves_the_user(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    assert len(await ways_in(database)) == 2
    await database.write(records.change, okta, {key: {"status": "suspended"}})
    assert await ways_in(database) == []
    (row,) = await database.read(all_rows, users, id=key)
    assert (row["status"], row["token_fingerprint"], row["token_sealed"]) == ("suspended", None, None)


async def test_an_open_invitation_ends_too(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    await database.write(set_row, users, key, status="active", connection=None)
    await database.write(inviting.invite, HOUSE, ["bob@example.com"], None, inviting.Terms(60))
    (bob,) = await database.read(all_rows, users, email="bob@example.com")
    await database.write(set_row, users, bob["id"], connection=okta.connection)
    await database.write(records.change, okta, {bob["id"]: {"status": "suspended"}})
    (invitation,) = await database.read(all_rows, invitations)
    assert invitation["voided_at"] is not None


async def test_removed_frees_every_name(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    entra = await a_provider(database, "entra")
    with pytest.raises(Taken):
        await database.write(records.create, entra, [{"email": MAIL, "user_name": "ada"}])
    await database.write(records.remove, okta, [key])
    assert await ways_in(database) == [] and await database.read(all_rows, identities) == []
    again = await ada(database, okta)
    assert again != key


async def test_archived_frees_the_names_as_well(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    await database.write(records.change, HOUSE, {key: {"status": "archived"}})
    assert await ways_in(database) == []
    assert await ada(database, okta) != key
