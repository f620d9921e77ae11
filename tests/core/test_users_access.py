"""Who may read and write whom, and the ways in that end with a change."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from service.database import Database, Transaction, new_key
from service.database.tables import invitations, letters, sessions, users
from service.users import access, connections, records, refreshing, session_starts
from service.users import invitations as inviting
from service.users import sessions as opening
from service.users.access import CONDITIONS, scope
from service.users.model import Caller, Origin
from service.users.problems import Forbidden, Unprocessable, WrongCredentials
from service.users.sessions import Opened
from tests.connecting import connect
from tests.core.people import (
    HOUSE,
    a_file,
    a_role,
    a_user,
    all_rows,
    an_administrator,
    history_of,
    person,
    set_row,
    user,
)

PUBLIC = Caller("default")
OWN = {
    "first_name": "a",
    "last_name": "b",
    "email": "own@example.com",
    "password_hash": "h",
    "location": "c",
    "title": "d",
    "description": "e",
    "tags": ["f"],
    "language": "de-DE",
    "appearance": "dark",
    "theme_light": "g",
    "theme_dark": "h",
    "theme_light_overrides": {"i": 1},
    "theme_dark_overrides": {"j": 1},
    "email_notifications": False,
    "last_page": "/k",
    "timezone": "UTC",
    "locale_options": {"l": 1},
    "company": "m",
}
NOT_OWN = {
    "provider": "okta",
    "external_identifier": "1",
    "auth_data": {"a": 1},
    "status": "draft",
    "token_fingerprint": "f",
    "last_access": "2024-01-01T00:00:00Z",
    "user_name": "x",
}


async def seen(tx: Transaction, caller: Caller, *, adopting: bool = False) -> set[str]:
    found = scope(caller, adopting=adopting)
    rows = await tx.rows(select(users.c.id).where(CONDITIONS[found.kind]), **found.values)
    return {id_ for (id_,) in rows}


async def opened(database: Database, id_: str, lifetime: float = 60) -> Opened:
    return await database.write(session_starts.start, "default", id_, "default", Origin(), lifetime)


async def a_connection(database: Database, provider: str = "okta", **options: Any) -> Caller:
    token = await database.write(connect, HOUSE, provider, **options)
    from service.tokens import fingerprint

    found = await database.read(connections.recognise, fingerprint(token))
    assert found is not None
    return found.connection.caller(Origin())


async def test_administrators_see_all_people_see_themselves_and_the_public_nobody(database: Database) -> None:
    admin = await an_administrator(database)
    one, two = await a_user(database), await a_user(database)
    assert await database.read(seen, admin) == {admin.user, one, two}
    assert await database.read(seen, person(one)) == {one}
    with pytest.raises(Forbidden):
        scope(PUBLIC)


async def test_people_change_the_harmless_fields_of_their_own_row_only(database: Database) -> None:
    one, two = await a_user(database, email="a@example.com"), await a_user(database)
    own = {**OWN, "avatar": await a_file(database, person(one))}
    await database.write(records.change, person(one), {one: own})
    assert (await user(database, one))["tags"] == ["f"]
    for name, value in {**own, **NOT_OWN}.items():
        with pytest.raises(Forbidden):
            await database.write(records.change, person(one), {two: {name: value}})
    role = await a_role(database, admin_access=True)
    for name, value in {**NOT_OWN, "role": role}.items():
        with pytest.raises(Forbidden):
            await database.write(records.change, person(one), {one: {name: value, "title": "stolen"}})
    assert (await user(database, one))["title"] == "d"
    assert len(await history_of(database, two)) == 1


async def test_nobody_but_administrators_creates_or_removes(database: Database) -> None:
    one = await a_user(database)
    for caller in (PUBLIC, person(one)):
        with pytest.raises(Forbidden):
            await database.write(records.create, caller, [{}])
        with pytest.raises(Forbidden):
            await database.write(records.create, caller, [])
        with pytest.raises(Forbidden):
            await database.write(records.remove, caller, [one])
        with pytest.raises(Forbidden):
            await database.write(inviting.invite, caller, ["a@example.com"], None, inviting.Terms(60))
    with pytest.raises(Forbidden):
        await database.write(records.change, PUBLIC, {one: {"title": "x"}})


async def test_an_administrator_reaches_nobody_in_another_project(database: Database) -> None:
    one = await a_user(database)
    foreign = Caller("other", new_key(), admin=True)
    for verb, what in ((records.change, {one: {"title": "x"}}), (records.remove, [one])):
        with pytest.raises(Forbidden):
            await database.write(verb, foreign, what)  # type: ignore[arg-type]  # two verbs in one loop
    assert await database.read(seen, foreign) == set()


async def test_a_connection_sees_and_changes_only_what_it_owns(database: Database) -> None:
    okta, entra = await a_connection(database), await a_connection(database, "entra")
    (owned,) = await database.write(records.create, okta, [{"user_name": "a", "external_identifier": "1"}])
    (foreign,) = await database.write(records.create, entra, [{"user_name": "a"}])
    free = await a_user(database, email="free@example.com")
    row = await user(database, owned)
    assert (row["connection"], row["provider"]) == (okta.connection, "okta")
    for adopting in (False, True):
        assert await database.read(seen, okta, adopting=adopting) == {owned}
    for id_ in (foreign, free):
        with pytest.raises(Forbidden):
            await database.write(records.change, okta, {id_: {"title": "x"}})
        with pytest.raises(Forbidden):
            await database.write(records.remove, okta, [id_])
    await database.write(records.change, okta, {owned: {"status": "suspended", "auth_data": {"a": 1}}})
    await database.write(records.remove, okta, [owned])


async def test_archived_users_are_gone_for_a_connection(database: Database) -> None:
    okta = await a_connection(database, adopt=True)
    (owned,) = await database.write(records.create, okta, [{"user_name": "a"}])
    await database.write(records.change, HOUSE, {owned: {"status": "archived"}})
    assert await database.read(seen, okta, adopting=True) == set()
    with pytest.raises(Forbidden):
        await database.write(records.change, okta, {owned: {"status": "active"}})
    await database.write(records.create, okta, [{"user_name": "A"}])


async def test_an_adopting_connection_takes_free_users_by_writing_but_no_administrators(
    database: Database,
) -> None:
    admin = await an_administrator(database)
    assert admin.user is not None
    okta, entra = await a_connection(database, adopt=True), await a_connection(database, "entra")
    (foreign,) = await database.write(records.create, entra, [{"user_name": "a"}])
    free = await a_user(database, email="free@example.com")
    assert await database.read(seen, okta) == set()
    assert await database.read(seen, okta, adopting=True) == {free}
    for id_ in (foreign, admin.user):
        with pytest.raises(Forbidden):
            await database.write(records.change, okta, {id_: {"title": "x"}})
    with pytest.raises(Forbidden):
        await database.write(records.remove, okta, [free])
    await database.write(records.change, okta, {free: {"external_identifier": "1"}})
    row = await user(database, free)
    assert (row["connection"], row["provider"], row["external_identifier"]) == (okta.connection, "okta", "1")
    assert await database.read(seen, okta) == {free}


async def test_a_connection_vouches_for_its_domains_only(database: Database) -> None:
    okta = await a_connection(database, domains=["Example.com"])
    good, bad = await database.write(
        records.create, okta, [{"email": "a@EXAMPLE.com"}, {"email": "a@example.com.evil.example"}]
    )
    assert (await user(database, good))["email_verified_at"] is not None
    assert (await user(database, bad))["email_verified_at"] is None
    await database.write(records.change, okta, {bad: {"email": "b@example.com"}})
    assert (await user(database, bad))["email_verified_at"] is not None


async def test_own_rows_of_those_who_left_are_not_theirs_to_change(database: Database) -> None:
    one = await a_user(database, status="suspended")
    with pytest.raises(Forbidden):
        await database.write(records.change, person(one), {one: {"title": "x"}})
    assert not access.reaches(PUBLIC, await user(database, one) | {"administers": False})


@pytest.mark.parametrize("status", ["suspended", "draft", "archived", "invited"])
async def test_rule_22_whoever_is_not_active_any_more_has_no_way_in(database: Database, status: str) -> None:
    """In the same transaction, and not by the status alone."""
    id_ = await a_user(database, email="a@example.com", token_fingerprint="f", token_sealed="s")
    session = await opened(database, id_)
    await database.write(records.change, HOUSE, {id_: {"status": status}})
    assert await database.read(all_rows, sessions) == []
    row = await user(database, id_)
    assert (row["token_fingerprint"], row["token_sealed"]) == (None, None)
    assert await database.read(opening.recognise, "default", session.session) is None
    _, _, (_, data, delta) = await history_of(database, id_)
    assert delta == {"status": status, "token": None} and data["token"] is None
    with pytest.raises(WrongCredentials):
        await opened(database, id_)
    with pytest.raises(WrongCredentials):
        await refreshing.refresh(database, "default", session.refresh_token)
    await database.write(records.change, HOUSE, {id_: {"status": "active"}})
    assert await database.read(opening.recognise, "default", session.session) is None, "nothing comes back"


async def test_a_removed_user_leaves_no_session(database: Database) -> None:
    id_ = await a_user(database)
    session = await opened(database, id_)
    await database.write(records.remove, HOUSE, [id_])
    assert await database.read(all_rows, sessions) == []
    assert await database.read(opening.recognise, "default", session.session) is None


@pytest.mark.parametrize("changes", [{"password_hash": "new"}, {"email": "b@example.com"}])
async def test_another_password_or_email_ends_every_session_but_the_one_that_did_it(
    database: Database, changes: dict[str, object]
) -> None:
    id_ = await a_user(database, email="a@example.com", token_fingerprint="f", token_sealed="s")
    bystander = await a_user(database)
    mine, other, foreign = [await opened(database, who) for who in (id_, id_, bystander)]
    await database.write(records.change, person(id_, mine.session), {id_: changes})
    assert await database.read(opening.recognise, "default", mine.session) is not None
    assert await database.read(opening.recognise, "default", other.session) is None
    assert await database.read(opening.recognise, "default", foreign.session) is not None
    assert await database.read(opening.recognise_token, "default", "f") is not None, "static tokens stay"
    await database.write(records.change, HOUSE, {id_: {**changes, "email": "c@example.com"}})
    assert await database.read(opening.recognise, "default", mine.session) is None


async def test_a_harmless_change_ends_no_session(database: Database) -> None:
    id_ = await a_user(database, email="a@example.com")
    session = await opened(database, id_)
    await database.write(records.change, HOUSE, {id_: {"title": "Dr", "email": "A@Example.com"}})
    assert await database.read(opening.recognise, "default", session.session) is not None


@pytest.mark.parametrize(
    "changes", [{"status": "active"}, {"status": "suspended"}, {"email": "b@example.com"}, None]
)
async def test_an_open_invitation_and_its_letter_end_with_what_they_were_for(
    database: Database, changes: dict[str, object] | None
) -> None:
    (jti,) = await database.write(inviting.invite, HOUSE, ["a@example.com"], None, inviting.Terms(60))
    (invited,) = await database.read(all_rows, users)
    if changes is None:
        await database.write(records.remove, HOUSE, [invited["id"]])
        assert await database.read(all_rows, invitations) == []
    else:
        await database.write(records.change, HOUSE, {invited["id"]: changes})
        (row,) = await database.read(all_rows, invitations)
        assert row["voided_at"] is not None
    (letter,) = await database.read(all_rows, letters)
    assert (letter["reference"], letter["status"]) == (jti, "cancelled")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "suspended"},
        {"status": "archived"},
        {"status": "draft"},
        {"role": None},
        {"role": "people"},
        None,
    ],
)
async def test_the_last_administrator_cannot_be_taken_away(
    database: Database, changes: dict[str, object] | None
) -> None:
    admin = await an_administrator(database)
    assert admin.user is not None
    people = await a_role(database)
    # Neither a suspended one nor one of another project is a successor.
    second = await an_administrator(database, email="second@example.com", status="suspended")
    session = await opened(database, admin.user)

    async def take(id_: str) -> None:
        if changes is None:
            await database.write(records.remove, admin, [id_])
        else:
            role = {"role": people} if changes.get("role") == "people" else {}
            await database.write(records.change, admin, {id_: {**changes, **role}})

    with pytest.raises(Unprocessable) as refused:
        await take(admin.user)
    assert ("status" in refused.value.reason) == bool(changes and "status" in changes)
    assert await database.read(opening.recognise, "default", session.session) is not None
    assert second.user is not None
    await database.write(records.change, HOUSE, {second.user: {"status": "active"}})
    await take(admin.user)
    with pytest.raises(Unprocessable):
        await take(second.user)


async def test_both_administrators_at_once_are_not_taken_away_either(database: Database) -> None:
    one = await an_administrator(database)
    two = await an_administrator(database, email="two@example.com")
    ids = [str(one.user), str(two.user)]
    with pytest.raises(Unprocessable):
        await database.write(records.change, one, {id_: {"status": "suspended"} for id_ in ids})
    with pytest.raises(Unprocessable):
        await database.write(records.remove, one, ids)


async def test_a_race_of_two_administrators_who_suspend_each_other_leaves_one(database: Database) -> None:
    for attempt in range(10):
        one = await an_administrator(database, email=f"one{attempt}@example.com")
        two = await an_administrator(database, email=f"two{attempt}@example.com")
        others = [
            row["id"]
            for row in await database.read(all_rows, users, status="active")
            if row["id"] not in {one.user, two.user}
        ]
        if others:
            await database.write(records.remove, one, others)
        told = await asyncio.gather(
            database.write(records.change, one, {str(two.user): {"status": "suspended"}}),
            database.write(records.remove, two, [str(one.user)]),
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in told) == ["LastAdministrator", "NoneType"]
        assert len(await database.read(all_rows, users, status="active")) == 1


async def test_a_session_does_not_slip_past_a_suspension(database: Database) -> None:
    for attempt in range(10):
        id_ = await a_user(database, email=f"a{attempt}@example.com")
        suspension = database.write(records.change, HOUSE, {id_: {"status": "suspended"}})
        before, after = [opened(database, id_) for _ in range(3)], [opened(database, id_) for _ in range(3)]
        await asyncio.gather(*before, suspension, *after, return_exceptions=True)
        assert await database.read(all_rows, sessions, user=id_) == []


async def test_a_suspended_users_row_admits_nobody_even_with_rows_left_over(database: Database) -> None:
    """Somebody writes the table by hand: the status counts at each request."""
    id_ = await a_user(database, token_fingerprint="f", token_sealed="s")
    session = await opened(database, id_)
    await database.write(set_row, users, id_, status="suspended")
    assert await database.read(opening.recognise, "default", session.session) is None
    assert await database.read(opening.recognise_token, "default", "f") is None
    with pytest.raises(WrongCredentials):
        await refreshing.refresh(database, "default", session.refresh_token)
