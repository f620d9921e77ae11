"""Users are made, changed and removed, all or nothing, on both databases."""

from typing import Any
from uuid import UUID, uuid1, uuid4

import pytest

from service.database import Database, Transaction
from service.database.tables import activity, identities, revisions, users
from service.users import newcomers, records
from service.users.model import ATTRIBUTES, CONCEALED, Caller, Origin
from service.users.problems import Forbidden, Invalid, NoSuch, Taken
from tests.core.people import (
    HOUSE,
    a_file,
    a_project,
    a_role,
    a_user,
    all_rows,
    an_administrator,
    history_of,
    person,
    user,
)


async def change(database: Database, caller: Caller, id_: str, **values: Any) -> None:
    await database.write(records.change, caller, {id_: values})


async def test_a_user_is_made_with_the_neutral_defaults(database: Database) -> None:
    row = await user(database, await a_user(database, email="Zoë@Example.com", first_name="Zoë"))
    assert (row["status"], row["provider"], row["email_notifications"]) == ("active", "default", True)
    assert (row["email"], row["email_key"]) == ("Zoë@Example.com", "zoë@example.com")
    assert (row["role"], row["language"], row["appearance"], row["external_identifier"]) == (None,) * 4
    assert row["search_text"] == "zoë\nzoë@example.com"
    assert row["version"] == 1 and row["created_at"] == row["changed_at"]
    assert UUID(row["id"]).version == 7


async def test_many_are_made_in_the_order_given_and_numbered_upwards(database: Database) -> None:
    given = [{"email": f"{n}@example.com", "title": "x" if n % 2 else None} for n in range(30)]
    ids = await database.write(records.create, HOUSE, given)
    rows = [await user(database, id_) for id_ in ids]
    assert [row["email"] for row in rows] == [f"{n}@example.com" for n in range(30)]
    numbers = [row["number"] for row in rows]
    assert numbers == sorted(set(numbers))


async def test_one_bad_one_among_many_leaves_nothing(database: Database) -> None:
    for bad in ({"email": "B@example.com"}, {"email": "no"}, {"role": str(uuid4())}):
        with pytest.raises((Taken, Invalid, NoSuch)):
            await database.write(records.create, HOUSE, [{"email": "b@example.com"}, bad])
    assert await database.read(all_rows, users) == []
    assert await database.read(all_rows, activity) == []


async def test_an_id_may_be_chosen_and_never_changes(database: Database) -> None:
    chosen = str(uuid1()).upper()
    id_ = await a_user(database, id=chosen, email="a@example.com")
    assert id_ == chosen.lower()
    await change(database, HOUSE, chosen, id=str(uuid4()), title="Dr")
    assert (await user(database, id_))["title"] == "Dr"
    with pytest.raises(Taken) as taken:
        await a_user(database, id=id_)
    assert taken.value.field == "id"


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"email": "ﬁ@example.com"}, {"email": "FI@EXAMPLE.com"}, "email"),
        ({"external_identifier": "x"}, {"external_identifier": "x"}, "external_identifier"),
        ({"token_fingerprint": "f"}, {"token_fingerprint": "f"}, "token"),
    ],
)
async def test_what_is_unique_is_taken(
    database: Database, first: dict[str, object], second: dict[str, object], field: str
) -> None:
    await a_user(database, **first)
    other = await a_user(database)
    for attempt in (
        database.write(records.create, HOUSE, [second]),
        database.write(records.change, HOUSE, {other: second}),
    ):
        with pytest.raises(Taken) as taken:
            await attempt
        assert taken.value.field == field
    assert await history_of(database, other) == [("create", {}, {})]


async def test_external_identifiers_keep_their_case_and_belong_to_their_provider(database: Database) -> None:
    await a_user(database, provider="okta", external_identifier="00uA")
    await a_user(database, provider="okta", external_identifier="00ua")
    await a_user(database, provider="entra", external_identifier="00uA")
    assert len(await database.read(all_rows, identities)) == 3


async def test_an_email_is_unique_within_its_project_only(database: Database) -> None:
    await database.write(a_project, "other")
    await a_user(database, email="a@example.com")
    await database.write(records.create, Caller("other", admin=True), [{"email": "a@example.com"}])


async def test_the_identity_follows_the_documented_fields(database: Database) -> None:
    id_ = await a_user(database, provider="okta", external_identifier="1", auth_data={"groups": ["a"]})

    async def keys() -> set[tuple[str, str]]:
        return {
            (row["provider"], row["external_identifier"])
            for row in await database.read(all_rows, identities, user=id_)
        }

    assert await keys() == {("okta", "1")}
    await change(database, HOUSE, id_, provider="entra")
    assert await keys() == {("entra", "1")}
    assert (await user(database, id_))["auth_data"] is None, "what another provider said is no longer true"
    await change(database, HOUSE, id_, external_identifier=None)
    assert await keys() == set()


async def test_two_users_cannot_swap_into_each_others_identity_by_accident(database: Database) -> None:
    a = await a_user(database, provider="okta", external_identifier="1")
    b = await a_user(database, provider="okta", external_identifier="2")
    await database.write(
        records.change, HOUSE, {a: {"external_identifier": "2"}, b: {"external_identifier": "1"}}
    )
    owners = {r["external_identifier"]: r["user"] for r in await database.read(all_rows, identities)}
    assert owners == {"2": a, "1": b}


async def test_an_archived_user_frees_email_and_identity_and_can_come_back(database: Database) -> None:
    gone = await a_user(database, email="a@example.com", provider="okta", external_identifier="1")
    await change(database, HOUSE, gone, status="archived")
    heir = await a_user(database, email="A@example.com", provider="okta", external_identifier="1")
    with pytest.raises(Taken):
        await change(database, HOUSE, gone, status="active")
    await database.write(records.remove, HOUSE, [heir])
    await change(database, HOUSE, gone, status="active")
    row = await user(database, gone)
    assert (row["email_key"], row["status"]) == ("a@example.com", "active")
    assert len(await database.read(all_rows, identities)) == 1


async def test_create_leaves_one_activity_and_one_revision_without_secrets(database: Database) -> None:
    admin = await an_administrator(database)
    caller = Caller(
        "default", admin.user, admin=True, origin=Origin("192.0.2.1", "curl", "https://x.example")
    )
    given = {
        "email": "a@example.com",
        "password_hash": "$argon2id$",
        "token_fingerprint": "f",
        "token_sealed": "s",
    }
    (id_,) = await database.write(records.create, caller, [given])
    told = {"email": "a@example.com", "password": CONCEALED, "token": CONCEALED}
    assert await history_of(database, id_) == [("create", told, told)]
    (row,) = await database.read(all_rows, activity, item=id_)
    assert (row["user"], row["ip"], row["user_agent"], row["origin"], row["collection"]) == (
        admin.user,
        "192.0.2.1",
        "curl",
        "https://x.example",
        "users",
    )


async def test_change_leaves_the_whole_row_and_what_changed(database: Database) -> None:
    id_ = await a_user(database, email="a@example.com", password_hash="h", tags=["x"])
    await change(database, HOUSE, id_, title="Dr", password_hash="i", token_fingerprint=None)
    _, (action, data, delta) = await history_of(database, id_)
    assert action == "update"
    assert delta == {"title": "Dr", "password": CONCEALED}
    assert data.keys() == ATTRIBUTES.keys() - {"number"}
    assert (data["title"], data["password"], data["token"], data["tags"]) == ("Dr", CONCEALED, None, ["x"])
    row = await user(database, id_)
    assert row["version"] == 2 and row["changed_at"] >= row["created_at"]


async def test_many_changes_and_removals_leave_one_activity_each(database: Database) -> None:
    ids = await database.write(records.create, HOUSE, [{"email": f"{n}@example.com"} for n in range(5)])
    await database.write(records.change, HOUSE, {id_: {"title": f"t{id_}"} for id_ in ids})
    await database.write(records.remove, HOUSE, ids)
    for id_ in ids:
        happened = await history_of(database, id_)
        assert [action for action, _, _ in happened] == ["create", "update", "delete"]
        assert happened[1][2] == {"title": f"t{id_}"}
        assert happened[2][1:] == (None, None)
    assert await database.read(all_rows, users) == []


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        {"title": "Dr"},
        {"title": CONCEALED, "email": CONCEALED, "role": CONCEALED, "tags": CONCEALED, "status": CONCEALED},
        {"auth_data": {"b": 2, "a": [1, {"c": None}]}},
        {"id": "00000000-0000-0000-0000-000000000000", "number": 77},
        {"email_notifications": True, "status": "active", "provider": "okta", "email": "a@example.com"},
        {"last_access": "2024-01-01T01:00:00+01:00"},
        {"avatar": "6F1AE2D0-3C6E-4D3C-9B1E-6C8D7A5B4C3D"},
    ],
)
async def test_a_change_of_nothing_leaves_no_trace(database: Database, nothing: dict[str, object]) -> None:
    await a_file(database, id="6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d")
    id_ = await a_user(
        database,
        email="a@example.com",
        title="Dr",
        tags=[],
        provider="okta",
        avatar="6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d",
        last_access="2024-01-01T00:00:00.000Z",
        auth_data={"a": [1, {"c": None}], "b": 2},
    )
    before = await user(database, id_)
    await change(database, HOUSE, id_, **nothing)
    await change(database, person(id_), id_, **nothing)
    assert await user(database, id_) == before
    assert len(await history_of(database, id_)) == 1


@pytest.mark.parametrize("hostile", [2**70, float("nan"), "\ud800", "\0", b"x"])
async def test_a_hostile_document_is_refused_before_it_is_compared(
    database: Database, hostile: object
) -> None:
    id_ = await a_user(database, auth_data={"a": 1}, tags=["a"])
    deep: object = hostile
    for _ in range(5_000):
        deep = [deep]
    for value in ({"a": hostile}, [hostile], deep, {"a": deep}):
        for name in ("auth_data", "tags", "title", "role", "status"):
            with pytest.raises(Invalid):
                await change(database, HOUSE, id_, **{name: value})


async def test_true_is_not_one_inside_a_document(database: Database) -> None:
    id_ = await a_user(database, auth_data={"a": 1})
    await change(database, HOUSE, id_, auth_data={"a": True})
    assert (await user(database, id_))["auth_data"] == {"a": True}


async def test_the_last_access_alone_leaves_no_history_and_no_version(database: Database) -> None:
    id_ = await a_user(database)
    await change(database, HOUSE, id_, last_access="2024-01-01T00:00:00Z")
    row = await user(database, id_)
    assert (row["last_access"], row["version"]) == ("2024-01-01T00:00:00.000Z", 1)
    assert len(await history_of(database, id_)) == 1


async def test_a_role_must_exist(database: Database) -> None:
    id_ = await a_user(database)
    for attempt in (
        database.write(records.create, HOUSE, [{"role": str(uuid4())}]),
        database.write(records.change, HOUSE, {id_: {"role": str(uuid4())}}),
    ):
        with pytest.raises(NoSuch) as missing:
            await attempt
        assert missing.value.field == "role"
    role = await a_role(database)
    await change(database, HOUSE, id_, role=role.upper())
    assert (await user(database, id_))["role"] == role


async def test_a_role_of_another_project_does_not_exist(database: Database) -> None:
    await database.write(a_project, "other")
    role = await a_role(database)
    with pytest.raises(NoSuch):
        await database.write(records.create, Caller("other", admin=True), [{"role": role}])


@pytest.mark.parametrize(
    "id_", ["x", "", "\0", "5f0c7f4e-3b0a-4c55-9d5a-0f6d5b6c1a11", "ffffffffffffffffffffffffffffffff"]
)
async def test_what_is_not_there_is_forbidden(database: Database, id_: str) -> None:
    other = await a_user(database, title="kept")
    with pytest.raises(Forbidden):
        await database.write(records.change, HOUSE, {other: {"title": "lost"}, id_: {"title": "Dr"}})
    with pytest.raises(Forbidden):
        await database.write(records.remove, HOUSE, [other, id_])
    assert (await user(database, other))["title"] == "kept"


async def test_a_local_user_keeps_an_email(database: Database) -> None:
    id_ = await a_user(database, email="a@example.com")
    with pytest.raises(Invalid) as invalid:
        await change(database, HOUSE, id_, email=None)
    assert (invalid.value.field, invalid.value.rule) == ("email", "nnull")
    await change(database, HOUSE, id_, provider="okta", external_identifier="1", email=None)


async def test_another_email_is_not_verified_any_more(database: Database) -> None:
    (made,) = await database.write(newcomers.make, HOUSE, [{"email": "a@example.com"}], verified=True)
    id_ = made["id"]
    await change(database, HOUSE, id_, email="A@example.com")
    assert (await user(database, id_))["email_verified_at"] is not None, "the same address, written otherwise"
    await change(database, HOUSE, id_, email="b@example.com")
    assert (await user(database, id_))["email_verified_at"] is None


async def test_what_is_searched_follows(database: Database) -> None:
    id_ = await a_user(database, first_name="STRASSE", description="Über\nuns", external_identifier="Ab")
    assert (await user(database, id_))["search_text"] == "strasse\nüber\nuns\nab"
    await change(database, HOUSE, id_, first_name="ẞ", title="Dr", description=None)
    assert (await user(database, id_))["search_text"] == "ss\ndr\nab"


async def test_a_tfa_secret_cannot_be_written_only_cleared(database: Database) -> None:
    with pytest.raises(Invalid):
        await a_user(database, tfa_secret="x")
    id_ = await a_user(database)
    with pytest.raises(Invalid):
        await change(database, HOUSE, id_, tfa_secret="x")
    await change(database, HOUSE, id_, tfa_secret=None)
    await change(database, HOUSE, id_, tfa_secret=CONCEALED)


async def test_every_changed_user_is_announced(database: Database) -> None:
    heard: list[tuple[str, str]] = []
    database.on_commit(lambda announced: heard.extend(sorted(announced)))
    ids = await database.write(records.create, HOUSE, [{}, {}])
    assert sorted(heard) == sorted(("user", id_) for id_ in ids)
    heard.clear()
    await database.write(records.change, HOUSE, {ids[0]: {"title": "Dr"}, ids[1]: {"title": None}})
    assert heard == [("user", ids[0])], "nothing changed of the other"
    heard.clear()
    await database.write(records.remove, HOUSE, ids)
    assert sorted(heard) == sorted(("user", id_) for id_ in ids)


async def test_an_attribute_that_nobody_has_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(KeyError):
        await a_user(database, connection=str(uuid4()))
    id_ = await a_user(database)
    with pytest.raises(KeyError):
        await change(database, HOUSE, id_, version_of="x")


async def test_revisions_point_to_their_own_activity(database: Database) -> None:
    async def both(tx: Transaction) -> None:
        (a,) = await records.create(tx, HOUSE, [{"title": "a"}])
        await records.change(tx, HOUSE, {a: {"title": "b"}})
        await records.change(tx, HOUSE, {a: {"title": "c"}})

    await database.write(both)
    kept = await database.read(all_rows, revisions)
    assert len({row["activity"] for row in kept}) == 3


async def test_of_many_each_has_a_number_a_revision_and_its_own_activity_in_their_order(
    database: Database,
) -> None:
    await a_user(database)
    made = await database.write(records.create, HOUSE, [{"title": str(number)} for number in range(20)])
    kept = (await database.read(all_rows, users))[-20:]
    assert [row["id"] for row in sorted(kept, key=lambda row: row["number"])] == made
    noted = {row["id"]: row["item"] for row in await database.read(all_rows, activity)}
    revised = sorted(await database.read(all_rows, revisions), key=lambda row: row["activity"])[-20:]
    assert [row["item"] for row in revised] == [noted[row["activity"]] for row in revised] == made
