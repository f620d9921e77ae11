"""Projects, their roles, their first administrators and their connections."""

import asyncio
import re
from typing import Any

import pytest

from service.database import Database, new_key, now
from service.database.tables import activity, connection_tokens, connections, metadata, roles, users
from service.tokens import fingerprint
from service.users import administrators, projects, records, uniqueness
from service.users import connection_tokens as connecting_tokens
from service.users import connections as connecting
from service.users import roles as making
from service.users.clock import later
from service.users.model import Caller, Origin, house
from service.users.problems import Forbidden, Invalid, NoSuch, Taken
from tests.connecting import connect
from tests.core.people import HOUSE, a_role, all_rows, an_administrator, history_of, person, set_row


def test_every_unique_index_has_a_field() -> None:
    from sqlalchemy import UniqueConstraint

    from service.database.shapes import DIALECTS

    preparer = DIALECTS["postgresql"].identifier_preparer
    named = {
        preparer.format_constraint(constraint)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) or constraint is table.primary_key
    }
    assert uniqueness.FIELDS.keys() <= named


async def test_a_project_has_a_role_of_administrators_of_its_own(database: Database) -> None:
    role = await database.write(projects.create, "thumper", "Thumper")
    assert [one["name"] for one in await database.read(projects.every)] == ["default", "thumper"]
    (row,) = await database.read(all_rows, roles, project="thumper")
    assert (row["id"], row["number"], row["name"], row["admin_access"]) == (role, 1, "Administrator", True)
    admin = await database.write(administrators.create, "thumper", {"email": "a@example.com"})
    (row,) = await database.read(all_rows, users, project="thumper")
    assert (row["id"], row["role"], row["status"]) == (admin, role, "active")
    with pytest.raises(Taken) as taken:
        await database.write(projects.create, "thumper")
    assert taken.value.field == "name"


@pytest.mark.parametrize(
    "name",
    ["users", "auth", "scim", "admin", "-", ".well-known", "", "A", "a/b", "a b", "ä", "a" * 64, "..", "a\n"],
)
async def test_a_name_that_cannot_be_a_project(database: Database, name: str) -> None:
    with pytest.raises(Invalid):
        await database.write(projects.create, name)
    assert [one["name"] for one in await database.read(projects.every)] == ["default"]


async def test_the_first_administrator_is_made_once(database: Database) -> None:
    told = await asyncio.gather(
        *(database.write(administrators.ensure, "default", {"email": f"{n}@example.com"}) for n in range(4))
    )
    assert sum(answer is not None for answer in told) == 1
    assert len(await database.read(all_rows, users)) == 1
    assert len(await database.read(all_rows, roles)) == 1
    (made,) = [answer for answer in told if answer]
    assert [entry[0] for entry in await history_of(database, made)] == ["create"]


async def test_there_is_no_administrator_of_nothing(database: Database) -> None:
    for verb in (administrators.create, administrators.ensure):
        with pytest.raises(NoSuch):
            await database.write(verb, "nowhere", {"email": "a@example.com"})


async def test_roles_are_made_and_numbered(database: Database) -> None:
    admin = await an_administrator(database)
    given: list[dict[str, Any]] = [
        {"name": "A", "ip_access": ["192.0.2.1"]},
        {"name": "B", "app_access": False},
    ]
    ids = await database.write(making.create, admin, given)
    found = {row["id"]: row for row in await database.read(all_rows, roles)}
    first, second = (found[id_] for id_ in ids)
    assert (first["name"], first["number"], first["app_access"]) == ("A", 3, True)
    assert (second["name"], second["number"], second["app_access"]) == ("B", 4, False)
    assert first["ip_access"] == ["192.0.2.1"] and first["icon"] == "supervised_user_circle"
    assert len(found) == 3
    assert await history_of(database, ids[0]) == [("create", given[0], given[0])]
    (row,) = await database.read(all_rows, activity, item=ids[0])
    assert row["collection"] == "roles"


async def test_roles_made_at_once_have_numbers_of_their_own(database: Database) -> None:
    await asyncio.gather(*(a_role(database) for _ in range(6)))
    assert sorted(row["number"] for row in await database.read(all_rows, roles)) == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"name": None},
        {"name": 5},
        {"name": "x" * 101},
        {"name": "a", "admin_access": "yes"},
        {"name": "a", "ip_access": "x"},
    ],
)
async def test_a_role_that_cannot_be(database: Database, bad: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await database.write(making.create, HOUSE, [{"name": "good"}, bad])
    assert await database.read(all_rows, roles) == []


async def test_only_administrators_make_roles(database: Database) -> None:
    for caller in (Caller("default"), person(new_key()), Caller("default", connection=new_key(), admin=True)):
        with pytest.raises(Forbidden):
            await database.write(making.create, caller, [{"name": "x", "admin_access": True}])
    assert await database.read(all_rows, roles) == []


async def test_a_connection_is_made_with_its_token(database: Database) -> None:
    role = await a_role(database)
    token = await database.write(
        connect,
        HOUSE,
        "okta",
        profile="okta",
        adopt=True,
        default_role=role,
        domains=["@Example.com"],
    )
    assert re.fullmatch(r"idb_scim_[\w-]{43}", token)
    found = await database.read(connecting.recognise, fingerprint(token))
    assert found is not None
    link = found.connection
    assert (link.project, link.provider, link.profile, link.adopt) == ("default", "okta", "okta", True)
    assert (link.default_role, link.domains, found.expires_at) == (role, ("example.com",), None)
    caller = link.caller(Origin("192.0.2.1"))
    assert (caller.connection, caller.provider, caller.adopt, caller.admin) == (link.id, "okta", True, False)


async def test_rule_32_only_the_hash_of_a_token_is_kept(database: Database) -> None:
    token = await database.write(connect, HOUSE, "okta")
    (row,) = await database.read(all_rows, connection_tokens)
    assert row["hint"] == f"idb_scim_...{token[-4:]}"
    assert token not in str(row) and row["fingerprint"] == fingerprint(token)


async def test_two_tokens_are_good_at_once_and_a_third_ends_the_oldest(database: Database) -> None:
    tokens = []
    for _ in range(3):
        tokens.append(await database.write(connect, HOUSE, "okta"))
        await asyncio.sleep(0.002)  # moments are milliseconds
    known = [await database.read(connecting.recognise, fingerprint(token)) for token in tokens]
    assert [found is not None for found in known] == [False, True, True]
    assert len(await database.read(all_rows, connections)) == 1
    (link,) = await database.read(all_rows, connections)
    second, _ = await database.read(connecting_tokens.listed, HOUSE, link["id"])
    await database.write(connecting_tokens.revoke, HOUSE, link["id"], second["id"])
    assert await database.read(connecting.recognise, fingerprint(tokens[1])) is None
    with pytest.raises(Forbidden):
        await database.write(connecting_tokens.revoke, HOUSE, link["id"], second["id"])


async def test_a_connection_that_is_there_takes_on_what_is_given(database: Database) -> None:
    await database.write(connect, HOUSE, "okta", profile="okta")
    token = await database.write(connect, HOUSE, "okta", adopt=True)
    found = await database.read(connecting.recognise, fingerprint(token))
    assert found is not None and (found.connection.profile, found.connection.adopt) == ("okta", True)


async def test_a_token_past_its_time_says_so(database: Database) -> None:
    """Whose it was is for the sync log; the door is closed to it (tests/languages/test_connections.py)."""
    token = await database.write(connect, HOUSE, "okta", lifetime=-1)
    found = await database.read(connecting.recognise, fingerprint(token))
    assert found is not None and found.expires_at is not None and found.expires_at < now()
    assert await database.read(connecting.recognise, fingerprint("made up")) is None


async def test_the_use_of_a_token_is_noted_once_a_minute(database: Database) -> None:
    key = fingerprint(await database.write(connect, HOUSE, "okta"))

    async def last_used() -> str | None:
        found = await database.read(connecting.recognise, key)
        return found.last_used_at if found else None

    assert await last_used() is None
    await database.write(connecting.seen, key)
    first = await last_used()
    assert first is not None
    await database.write(connecting.seen, key)
    assert await last_used() == first


async def test_who_may_not_make_a_connection(database: Database) -> None:
    for caller in (Caller("default"), person(new_key()), Caller("default", connection=new_key())):
        with pytest.raises(Forbidden):
            await database.write(connect, caller, "okta")
        with pytest.raises(Forbidden):
            await database.write(connecting_tokens.revoke, caller, new_key(), new_key())
    for provider in ("default", "", "x" * 129, "a\0"):
        with pytest.raises(Invalid):
            await database.write(connect, HOUSE, provider)
    with pytest.raises(NoSuch):
        await database.write(connect, HOUSE, "okta", default_role=new_key())
    with pytest.raises(NoSuch):
        await database.write(connect, house("nowhere"), "okta")
    assert await database.read(all_rows, connections) == []


async def test_a_tokens_project_is_its_connections(database: Database) -> None:
    await database.write(projects.create, "other")
    token = await database.write(connect, house("other"), "okta")
    found = await database.read(connecting.recognise, fingerprint(token))
    assert found is not None
    (id_,) = await database.write(records.create, found.connection.caller(Origin()), [{"user_name": "a"}])
    (row,) = await database.read(all_rows, users)
    assert (row["id"], row["project"]) == (id_, "other")


def test_moments_can_be_reckoned_with() -> None:
    assert later("2024-02-28T23:59:59.500Z", 86_400.5) == "2024-03-01T00:00:00.000Z"
    assert later("2024-01-01T00:00:00.000Z", -0.001) == "2023-12-31T23:59:59.999Z"


async def test_a_user_of_a_connection_is_unique_by_name_within_it(database: Database) -> None:
    okta = await database.write(connect, HOUSE, "okta")
    entra = await database.write(connect, HOUSE, "entra")
    callers = []
    for token in (okta, entra):
        found = await database.read(connecting.recognise, fingerprint(token))
        assert found is not None
        callers.append(found.connection.caller(Origin()))
    for caller in callers:
        await database.write(records.create, caller, [{"user_name": "Ada"}])
    with pytest.raises(Taken) as taken:
        await database.write(records.create, callers[0], [{"user_name": "ADA"}])
    assert taken.value.field == "user_name"
    (row,) = await database.read(all_rows, users, connection=callers[0].connection)
    await database.write(set_row, users, row["id"], retired=row["id"])
