"""The rules of who somebody is and what is kept of it: each begins with the attack, and it is refused."""

import asyncio
from typing import Any

import msgspec
import pyotp
import pytest

from providers.contract import Identity, Refused, Tokens, Unreachable
from providers.secret import Secret
from service.database import Database
from service.database.tables import activity, identities, sessions, users
from service.sealing import Sealer
from service.tokens import new_secret
from service.users.claims import Policy, proves_factor
from service.users.grants import Grants
from service.users.model import Origin
from service.users.problems import Forged, WrongCredentials, WrongOtp, WrongProvider
from service.users.second_factor import SecondFactor
from service.users.sessions import Opened
from service.users.sign_on import Arrival, Owing, sign_on
from tests.core.people import HOUSE, a_role, a_user, all_rows, an_administrator, person, set_row, user

SEALER = Sealer([new_secret("")])
GRANTS = Grants(SEALER)
OPEN = Policy(registers=True)
HERE = Origin("192.0.2.1")


async def arrive(
    database: Database,
    policy: Policy = OPEN,
    otp: str | None = None,
    factor: SecondFactor | None = None,
    **said: Any,
) -> Opened | Owing:
    known = {
        "provider": "hub",
        "external_identifier": "1",
        "email": "ada@example.com",
        "email_verified": True,
    }
    identity = Identity(**{**known, "profile": {}, **said})
    arrival = Arrival("default", policy, identity, HERE, 600, otp)
    return await sign_on(database, arrival, factor or SecondFactor(SEALER), GRANTS)


async def into(database: Database, policy: Policy = OPEN, **said: Any) -> dict[str, Any]:
    """The row of who came in."""
    opened = await arrive(database, policy, **said)
    assert isinstance(opened, Opened)
    return await user(database, opened.user)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def protected(database: Database) -> tuple[SecondFactor, Clock, str]:
    """Ada, who has a second factor here, and what makes her codes."""
    clock = Clock()
    factor = SecondFactor(SEALER, clock)
    row = await into(database)
    made = await database.write(factor.generate, person(row["id"]), "here", armed=False)
    await database.write(
        factor.enable, person(row["id"]), made.secret, pyotp.TOTP(made.secret).at(int(clock.now))
    )
    clock.now += 60
    return factor, clock, made.secret


async def test_rule_26_a_sign_on_does_not_skip_the_second_factor(database: Database) -> None:
    factor, clock, secret = await protected(database)
    before = len(await database.read(all_rows, sessions))
    for amr in ((), ("pwd",), ("otp",), ("pwd", "pin"), ("MFA",), ("pwd", "wia")):
        assert isinstance(await arrive(database, factor=factor, amr=amr), Owing)
    with pytest.raises(WrongOtp):
        await arrive(database, factor=factor, otp="000000")
    assert len(await database.read(all_rows, sessions)) == before
    code = pyotp.TOTP(secret).at(int(clock.now))
    assert isinstance(await arrive(database, factor=factor, otp=code), Opened)
    with pytest.raises(WrongOtp):  # rule 24: a code is good once, on this path too
        await arrive(database, factor=factor, otp=code)


@pytest.mark.parametrize(
    "said", [{"amr": ("pwd", "mfa")}, {"amr": ("pwd", "hwk")}, {"amr": ("face", "swk")}, {"acr": "gold"}]
)
async def test_rule_26_a_provider_that_answers_for_the_factor_is_enough(
    database: Database, said: dict[str, Any]
) -> None:
    factor, _, _ = await protected(database)
    policy = Policy(registers=True, acr=("gold",))
    assert isinstance(await arrive(database, policy, factor=factor, **said), Opened)


async def test_rule_36_only_the_acr_that_was_written_down_counts() -> None:
    said = Identity(
        provider="hub", external_identifier="1", profile={"amr": ["mfa"], "acr": "gold"}, acr="silver"
    )
    assert not proves_factor(said, ("gold",))
    assert not proves_factor(said, ())


async def test_rule_25_guessing_codes_through_a_provider_is_slowed_down(database: Database) -> None:
    from service.users.problems import TooMany

    factor, _, _ = await protected(database)
    for _ in range(5):
        with pytest.raises(WrongOtp):
            await arrive(database, factor=factor, otp="000000")
    with pytest.raises(TooMany):
        await arrive(database, factor=factor, otp="000000")


async def test_rule_11_an_unverified_account_is_never_linked(database: Database) -> None:
    linking = Policy(registers=True, links=True)
    trap = await a_user(database, email="ada@example.com", password_hash="h")
    with pytest.raises(WrongProvider):
        await arrive(database, linking)
    await database.write(set_row, users, trap, email_verified_at="2026-01-01T00:00:00.000Z")
    with pytest.raises(WrongProvider):  # without the administrator's leave
        await arrive(database)
    with pytest.raises(WrongCredentials):  # and without the provider's word
        await arrive(database, linking, email_verified=False)
    assert (await into(database, linking))["id"] == trap
    with pytest.raises(WrongProvider):  # once: nobody else there becomes the same person
        await arrive(database, linking, external_identifier="2")


async def test_rule_11_no_administrator_is_linked_by_an_address(database: Database) -> None:
    root = await an_administrator(database)
    await database.write(set_row, users, root.user, email_verified_at="2026-01-01T00:00:00.000Z")
    with pytest.raises(WrongProvider):
        await arrive(database, Policy(registers=True, links=True), email="root@example.com")


async def test_rule_9_and_39_at_once_and_at_two_providers(database: Database) -> None:
    told = await asyncio.gather(*(arrive(database) for _ in range(4)))
    assert len({one.user for one in told}) == 1
    other = await into(database, provider="other", email="other@example.com")
    assert other["id"] != told[0].user
    assert (await into(database, external_identifier="A", email="a@example.com"))["id"] != (
        await into(database, external_identifier="a", email="b@example.com")
    )["id"]


async def test_rule_32_tokens_of_providers_are_sealed_for_their_row(database: Database) -> None:
    tokens = Tokens(Secret("very-secret-refresh"), Secret("very.secret.id"))
    await arrive(database, tokens=tokens)
    await arrive(database, external_identifier="2", email="eve@example.com", tokens=tokens)
    rows = await database.read(all_rows, identities)
    assert "very" not in msgspec.json.encode(rows).decode()
    mine, theirs = (next(r for r in rows if r["external_identifier"] == key) for key in ("1", "2"))
    assert GRANTS._open("default", ("hub", "1"), mine["tokens"]).refresh_token == "very-secret-refresh"
    moved = GRANTS._open("default", ("hub", "1"), theirs["tokens"])
    assert moved.refresh_token is None  # a ciphertext from another row opens nothing


async def test_a_refresh_token_that_comes_once_is_kept(database: Database) -> None:
    await arrive(database, tokens=Tokens(Secret("first"), Secret("a.b.c")))
    await arrive(database, tokens=Tokens(None, Secret("d.e.f")))
    (row,) = await database.read(all_rows, identities)
    kept = GRANTS._open("default", ("hub", "1"), row["tokens"])
    assert (kept.refresh_token, kept.id_token) == ("first", "d.e.f")


class Hub:
    """A provider whose answers to a renewal are written down."""

    def __init__(self, *answers: Secret | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def renew(self, refresh_token: Secret) -> Secret | None:
        self.asked.append(refresh_token.reveal())
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_rule_22_a_grant_that_is_revoked_ends_every_session_it_began(database: Database) -> None:
    tokens = Tokens(Secret("one"), None)
    first, second = await arrive(database, tokens=tokens), await arrive(database, tokens=tokens)
    assert isinstance(first, Opened)
    assert isinstance(second, Opened)
    hub = Hub(Secret("two"), Unreachable("down"), Refused("gone", code="invalid_grant"))
    who = ("default", first.user, "hub", HERE)

    async def later() -> None:
        (row,) = await database.read(all_rows, identities)
        where = {"project": "default", "provider": "hub", "external_identifier": "1"}
        await database.write(_forget_question, where)
        assert row["asked_at"] is not None

    await asyncio.gather(*(GRANTS.renew(database, hub, *who) for _ in range(5)))
    assert hub.asked == ["one"]  # of five at once one asks: no refresh token is ever used twice
    await later()
    await GRANTS.renew(database, hub, *who)  # down: nobody is signed out for that
    assert len(await database.read(all_rows, sessions)) == 2
    await later()
    with pytest.raises(Forged):
        await GRANTS.renew(database, hub, *who)
    assert hub.asked == ["one", "two", "two"]
    assert await database.read(all_rows, sessions) == []
    (note,) = await database.read(all_rows, activity, action="refused")
    assert note["item"] == first.user
    assert "hub: revoked" in note["comment"]


async def test_rule_22_what_is_said_of_an_older_grant_does_not_end_a_newer_one(database: Database) -> None:
    """Somebody signs on anew while their provider is asked about the grant of before."""
    first = await arrive(database, tokens=Tokens(Secret("one"), None))
    assert isinstance(first, Opened)
    who = ("default", first.user, "hub", HERE)

    class Slow(Hub):
        async def renew(self, refresh_token: Secret) -> Secret | None:
            await arrive(database, tokens=Tokens(Secret(f"after {refresh_token.reveal()}"), None))
            return await super().renew(refresh_token)

    hub = Slow(Refused("gone", code="invalid_grant"), Secret("two"), None)
    for _ in range(2):
        await GRANTS.renew(database, hub, *who)
        await database.write(_forget_question, {})
    assert len(await database.read(all_rows, sessions)) == 3
    assert await database.read(all_rows, activity, action="refused") == []
    await GRANTS.renew(database, hub, *who)
    assert hub.asked == ["one", "after one", "after after one"]  # each time what the last sign-on brought


async def _forget_question(tx: Any, where: dict[str, str]) -> None:
    from sqlalchemy import bindparam, update

    await tx.run(
        update(identities).where(identities.c.project == bindparam("of_project")),
        of_project="default",
        asked_at=None,
    )


async def test_the_role_follows_the_groups_at_every_sign_on(database: Database) -> None:
    staff, guest = await a_role(database), await a_role(database)
    policy = Policy(registers=True, default_role=guest, roles={"staff": staff, "other": guest})
    assert (await into(database, policy, groups=("x", "staff")))["role"] == staff
    assert (await into(database, policy, groups=("x",)))["role"] == guest
    assert (await into(database, policy, groups=("other", "staff")))["role"] == staff  # the mapping's order
    assert (await into(database, policy, groups=None))["role"] == staff  # the provider could not tell


async def test_no_mapping_makes_an_administrator_unless_that_was_written_down(database: Database) -> None:
    root = await an_administrator(database)
    assert root.role is not None
    plain = await a_role(database)
    mapping = {"admins": root.role, "staff": plain}
    careless = Policy(registers=True, default_role=root.role, roles=mapping)
    assert (await into(database, careless, groups=("admins",)))["role"] is None
    assert (await into(database, careless, groups=()))["role"] is None
    notes = await database.read(all_rows, activity, action="refused")
    assert "ALLOW_ADMINISTRATORS" in notes[-1]["comment"]
    meant = Policy(registers=True, roles=mapping, administrators=True)
    assert (await into(database, meant, groups=("admins",)))["role"] == root.role
    assert (await into(database, careless, groups=("staff",)))["role"] == root.role  # nor takes it away
    assert (await into(database, meant, groups=("staff",)))["role"] == plain


async def test_the_last_administrator_stays_one_whatever_the_groups_say(database: Database) -> None:
    root = await an_administrator(database)
    await database.write(_own, root.user, {"provider": "hub", "external_identifier": "1"})
    policy = Policy(roles={"admins": str(root.role)}, administrators=True)
    assert (await into(database, policy, groups=()))["role"] == root.role


async def _own(tx: Any, key: str, values: dict[str, object]) -> None:
    from service.users import records

    await records.change(tx, HOUSE, {key: values})


async def test_name_and_address_are_followed_where_that_is_wanted(database: Database) -> None:
    await into(database, first_name="Ada")
    moved = {"email": "ada@new.example", "first_name": "Augusta", "last_name": "King"}
    row = await into(database, OPEN, **moved)
    assert (row["email"], row["first_name"]) == ("ada@example.com", "Ada")
    following = Policy(sync=True)
    row = await into(database, following, **moved)
    assert (row["email"], row["first_name"], row["last_name"]) == ("ada@new.example", "Augusta", "King")
    assert row["email_verified_at"] is not None


async def test_rule_12_an_address_is_not_followed_out_of_the_providers_domains(database: Database) -> None:
    await into(database)
    bounded = Policy(sync=True, domains=("example.com",))
    for said in ({"email": "ada@evil.example"}, {"email": "ada@sub.example.com"}):
        assert (await into(database, bounded, **said))["email"] == "ada@example.com"
    unproven = {"email": "new@example.com", "email_verified": False}
    assert (await into(database, bounded, **unproven))["email"] == "ada@example.com"
    await a_user(database, email="taken@example.com")
    assert (await into(database, bounded, email="Taken@example.com"))["email"] == "ada@example.com"
