"""The one step after every arrival: who this is, and nobody becomes anybody else."""

import asyncio
from typing import Any

import pytest

from providers.contract import Identity
from service.database import Database
from service.database.tables import activity, identities, invitations, letters, sessions, users
from service.sealing import Sealer
from service.tokens import fingerprint, new_secret
from service.users import acceptance, connections, records
from service.users import invitations as inviting
from service.users.claims import Policy
from service.users.clock import later
from service.users.grants import Grants
from service.users.model import Caller, Origin
from service.users.problems import Expired, NotInvited, Unreachable, WrongCredentials, WrongProvider
from service.users.second_factor import SecondFactor
from service.users.sessions import Opened
from service.users.sign_on import Arrival, sign_on
from tests.connecting import connect
from tests.core.people import (
    HOUSE,
    a_key,
    a_project,
    a_role,
    a_user,
    all_rows,
    history_of,
    person,
    set_row,
    user,
)

OPEN = Policy(registers=True)
CLOSED = Policy()
SEALER = Sealer([new_secret("")])
BROWSER = Origin("192.0.2.1", "Firefox")


def ada(**said: Any) -> Identity:
    known = {"email": "ada@example.com", "email_verified": True, "first_name": "Ada", "last_name": "Byron"}
    return Identity(
        **{"provider": "okta", "external_identifier": "00uA", "profile": {"locale": "en"}, **known, **said}
    )


async def arrive(database: Database, policy: Policy = OPEN, project: str = "default", **said: Any) -> Opened:
    arrival = Arrival(project, policy, ada(**said), BROWSER, 60)
    opened = await sign_on(database, arrival, SecondFactor(SEALER), Grants(SEALER))
    assert isinstance(opened, Opened)
    return opened


async def refused(database: Database, policy: Policy = OPEN, **said: Any) -> str:
    """The cause, with proof that nothing was written but the note."""
    before = await database.read(all_rows, users), await database.read(all_rows, identities)
    with pytest.raises((WrongCredentials, WrongProvider, Expired, Unreachable)):
        await arrive(database, policy, **said)
    assert (await database.read(all_rows, users), await database.read(all_rows, identities)) == before
    notes = await database.read(all_rows, activity, action="refused")
    note = max(notes, key=lambda row: row["id"])
    assert note["ip"] == "192.0.2.1"
    return str(note["comment"]).partition(" (")[0]


async def a_connection(database: Database, **options: Any) -> Caller:
    token = await database.write(connect, HOUSE, "okta", **options)
    found = await database.read(connections.recognise, fingerprint(token))
    assert found is not None
    return found.connection.caller(Origin())


async def test_somebody_new_is_made_where_the_provider_lets_people_in(database: Database) -> None:
    role = await a_role(database)
    session = await arrive(database, Policy(registers=True, default_role=role))
    row = await user(database, session.user)
    facts = (
        "provider",
        "external_identifier",
        "auth_data",
        "first_name",
        "last_name",
        "email",
        "role",
        "status",
    )
    assert [row[name] for name in facts] == [
        *("okta", "00uA", {"locale": "en"}, "Ada", "Byron", "ada@example.com", role, "active")
    ]
    assert row["email_verified_at"] is not None and row["password_hash"] is None
    assert (session.role, session.admin) == (role, False)
    (action, data, delta), (login, _, _) = await history_of(database, session.user)
    assert (action, login) == ("create", "login") and data == delta and data["provider"] == "okta"
    assert {row["user"] for row in await database.read(all_rows, activity)} >= {session.user}
    (kept,) = await database.read(all_rows, sessions)
    assert kept["provider"] == "okta"


async def test_who_comes_back_is_the_same_user(database: Database) -> None:
    first = await arrive(database)
    again = await arrive(database, CLOSED, email="new@example.com", first_name="Changed")
    assert again.user == first.user and again.session != first.session
    row = await user(database, first.user)
    assert (row["email"], row["first_name"], row["version"]) == ("ada@example.com", "Ada", 1)
    assert [h[0] for h in await history_of(database, first.user)] == ["create", "login", "login"]


async def test_what_the_provider_says_anew_is_kept(database: Database) -> None:
    first = await arrive(database)
    await arrive(database, profile={"locale": "fr"})
    assert (await user(database, first.user))["auth_data"] == {"locale": "fr"}
    assert (await history_of(database, first.user))[2][2] == {"auth_data": {"locale": "fr"}}


async def test_rule_9_identifiers_keep_their_case_and_their_provider(database: Database) -> None:
    a = await arrive(database)
    b = await arrive(database, external_identifier="00ua", email="b@example.com")
    c = await arrive(database, provider="entra", email="c@example.com")
    assert len({a.user, b.user, c.user}) == 3


async def test_a_provider_that_lets_nobody_in_lets_nobody_in(database: Database) -> None:
    assert await refused(database, CLOSED) == "okta: unknown"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"email_verified": False}, "unverified"),
        ({"email": None}, "unverified"),
        ({"email": "no address"}, "malformed"),
        ({"email": "a@localhost"}, "malformed"),
        ({"email": "a\0@example.com"}, "malformed"),
        ({"external_identifier": ""}, "malformed"),
        ({"external_identifier": "x" * 256}, "malformed"),
        ({"external_identifier": "a\0"}, "malformed"),
        ({"external_identifier": "\ud800"}, "malformed"),
        ({"provider": "default"}, "malformed"),
    ],
)
async def test_an_identity_that_cannot_be_trusted(
    database: Database, said: dict[str, Any], cause: str
) -> None:
    assert (await refused(database, **said)).endswith(f": {cause}")


async def test_an_unverified_email_may_be_let_in_but_is_not_verified(database: Database) -> None:
    lax = Policy(registers=True, verified_email=False)
    session = await arrive(database, lax, email_verified=False)
    assert (await user(database, session.user))["email_verified_at"] is None
    nameless = await arrive(database, lax, external_identifier="2", email=None, email_verified=False)
    assert (await user(database, nameless.user))["email"] is None
    await arrive(database)
    assert (await user(database, session.user))["email_verified_at"] is not None, "verified since"


async def test_rule_12_a_provider_speaks_only_for_its_domains(database: Database) -> None:
    bounded = Policy(registers=True, domains=("example.com",))
    assert await arrive(database, bounded, email="ada@EXAMPLE.com")
    for email in ("eve@evil.example", "eve@sub.example.com", "eve@notexample.com"):
        assert await refused(database, bounded, external_identifier="2", email=email) == "okta: foreign"


@pytest.mark.parametrize("provider", ["default", "okta", "entra"])
async def test_rule_11_nobody_is_linked_to_somebody_elses_user(database: Database, provider: str) -> None:
    """The same, even verified, e-mail makes nobody the owner."""
    await a_user(database, email="ADA@example.com", provider=provider, external_identifier="mine")
    assert await refused(database) == "okta: another user has this e-mail"


async def test_rule_11_a_prehijacked_account_waits_in_vain(database: Database) -> None:
    """An attacker's local user with the victim's address, as yet unverified."""
    trap = await a_user(database, email="ada@example.com", password_hash="h")
    assert await refused(database) == "okta: another user has this e-mail"
    assert (await user(database, trap))["provider"] == "default"


@pytest.mark.parametrize("status", ["suspended", "draft", "archived", "invited"])
async def test_who_is_not_active_stays_out(database: Database, status: str) -> None:
    first = await arrive(database)
    await database.write(records.change, HOUSE, {first.user: {"status": status}})
    assert await refused(database) == "okta: inactive"


async def test_who_waits_under_the_very_identity_accepts_by_it_once(database: Database) -> None:
    waiting = await a_user(database, email="ada@example.com", provider="okta", external_identifier="00uA")
    await database.write(records.change, HOUSE, {waiting: {"status": "invited"}})
    assert await refused(database) == "okta: inactive", "nobody has invited them"
    await database.write(inviting.invite, HOUSE, ["ada@example.com"], None, inviting.Terms(60))
    session = await arrive(database)
    assert session.user == waiting
    assert (await user(database, waiting))["status"] == "active"
    (invitation,) = await database.read(all_rows, invitations, user=waiting)
    assert invitation["used_at"] is not None


async def test_rule_39_two_callbacks_at_once_make_one_user(database: Database) -> None:
    for attempt in range(5):
        said: dict[str, Any] = {"external_identifier": f"x{attempt}", "email": f"x{attempt}@example.com"}
        told = await asyncio.gather(*(arrive(database, **said) for _ in range(4)))
        assert len({session.user for session in told}) == 1
        assert len(await database.read(all_rows, users, external_identifier=f"x{attempt}")) == 1


async def test_two_people_with_one_address_at_once_make_one_user(database: Database) -> None:
    told = await asyncio.gather(
        arrive(database, external_identifier="1"),
        arrive(database, external_identifier="2"),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in told) == ["Opened", "WrongProvider"]


async def test_a_default_role_that_is_gone_is_an_administrators_mistake(database: Database) -> None:
    policy = Policy(registers=True, default_role=a_key())
    assert await refused(database, policy) == "okta: role"


async def test_a_provisioned_user_is_claimed_by_identifier(database: Database) -> None:
    okta = await a_connection(database)
    values = {"email": "ada@corp.example", "external_identifier": "00uA", "auth_data": {"scim": 1}}
    (id_,) = await database.write(records.create, okta, [values])
    session = await arrive(database, CLOSED, email_verified=False, email=None)
    assert session.user == id_
    assert (await user(database, id_))["auth_data"] == {"scim": 1}, "what the connection sent stays"
    (identity,) = await database.read(all_rows, identities)
    assert identity["auth_data"] == {"locale": "en"} and identity["last_used_at"] is not None


async def test_a_provisioned_user_is_claimed_by_verified_email_once(database: Database) -> None:
    okta = await a_connection(database)
    values = {"email": "Ada@example.com", "external_identifier": "scim-id"}
    (id_,) = await database.write(records.create, okta, [values])
    assert await refused(database, CLOSED, email_verified=False) == "okta: unverified"
    first = await arrive(database, CLOSED)
    assert first.user == id_
    row = await user(database, id_)
    assert (row["provider"], row["external_identifier"]) == ("okta", "scim-id")
    assert (await arrive(database, CLOSED)).user == id_
    assert await refused(database, external_identifier="eve") == "okta: another user has this e-mail"
    await database.write(records.change, okta, {id_: {"external_identifier": "00uA"}})
    assert (await arrive(database, CLOSED)).user == id_, "the connection names the identity now in use"


async def test_the_connection_of_another_provider_gives_no_claim(database: Database) -> None:
    okta = await a_connection(database)
    await database.write(records.create, okta, [{"email": "ada@example.com", "external_identifier": "1"}])
    assert await refused(database, provider="entra") == "entra: another user has this e-mail"


async def test_who_takes_a_colleagues_address_lies_in_wait_in_vain(database: Database) -> None:
    okta = await a_connection(database)
    (eve,) = await database.write(
        records.create, okta, [{"email": "eve@example.com", "external_identifier": "eve"}]
    )
    await arrive(database, CLOSED, external_identifier="eve", email="eve@example.com")
    await database.write(records.change, person(eve), {eve: {"email": "ada@example.com"}})
    assert await refused(database, CLOSED) == "okta: another user has this e-mail"


async def test_a_look_alike_address_claims_nobody(database: Database) -> None:
    """The keys of both are one, so that no two users can have them; the addresses are two."""
    okta = await a_connection(database)
    await database.write(records.create, okta, [{"email": "mike@example.com", "external_identifier": "1"}])
    for lookalike in ("mi\u212ae@example.com", "\uff4dike@example.com"):
        assert await refused(database, email=lookalike) == "okta: another user has this e-mail"


async def test_a_suspended_provisioned_user_is_not_claimed(database: Database) -> None:
    okta = await a_connection(database)
    (id_,) = await database.write(records.create, okta, [{"email": "ada@example.com"}])
    await database.write(records.change, okta, {id_: {"status": "suspended"}})
    assert await refused(database) == "okta: inactive"


async def invited(database: Database, lifetime: float = 60) -> tuple[str, dict[str, Any]]:
    (jti,) = await database.write(inviting.invite, HOUSE, ["Ada@example.com"], None, inviting.Terms(lifetime))
    (row,) = await database.read(all_rows, users)
    return jti, row


async def test_an_invitation_is_accepted_by_signing_on(database: Database) -> None:
    """directus #10424, #15857: invited people could not sign on."""
    jti, row = await invited(database)
    session = await arrive(database, CLOSED)
    assert session.user == row["id"]
    now_ = await user(database, row["id"])
    assert (now_["status"], now_["provider"], now_["external_identifier"]) == ("active", "okta", "00uA")
    assert (now_["first_name"], now_["auth_data"]) == ("Ada", {"locale": "en"})
    assert now_["email_verified_at"] is not None
    (invitation,) = await database.read(all_rows, invitations)
    assert invitation["used_at"] is not None and invitation["voided_at"] is None
    (letter,) = await database.read(all_rows, letters)
    assert letter["status"] == "cancelled"
    with pytest.raises(NotInvited):
        await database.write(acceptance.accept, "default", jti, "ada@example.com", "h", Origin())
    assert (await arrive(database, CLOSED)).user == row["id"]


async def test_an_invited_person_who_arrives_twice_at_once_is_one(database: Database) -> None:
    _, row = await invited(database)
    told = await asyncio.gather(*(arrive(database) for _ in range(4)))
    assert {session.user for session in told} == {row["id"]}


async def test_an_invitation_needs_the_verified_address(database: Database) -> None:
    await invited(database)
    assert await refused(database, email_verified=False) == "okta: unverified"
    lax = Policy(registers=True, verified_email=False)
    assert await refused(database, lax, email_verified=False) == "okta: another user has this e-mail"
    assert await refused(database, email="ada@example.org", policy=CLOSED) == "okta: unknown"
    assert await refused(database, email="\uff41da@example.com") == "okta: another user has this e-mail"


async def test_an_invitation_past_its_time_admits_nobody(database: Database) -> None:
    jti, row = await invited(database)
    await database.write(set_row, invitations, jti, expires_at=later(row["created_at"], -1))
    assert await refused(database) == "okta: the invitation is not open"


async def test_long_and_odd_names_are_cut_to_what_fits(database: Database) -> None:
    session = await arrive(database, first_name="x" * 500, last_name="a\0b", profile={"a": ["\0"]})
    row = await user(database, session.user)
    assert (row["first_name"], row["last_name"], row["auth_data"]) == ("x" * 50, None, None)


async def test_an_identity_belongs_to_its_project(database: Database) -> None:
    await database.write(a_project, "other")
    here, there = await arrive(database), await arrive(database, project="other")
    assert here.user != there.user


async def test_an_administrator_moves_a_user_to_a_provider(database: Database) -> None:
    """sign-on.md, 3.4: by setting provider and external identifier."""
    id_ = await a_user(database, email="ada@example.com", password_hash="h")
    await database.write(records.change, HOUSE, {id_: {"provider": "okta", "external_identifier": "00uA"}})
    assert (await arrive(database, CLOSED)).user == id_
