"""Invitations: one letter, one use, the newest counts."""

import asyncio
from typing import Any

import pytest

from service.database import Database, new_key
from service.database.tables import invitations, letters, users
from service.users import acceptance, records
from service.users import invitations as inviting
from service.users.clock import later
from service.users.invitation_states import look
from service.users.model import Caller, Origin
from service.users.problems import BadPayload, Expired, Invalid, NoSuch, NotInvited, Taken
from tests.core.people import (
    HOUSE,
    a_project,
    a_role,
    a_user,
    all_rows,
    an_administrator,
    history_of,
    set_row,
    user,
)


async def invite(
    database: Database, *emails: object, role: str | None = None, caller: Caller = HOUSE, **how: Any
) -> list[str]:
    return await database.write(
        inviting.invite, caller, emails, role, inviting.Terms(**{"lifetime": 3600, **how})
    )


async def accept(database: Database, jti: str, email: str = "a@example.com", project: str = "default") -> str:
    return await database.write(acceptance.accept, project, jti, email, "$hash$", Origin("192.0.2.1"))


async def state(database: Database, jti: str) -> str | None:
    found = await database.read(look, "default", jti)
    return found.state if found else None


async def expire(database: Database, jti: str) -> None:
    (row,) = await database.read(all_rows, invitations, id=jti)
    await database.write(set_row, invitations, jti, expires_at=later(row["issued_at"], -1))


async def test_an_invitation_is_a_user_a_row_and_a_letter(database: Database) -> None:
    admin, role = await an_administrator(database), await a_role(database)
    how = {"url": "https://app.example/join", "defaults": {"language": "en-US"}}
    (jti,) = await invite(database, "a@example.com", role=role, caller=admin, **how)
    (row,) = await database.read(all_rows, users, status="invited")
    assert (row["email"], row["role"], row["language"], row["provider"]) == (
        *("a@example.com", role, "en-US", "default"),
    )
    assert row["password_hash"] is None and row["email_verified_at"] is None
    (invitation,) = await database.read(all_rows, invitations)
    assert (invitation["id"], invitation["user"], invitation["invited_by"]) == (jti, row["id"], admin.user)
    assert invitation["expires_at"] == later(invitation["issued_at"], 3600)
    (letter,) = await database.read(all_rows, letters)
    assert (letter["kind"], letter["reference"], letter["recipient"], letter["status"]) == (
        *("invitation", jti, "a@example.com", "queued"),
    )
    assert letter["message_id"] is None  # fixed by the first claim
    assert letter["data"] == {
        "invitation": jti,
        "email": "a@example.com",
        "inviter": "Ada Root",
        "project": "",
        "url": "https://app.example/join",
        "issued_at": invitation["issued_at"],
        "expires_at": invitation["expires_at"],
    }
    assert [entry[0] for entry in await history_of(database, row["id"])] == ["create"]


async def test_accepting_makes_the_person_active(database: Database) -> None:
    (jti,) = await invite(database, "A@example.com")
    id_ = await accept(database, jti)
    row = await user(database, id_)
    assert (row["status"], row["password_hash"]) == ("active", "$hash$")
    assert row["email_verified_at"] is not None
    assert await state(database, jti) == "used"
    (_, (action, data, delta)) = await history_of(database, id_)
    assert (action, delta) == ("update", {"status": "active", "password": "**********"})
    assert data["status"] == "active"
    (letter,) = await database.read(all_rows, letters)
    assert letter["status"] == "cancelled"


async def test_looking_consumes_nothing(database: Database) -> None:
    """F15: a hundred mail scanners open the link first."""
    (jti,) = await invite(database, "a@example.com")
    assert {await state(database, jti) for _ in range(100)} == {"open"}
    found = await database.read(look, "default", jti)
    assert found is not None and (found.email, found.project) == ("a@example.com", "")
    assert await accept(database, jti)


async def test_rule_30_an_invitation_is_used_once(database: Database) -> None:
    (jti,) = await invite(database, "a@example.com")
    await accept(database, jti)
    with pytest.raises(NotInvited) as refused:
        await accept(database, jti)
    assert refused.value.email == "a@example.com"


async def test_of_many_who_accept_at_once_one_does(database: Database) -> None:
    for attempt in range(5):
        email = f"a{attempt}@example.com"
        (jti,) = await invite(database, email)
        told = await asyncio.gather(*(accept(database, jti, email) for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(answer, str) for answer in told) == 1
        assert sum(isinstance(answer, NotInvited) for answer in told) == 5


async def test_rule_30_a_newer_invitation_voids_the_older(database: Database) -> None:
    """directus #17255, #17994: a lost letter could not be sent again."""
    people, staff = await a_role(database), await a_role(database)
    (old,) = await invite(database, "a@example.com", role=people)
    (new,) = await invite(database, "A@EXAMPLE.com", role=staff)
    assert (await state(database, old), await state(database, new)) == ("voided", "open")
    (row,) = await database.read(all_rows, users)
    assert row["role"] == staff
    kept = {letter["reference"]: letter["status"] for letter in await database.read(all_rows, letters)}
    assert kept == {old: "cancelled", new: "queued"}
    with pytest.raises(NotInvited):
        await accept(database, old)
    assert await accept(database, new)


async def test_a_look_alike_address_gets_no_letter_for_somebody_else(database: Database) -> None:
    await invite(database, "mike@example.com")
    await invite(database, "\uff4dike@example.com", "MIKE@example.com")
    assert {row["recipient"] for row in await database.read(all_rows, letters)} == {"mike@example.com"}
    assert {row["email"] for row in await database.read(all_rows, invitations)} == {"mike@example.com"}


@pytest.mark.parametrize("status", ["active", "suspended", "draft"])
async def test_who_is_here_already_gets_no_letter_and_nobody_is_told(database: Database, status: str) -> None:
    role = await a_role(database)
    id_ = await a_user(database, email="a@example.com", status=status)
    assert await invite(database, "A@example.com", role=role) == []
    assert await database.read(all_rows, letters) == []
    assert (await user(database, id_))["role"] is None
    assert len(await history_of(database, id_)) == 1


async def test_an_archived_persons_address_may_be_invited_anew(database: Database) -> None:
    await a_user(database, email="a@example.com", status="archived")
    (jti,) = await invite(database, "a@example.com")
    assert await accept(database, jti)


async def test_many_are_invited_each_once(database: Database) -> None:
    ids = await invite(database, "a@example.com", "B@example.com", "b@example.com", "c@example.com")
    assert len(ids) == 3
    assert [(await database.read(look, "default", id_)).email for id_ in ids] == [  # type: ignore[union-attr]  # they were just made
        *("a@example.com", "b@example.com", "c@example.com")
    ]


async def test_one_bad_address_among_many_invites_nobody(database: Database) -> None:
    for bad in ("no address", None, 5, "a\n@example.com"):
        with pytest.raises(Invalid):
            await invite(database, "good@example.com", bad)
    with pytest.raises(NoSuch):
        await invite(database, "good@example.com", role=new_key())
    with pytest.raises(BadPayload):
        await invite(database, *(f"{n}@example.com" for n in range(inviting.MOST + 1)))
    assert await database.read(all_rows, users) == await database.read(all_rows, letters) == []


async def test_an_expired_invitation_is_told_apart(database: Database) -> None:
    (jti,) = await invite(database, "a@example.com")
    await expire(database, jti)
    assert await state(database, jti) == "expired"
    with pytest.raises(Expired):
        await accept(database, jti)
    (row,) = await database.read(all_rows, users)
    assert (row["status"], row["password_hash"]) == ("invited", None)


async def test_rule_30_a_bound_invitation_serves_nobody_else(database: Database) -> None:
    """Bound to the e-mail, the user's status and the project."""
    (jti,) = await invite(database, "a@example.com")
    await database.write(a_project, "other")
    for attempt in (
        accept(database, jti, "b@example.com"),
        accept(database, jti, project="other"),
        accept(database, new_key()),
    ):
        with pytest.raises(NotInvited):
            await attempt
    (row,) = await database.read(all_rows, users)
    await database.write(set_row, users, row["id"], status="suspended")
    with pytest.raises(NotInvited):
        await accept(database, jti)
    await database.write(set_row, users, row["id"], status="invited", email_key="c@example.com")
    with pytest.raises(NotInvited):
        await accept(database, jti)
    await database.write(records.remove, HOUSE, [row["id"]])
    with pytest.raises(NotInvited):
        await accept(database, jti)
    assert await state(database, jti) is None


async def test_accepting_and_removing_at_once_leaves_one_truth(database: Database) -> None:
    for attempt in range(5):
        email = f"a{attempt}@example.com"
        (jti,) = await invite(database, email)
        (row,) = await database.read(all_rows, users, email=email)
        told = await asyncio.gather(
            accept(database, jti, email),
            database.write(records.change, HOUSE, {row["id"]: {"status": "suspended"}}),
            return_exceptions=True,
        )
        assert told[1] is None
        assert (await user(database, row["id"]))["status"] == "suspended"


async def test_inviting_the_same_person_twice_at_once_makes_one_user(database: Database) -> None:
    told = await asyncio.gather(
        *(invite(database, "a@example.com") for _ in range(4)), return_exceptions=True
    )
    assert all(isinstance(answer, list | Taken) for answer in told)
    assert len(await database.read(all_rows, users)) == 1
    states = [await state(database, row["id"]) for row in await database.read(all_rows, invitations)]
    assert states.count("open") == 1
