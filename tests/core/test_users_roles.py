"""Roles are changed and removed, on both databases, and the last administrator stays."""

import asyncio
from typing import Any

import msgspec
import pytest
from sqlalchemy import bindparam, update

from service.database import Database, Transaction
from service.database.tables import connections, invitations, roles, sessions, users
from service.dialects import rules
from service.users import invitations as inviting
from service.users import records, role_changes
from service.users import roles as core
from service.users.model import Caller
from service.users.problems import Forbidden, Invalid, LastAdministrator, NoSuch, Taken, Unprocessable
from service.users.uniqueness import unique
from tests.connecting import connect
from tests.core.people import (
    HOUSE,
    a_key,
    a_role,
    a_user,
    all_rows,
    an_administrator,
    history_of,
    person,
    user,
)


async def _role(database: Database, id_: str) -> dict[str, Any]:
    (row,) = await database.read(all_rows, roles, id=id_)
    return row


def _heard(database: Database) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    database.on_commit(heard.extend)
    return heard


async def test_a_changed_role_is_told_in_history_and_announced(database: Database) -> None:
    caller = await an_administrator(database)
    role = await a_role(database, name="Editors", ip_access=["10.0.0.0/8"])
    heard = _heard(database)
    change = {"name": "Writers", "ip_access": ["10.0.0.0/8"], "description": "who write", "number": 9}
    await database.write(role_changes.change, caller, {role: change})
    row = await _role(database, role)
    assert (row["name"], row["description"], row["number"]) == ("Writers", "who write", 3)
    action, data, delta = (await history_of(database, role))[-1]
    assert (action, delta) == ("update", {"name": "Writers", "description": "who write"})
    assert (data["name"], data["ip_access"], data["admin_access"]) == ("Writers", ["10.0.0.0/8"], False)
    assert heard == [("role", role)]


async def test_a_change_of_nothing_leaves_no_trace(database: Database) -> None:
    role = await a_role(database, name="Editors")
    before, heard = await history_of(database, role), _heard(database)
    await database.write(role_changes.change, HOUSE, {role: {"name": "Editors", "icon": "**********"}})
    assert await history_of(database, role) == before
    assert heard == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": None}, "nnull"),
        ({"name": "x" * 101}, "max_length"),
        ({"admin_access": "yes"}, "type"),
        ({"ip_access": "10.0.0.0/8"}, "type"),
    ],
)
async def test_a_value_that_a_role_refuses_changes_none_of_many(
    database: Database, change: dict[str, object], rule: str
) -> None:
    first, second = await a_role(database), await a_role(database)
    with pytest.raises(Invalid) as caught:
        await database.write(role_changes.change, HOUSE, {first: {"name": "New"}, second: change})
    assert caught.value.rule == rule
    assert (await _role(database, first))["name"] == "People"


async def test_only_administrators_change_and_remove_roles_that_are_there(database: Database) -> None:
    role, eve = await a_role(database), person(await a_user(database, email="eve@example.com"))
    for caller in (eve, Caller("default"), Caller("other", admin=True)):
        with pytest.raises(Forbidden):
            await database.write(role_changes.change, caller, {role: {"name": "x"}})
        with pytest.raises(Forbidden):
            await database.write(role_changes.remove, caller, [role])
    for id_ in (a_key(), "no uuid"):
        with pytest.raises(Forbidden):
            await database.write(role_changes.change, HOUSE, {role: {"name": "x"}, id_: {"name": "x"}})
        with pytest.raises(Forbidden):
            await database.write(role_changes.remove, HOUSE, [role, id_])
    assert (await _role(database, role))["name"] == "People"


async def test_the_role_of_the_last_administrator_cannot_be_demoted(database: Database) -> None:
    caller = await an_administrator(database)
    assert caller.role
    spare = await a_role(database, admin_access=True)
    await a_user(database, email="gone@example.com", role=spare, status="suspended")
    with pytest.raises(Unprocessable, match="last admin user"):
        await database.write(role_changes.change, caller, {caller.role: {"admin_access": False}})
    assert (await _role(database, caller.role))["admin_access"] is True
    await database.write(role_changes.change, caller, {spare: {"admin_access": False}})
    # In one go another role may take its place.
    await a_user(database, email="next@example.com", role=spare)
    swap = {caller.role: {"admin_access": False}, spare: {"admin_access": True}}
    await database.write(role_changes.change, caller, swap)


async def _session(tx: Transaction, /, of: str, id_: str) -> None:
    at = "2026-01-01T00:00:00.000Z"
    values = {"project": "default", "id": id_, "user": of, "refresh": id_, "created_at": at}
    await tx.run(sessions.insert(), **values, expires_at="2999-01-01T00:00:00.000Z", provider="default")


async def test_users_of_a_removed_role_stay_without_it_and_suspended(database: Database) -> None:
    caller = await an_administrator(database)
    role = await a_role(database)
    active = await a_user(database, email="a@example.com", role=role, token_fingerprint="f", token_sealed="s")
    archived = await a_user(database, email="b@example.com", role=role, status="archived")
    other = await a_user(database, email="b@example.com")
    await database.write(inviting.invite, caller, ["c@example.com"], role, inviting.Terms(60))
    await database.write(_session, active, a_key())
    heard = _heard(database)

    await database.write(role_changes.remove, caller, [role, role])

    row = await user(database, active)
    assert (row["role"], row["status"], row["token_fingerprint"]) == (None, "suspended", None)
    row = await user(database, archived)
    assert (row["role"], row["status"], row["retired"]) == (None, "archived", archived)
    assert (await user(database, other))["status"] == "active"
    assert await database.read(all_rows, sessions, user=active) == []
    (invitation,) = await database.read(all_rows, invitations)
    assert invitation["voided_at"] is not None
    assert (await history_of(database, active))[-1][2] == {"role": None, "status": "suspended", "token": None}
    assert await database.read(all_rows, roles, id=role) == []
    assert [action for action, _, _ in await history_of(database, role)] == ["create", "delete"]
    assert {("role", role), ("user", active), ("user", archived)} <= set(heard)


async def test_more_users_than_are_held_at_once_lose_their_role(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = await a_role(database)
    people = [{"email": f"p{n}@example.com", "role": role} for n in range(1003)]
    ids = await database.write(records.create, HOUSE, people)
    await database.write(role_changes.remove, HOUSE, [role])
    left = [await user(database, id_) for id_ in (ids[0], ids[999], ids[1000], ids[1002])]
    assert {(row["role"], row["status"]) for row in left} == {(None, "suspended")}


async def test_the_role_of_the_last_administrator_cannot_be_removed(database: Database) -> None:
    caller = await an_administrator(database)
    assert caller.role
    other = await a_role(database, admin_access=True)
    with pytest.raises(Unprocessable, match="last admin user"):
        await database.write(role_changes.remove, caller, [other, caller.role])
    assert await _role(database, other)
    await a_user(database, email="next@example.com", role=other)
    await database.write(role_changes.remove, caller, [caller.role])
    with pytest.raises(Unprocessable):
        await database.write(role_changes.remove, caller, [other])


async def test_a_connection_whose_default_role_goes_gives_none(database: Database) -> None:
    role = await a_role(database)
    await database.write(connect, HOUSE, "okta", default_role=role)
    await database.write(role_changes.remove, HOUSE, [role])
    (row,) = await database.read(all_rows, connections)
    assert row["default_role"] is None


async def test_a_role_object_links_makes_or_changes(database: Database) -> None:
    role, chosen = await a_role(database, name="Editors"), a_key()
    user = await a_user(database, email="eve@example.com", role=role)
    stranger, leave = person(user), rules.compiled((), signed_in=True)
    with pytest.raises(Forbidden):  # who may not read it does not learn whether this is its name
        await database.write(role_changes.relate, stranger, {"id": role, "name": "Editors"})
    eve = msgspec.structs.replace(stranger, role=role, leave=leave)
    assert await database.write(role_changes.relate, eve, {"id": role, "name": "Editors"}) == role
    for given in ({"id": role, "name": "Mine"}, {"id": chosen, "name": "Mine"}, {"name": "Mine"}):
        with pytest.raises(Forbidden):
            await database.write(role_changes.relate, eve, given)
    assert await database.write(role_changes.relate, HOUSE, {"id": role, "name": "Writers"}) == role
    assert (await _role(database, role))["name"] == "Writers"
    assert await database.write(role_changes.relate, HOUSE, {"id": chosen, "name": "New"}) == chosen
    made = await database.write(role_changes.relate, HOUSE, {"name": "Newer", "description": None})
    assert (await _role(database, made))["name"] == "Newer"
    with pytest.raises(Invalid):
        await database.write(role_changes.relate, HOUSE, {"description": "nameless"})
    with pytest.raises(Taken):
        await database.write(core.create, HOUSE, [{"id": chosen, "name": "Again"}])


async def test_two_administrators_cannot_leave_at_once_one_with_their_role(database: Database) -> None:
    ada = await an_administrator(database)
    assert ada.role and ada.user
    for attempt in range(5):
        role = await a_role(database, admin_access=True)
        bea = await a_user(database, email=f"bea{attempt}@example.com", role=role)
        ways = [
            database.write(records.change, HOUSE, {bea: {"status": "suspended"}}),
            database.write(role_changes.change, HOUSE, {ada.role: {"admin_access": False}}),
        ]
        outcomes = await asyncio.gather(*ways, return_exceptions=True)
        assert [type(one) for one in outcomes if one is not None] == [LastAdministrator], outcomes
        await database.write(role_changes.change, HOUSE, {ada.role: {"admin_access": True}})
        await database.write(records.remove, HOUSE, [bea])


async def _orphan(tx: Transaction, /, of_id: str) -> None:
    with unique():
        await tx.run(update(users).where(users.c.id == bindparam("of_id")), of_id=of_id, role=a_key())


async def test_a_role_that_is_gone_when_it_is_written_is_no_such_role(database: Database) -> None:
    """As when it is removed between the question whether it is there and the write."""
    with pytest.raises(NoSuch):
        await database.write(_orphan, await a_user(database, email="a@example.com"))
