"""Groups in the core: members as rows, nesting without circles, roles by the written order."""

from collections.abc import Sequence
from typing import Any

import pytest

from service.database import Database, Transaction, new_key
from service.database.tables import group_groups, group_users, groups, user_emails
from service.dialects import scim_members
from service.users import group_roles, records, role_changes
from service.users import groups as verbs
from service.users.group_roles import GroupRole
from service.users.membership import Wanted
from service.users.model import Caller
from service.users.problems import (
    Forbidden,
    GroupTaken,
    Invalid,
    NoMembers,
    NoSuch,
    Unprocessable,
)
from tests.connecting import connect
from tests.core.people import (
    HOUSE,
    a_role,
    all_rows,
    an_administrator,
    history_of,
    user,
)


async def _connection(database: Database, provider: str = "okta", **settings: Any) -> Caller:
    await database.write(connect, HOUSE, provider, **settings)
    key = await database.read(group_roles.connection_of, HOUSE, provider)
    return Caller("default", connection=key, provider=provider)


async def _people(database: Database, caller: Caller, count: int) -> list[str]:
    mark = new_key()
    values = [{"user_name": f"{mark}-{n}"} for n in range(count)]
    return list(await database.write(records.create, caller, values))


def _wanted(*, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Wanted:
    wanted = Wanted()
    wanted.add(dict.fromkeys(add))
    wanted.remove(remove)
    return wanted


async def _group(database: Database, caller: Caller, name: str, *members: str, **values: object) -> str:
    key, given = new_key(), {"display_name": name, **values}
    await database.write(verbs.create, caller, key, given, _wanted(add=members))
    return key


async def _changed(
    tx: Transaction, caller: Caller, key: str, values: dict[str, object], wanted: Wanted
) -> bool:
    return await verbs.change(tx, caller, await verbs.hold(tx, caller, key), values, wanted)


async def _change(
    database: Database, caller: Caller, key: str, wanted: Wanted | None = None, **values: object
) -> bool:
    return await database.write(_changed, caller, key, values, wanted or Wanted())


async def _removed(tx: Transaction, caller: Caller, key: str) -> None:
    await verbs.remove(tx, caller, await verbs.hold(tx, caller, key))


async def _members(database: Database, key: str) -> set[str]:
    found = await database.read(scim_members.members, "default", [key], 1000)
    return {id_ for id_, _, _ in found[key]}


async def _row(database: Database, key: str) -> dict[str, Any]:
    (row,) = await database.read(all_rows, groups, id=key)
    return row


async def test_members_come_and_go_and_a_change_of_nothing_leaves_no_trace(database: Database) -> None:
    okta = await _connection(database)
    anna, bert, carl = await _people(database, okta, 3)
    key = await _group(database, okta, "People", anna)
    assert await _change(database, okta, key, _wanted(add=[bert, anna], remove=[carl]))
    assert await _members(database, key) == {anna, bert}
    before = await _row(database, key)
    assert (before["version"], before["display_name"]) == (2, "People")
    assert not await _change(database, okta, key, _wanted(add=[bert], remove=[carl]), display_name="People")
    assert await _row(database, key) == before
    replaced = Wanted()
    replaced.replace({carl: "Carl", anna: None})
    assert await _change(database, okta, key, replaced, display_name="Others")
    assert await _members(database, key) == {anna, carl}
    actions = await history_of(database, key)
    assert [action for action, _, _ in actions] == ["create", "update", "update"]
    assert actions[1][2] == {"members": {"added": [bert], "removed": []}}
    assert actions[2][2] == {"display_name": "Others", "members": {"added": [carl], "removed": [bert]}}
    await database.write(_removed, okta, key)
    assert await database.read(all_rows, groups) == await database.read(all_rows, group_users) == []
    assert (await history_of(database, key))[-1] == ("delete", None, None)


async def test_nobody_is_put_into_a_group_who_is_not_there_or_another_connection_s(
    database: Database,
) -> None:
    okta, entra = await _connection(database), await _connection(database, "entra")
    (anna,), (bert,) = await _people(database, okta, 1), await _people(database, entra, 1)
    key, theirs = await _group(database, okta, "People", anna), await _group(database, entra, "People")
    for stranger in (bert, theirs, new_key(), "nonsense", ""):
        replaced = Wanted()
        replaced.replace({stranger: None})
        for wanted in (_wanted(add=[stranger]), replaced):
            with pytest.raises(NoMembers):
                await _change(database, okta, key, wanted)
    assert await _members(database, key) == {anna}
    assert (await _row(database, key))["version"] == 1
    for foreign in (theirs, new_key()):
        with pytest.raises(Forbidden):
            await _change(database, okta, foreign, display_name="Mine")
    for caller in (HOUSE, Caller("default"), Caller("default", anna)):
        with pytest.raises(Forbidden):
            await _change(database, caller, key, display_name="Mine")


async def test_names_are_taken_once_in_each_connection(database: Database) -> None:
    okta, entra = await _connection(database), await _connection(database, "entra")
    key = await _group(database, okta, "Straße", external_identifier="1")
    await _group(database, entra, "Straße", external_identifier="1")
    for values in ({"display_name": "STRASSE"}, {"display_name": "x", "external_identifier": "1"}):
        with pytest.raises(GroupTaken):
            await database.write(verbs.create, okta, new_key(), values, Wanted())
    assert not await _change(database, okta, key, display_name="Straße")
    for name in (None, 5, "x" * 257, "\0"):
        with pytest.raises(Invalid):
            await _change(database, okta, key, display_name=name)


async def test_groups_are_nested_but_never_in_a_circle(database: Database) -> None:
    okta = await _connection(database)
    inner = await _group(database, okta, "inner")
    middle = await _group(database, okta, "middle", inner)
    outer = await _group(database, okta, "outer", middle)
    for key, member in ((inner, inner), (inner, middle), (inner, outer), (middle, outer)):
        with pytest.raises(Invalid):
            await _change(database, okta, key, _wanted(add=[member]))
    assert await _change(database, okta, outer, _wanted(add=[inner]))  # by two ways, which is no circle
    await database.write(_removed, okta, middle)
    assert [row["group"] for row in await database.read(all_rows, group_groups)] == [outer]


async def test_whoever_is_removed_or_archived_leaves_every_group(database: Database) -> None:
    okta = await _connection(database)
    anna, bert, carl = await _people(database, okta, 3)
    first, second = (
        await _group(database, okta, "1", anna, bert, carl),
        await _group(database, okta, "2", bert),
    )
    await database.write(records.remove, okta, [anna])
    assert (await _members(database, first), (await _row(database, first))["version"]) == ({bert, carl}, 2)
    assert (await _row(database, second))["version"] == 1
    await database.write(records.change, HOUSE, {bert: {"status": "archived"}})
    assert (await _members(database, first), await _members(database, second)) == ({carl}, set())
    with pytest.raises(NoMembers):
        await _change(database, okta, first, _wanted(add=[bert]))
    await database.write(records.change, okta, {carl: {"status": "suspended"}})
    assert await _members(database, first) == {carl}


async def test_further_addresses_are_kept_to_be_found(database: Database) -> None:
    okta = await _connection(database)
    emails = [
        {"value": "ANNA@x.org", "primary": True},
        {"value": "Home@x.org"},
        {"value": "x" * 400},
        "odd",
        {},
    ]
    values = {"user_name": "a", "email": "anna@x.org", "auth_data": {"emails": emails}}
    (anna,) = await database.write(records.create, okta, [values])

    async def kept() -> list[str]:
        return sorted(row["email_key"] for row in await database.read(all_rows, user_emails, user=anna))

    assert await kept() == ["home@x.org"]
    changed = {"emails": [{"value": "a@x.org"}, {"value": "b@x.org"}, {"value": "B@x.org"}]}
    await database.write(records.change, okta, {anna: {"auth_data": changed, "email": "a@x.org"}})
    assert await kept() == ["b@x.org"]
    await database.write(records.remove, okta, [anna])
    assert await kept() == []


# Roles


async def _map(database: Database, caller: Caller, *entries: GroupRole) -> None:
    await database.write(group_roles.replace, HOUSE, str(caller.connection), entries)


async def _role(database: Database, id_: str) -> str | None:
    role: str | None = (await user(database, id_))["role"]
    return role


async def test_the_first_group_of_the_list_decides_and_the_default_role_when_there_is_none(
    database: Database,
) -> None:
    editors, readers, guests = [
        await a_role(database, name=name) for name in ("Editors", "Readers", "Guests")
    ]
    okta = await _connection(database, default_role=guests)
    anna, bert = await _people(database, okta, 2)
    await _map(database, okta, GroupRole("Editing", editors), GroupRole("Reading", readers))
    reading = await _group(database, okta, "reading", anna, bert)
    assert (await _role(database, anna), await _role(database, bert)) == (readers, readers)
    editing = await _group(database, okta, "EDITING", anna)
    assert (await _role(database, anna), await _role(database, bert)) == (editors, readers)
    assert [delta for _, _, delta in await history_of(database, anna)][-1] == {"role": editors}
    await _map(database, okta, GroupRole("Reading", readers), GroupRole("Editing", editors))
    assert await _role(database, anna) == readers
    await _change(database, okta, reading, _wanted(remove=[anna, bert]))
    assert (await _role(database, anna), await _role(database, bert)) == (editors, guests)
    await _change(database, okta, editing, display_name="Something else")
    assert await _role(database, anna) == guests
    await _change(database, okta, editing, display_name="Editing")
    assert await _role(database, anna) == editors
    await database.write(_removed, okta, editing)
    assert await _role(database, anna) == guests


async def test_a_group_inside_a_group_gives_its_role_too(database: Database) -> None:
    staff = await a_role(database, name="Staff")
    okta = await _connection(database)
    anna, bert = await _people(database, okta, 2)
    inner = await _group(database, okta, "inner", anna)
    middle, outer = await _group(database, okta, "middle", inner), await _group(database, okta, "outer")
    await _map(database, okta, GroupRole("outer", staff))
    await _change(database, okta, outer, _wanted(add=[middle]))
    assert (await _role(database, anna), await _role(database, bert)) == (staff, None)
    await _change(database, okta, inner, _wanted(add=[bert]))
    assert await _role(database, bert) == staff
    await database.write(_removed, okta, middle)
    assert (await _role(database, anna), await _role(database, bert)) == (None, None)


async def test_groups_that_are_not_on_the_list_leave_roles_alone(database: Database) -> None:
    hand, staff = await a_role(database, name="By hand"), await a_role(database, name="Staff")
    okta = await _connection(database)
    (anna,) = await _people(database, okta, 1)
    await database.write(records.change, HOUSE, {anna: {"role": hand}})
    await _map(database, okta, GroupRole("Staff", staff))
    key = await _group(database, okta, "Others", anna)
    await _change(database, okta, key, _wanted(remove=[anna]), display_name="x")
    assert await _role(database, anna) == hand


async def test_no_list_makes_an_administrator_unless_it_says_so(database: Database) -> None:
    await an_administrator(database)
    chiefs = await a_role(database, name="Chiefs", admin_access=True)
    staff = await a_role(database, name="Staff")
    okta = await _connection(database)
    (anna,) = await _people(database, okta, 1)
    await _group(database, okta, "Chiefs", anna)
    await _group(database, okta, "Staff", anna)
    with pytest.raises(Unprocessable):
        await _map(database, okta, GroupRole("Chiefs", chiefs))
    await _map(database, okta, GroupRole("Chiefs", chiefs, administers=True))
    assert await _role(database, anna) == chiefs
    await database.write(role_changes.change, HOUSE, {chiefs: {"admin_access": False}})
    await _map(database, okta, GroupRole("Chiefs", chiefs), GroupRole("Staff", staff))
    assert await _role(database, anna) == chiefs
    await database.write(role_changes.change, HOUSE, {chiefs: {"admin_access": True}})
    await _group(database, okta, "Further", anna)
    key = await _group(database, okta, "More staff")
    await _map(database, okta, GroupRole("Chiefs", chiefs, administers=True), GroupRole("More staff", staff))
    await database.write(role_changes.change, HOUSE, {chiefs: {"admin_access": False}})
    await _map(database, okta, GroupRole("Chiefs", chiefs), GroupRole("More staff", staff))
    await database.write(role_changes.change, HOUSE, {chiefs: {"admin_access": True}})
    await _change(database, okta, key, _wanted(add=[anna]))
    assert await _role(database, anna) == staff  # the entry was not meant to make administrators


async def test_the_last_administrator_stays_one_whatever_the_groups_say(database: Database) -> None:
    chiefs = await a_role(database, name="Chiefs", admin_access=True)
    okta = await _connection(database)
    (anna,) = await _people(database, okta, 1)
    key = await _group(database, okta, "Chiefs", anna)
    await _map(database, okta, GroupRole("Chiefs", chiefs, administers=True))
    for change in (_wanted(remove=[anna]), None):
        with pytest.raises(Unprocessable):
            await _change(database, okta, key, change, **({} if change else {"display_name": "x"}))
    with pytest.raises(Unprocessable):
        await database.write(_removed, okta, key)
    with pytest.raises(Unprocessable):
        await _map(database, okta)
    assert (await _members(database, key), await _role(database, anna)) == ({anna}, chiefs)
    await an_administrator(database)
    await _change(database, okta, key, _wanted(remove=[anna]))
    assert await _role(database, anna) is None


async def test_a_list_is_read_as_it_was_written_and_refused_as_a_whole(database: Database) -> None:
    staff = await a_role(database, name="Staff")
    okta = await _connection(database)
    entries = [GroupRole("B", staff), GroupRole("a", staff)]
    await _map(database, okta, *entries)
    for wrong, problem in (
        ([GroupRole("A", staff), GroupRole("a", staff)], Invalid),
        ([GroupRole("x", new_key())], NoSuch),
        ([GroupRole("x", "nonsense")], Invalid),
        ([GroupRole("x" * 300, staff)], Invalid),
        ([GroupRole(f"{n}", staff) for n in range(group_roles.MOST + 1)], Invalid),
    ):
        with pytest.raises(problem):
            await _map(database, okta, *wrong)
    assert await database.read(group_roles.read, HOUSE, str(okta.connection)) == entries
    (_, _, delta) = (await history_of(database, str(okta.connection)))[-1]
    assert [entry["group"] for entry in delta["group_roles"]] == ["B", "a"]
    for caller in (okta, Caller("default", new_key())):
        with pytest.raises(Forbidden):
            await database.write(group_roles.replace, caller, str(okta.connection), [])
    with pytest.raises(Forbidden):
        await database.write(group_roles.replace, HOUSE, new_key(), entries)
    with pytest.raises(NoSuch):
        await database.read(group_roles.connection_of, HOUSE, "nobody")
    await database.write(role_changes.remove, HOUSE, [staff])
    assert await database.read(group_roles.read, HOUSE, str(okta.connection)) == []
