"""Registering oneself: off unless the administrator says so, nobody before the proof."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.database import Transaction
from service.database.tables import letters, registrations
from service.letters import Ticket
from service.users import registrations as core
from service.users.problems import Forbidden
from service.users.throttle import Attempt
from tests.languages.graph import data, gql
from tests.pages.invited import Page
from tests.served import Served, refusal, served

GOOD = "a quiet walk along the river"
URL = "https://app.example.com/welcome"


@pytest.fixture
async def open_house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A house where people may register themselves."""
    ours = {"PUBLIC_REGISTRATION": "true", "USER_REGISTER_URL_ALLOW_LIST": URL}
    async with served(database_url, tmp_path / "data", lambda _: ours) as house:
        yield house


async def register(house: Served, email: str = "grace@example.com", **more: object) -> Any:
    body = {"email": email, "password": GOOD, **more}
    return await house.ask("POST", "/users/register", body, token=None)


async def tokens(house: Served) -> list[str]:
    """The tokens of the letters that are owed, oldest first."""
    names = ("project", "reference", "recipient", "created_at", "expires_at")
    columns = [letters.c[name] for name in names]

    async def look(tx: Transaction) -> list[Ticket]:
        rows = await tx.rows(select(*columns).where(letters.c.kind == core.LETTER).order_by(letters.c.id))
        return [Ticket("verify", *row) for row in rows]

    return [core.mint(house.house.tokens, letter) for letter in await house.house.database.read(look)]


async def verify(house: Served, token: str) -> Any:
    return await house.ask("GET", "/users/register/verify-email", token=None, params={"token": token})


async def login(house: Served, password: str = GOOD) -> int:
    body = {"email": "grace@example.com", "password": password}
    return (await house.ask("POST", "/auth/login", body, token=None)).status_code


async def found(house: Served) -> list[dict[str, Any]]:
    """Everybody called Grace, or at her address."""
    answer = await house.ask(
        "GET", "/users?filter[email][_eq]=grace@example.com&fields=status,first_name,role"
    )
    listed: list[dict[str, Any]] = answer.json()["data"]
    return listed


async def test_nobody_registers_where_it_is_not_allowed(house: Served) -> None:
    assert refusal(await register(house)) == (403, "FORBIDDEN")
    assert await tokens(house) == []


async def test_registering_and_verifying_in_graphql(open_house: Served) -> None:
    house = open_house
    asked = (
        f'mutation {{ users_register(email: "grace@example.com", password: "{GOOD}", first_name: "Grace") }}'
    )
    assert await data(house, asked, token=None) == {"users_register": True}
    assert await found(house) == []
    (token,) = await tokens(house)
    proof = f'mutation {{ users_register_verify(token: "{token}") }}'
    assert await data(house, proof, token=None) == {"users_register_verify": True}
    assert await found(house) == [{"status": "active", "first_name": "Grace", "role": None}]
    again = await gql(house, proof, token=None)
    assert again["data"] == {"users_register_verify": None}
    assert again["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"


async def test_an_account_opens_with_the_letter_that_proves_the_address(open_house: Served) -> None:
    house = open_house
    answer = await register(house, first_name="Grace", last_name="Hopper")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await found(house) == []
    assert await login(house) == 401
    (token,) = await tokens(house)
    answer = await verify(house, token)
    assert (answer.status_code, answer.headers["location"]) == (302, f"{house.url}/admin/verify?done=")
    page = Page(await house.ask("GET", answer.headers["location"], token=None))
    assert (page.status, page.heading) == (200, "Your account is open")
    assert await found(house) == [{"status": "active", "first_name": "Grace", "role": None}]
    assert await login(house) == 200
    assert refusal(await verify(house, token)) == (400, "INVALID_PAYLOAD")
    assert "verified already" in (await verify(house, token)).text
    assert len(await found(house)) == 1


async def test_the_page_of_the_letter_needs_its_button(open_house: Served) -> None:
    """Mail scanners open every link: looking opens no account."""
    house = open_house
    await register(house)
    (token,) = await tokens(house)
    for _ in range(5):
        page = Page(await house.ask("GET", "/admin/verify", token=None, params={"token": token}))
        assert (page.status, page.has_form) == (200, True)
        assert "grace@example.com" in page.text
    assert await found(house) == []
    async with house.client() as client:
        crossed = await client.post(
            "/admin/verify", data={"token": token}, headers={"sec-fetch-site": "cross-site"}
        )
        assert crossed.status_code == 403
        done = await client.post("/admin/verify", data={"token": token})
        assert done.status_code == 303
        again = Page(await client.post("/admin/verify", data={"token": token}))
        assert (again.status, again.heading) == (410, "This link is no longer valid")
        broken = Page(await client.post("/admin/verify", data={"token": "x"}))
        assert broken.status == 400
    assert await login(house) == 200


async def test_rule_28_and_11_nobody_learns_who_is_here_already(open_house: Served) -> None:
    """The account that is there stays as it is."""
    house = open_house
    await house.person("grace@example.com", first_name="Hers")
    answer = await register(house, "GRACE@example.com", password="the password of a stranger")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await tokens(house) == []
    assert (await found(house))[0]["first_name"] == "Hers"


async def test_rule_11_each_letter_opens_with_the_password_of_its_own_registration(
    open_house: Served,
) -> None:
    """A stranger who registers her address first, or again, does not choose her password."""
    house = open_house
    await register(house, password="the stranger's password")
    await register(house, password=GOOD)
    await register(house, password="the stranger's other one")
    first, hers, last = await tokens(house)
    answers = await asyncio.gather(*(verify(house, hers) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [302, 400, 400]
    for token in (first, last):
        assert refusal(await verify(house, token)) == (400, "INVALID_PAYLOAD")
    assert await login(house) == 200
    assert await login(house, "the stranger's password") == 401


async def test_an_address_that_was_taken_meanwhile_stays_whose_it_is(open_house: Served) -> None:
    house = open_house
    await register(house)
    (token,) = await tokens(house)
    await house.person("grace@example.com")
    assert refusal(await verify(house, token)) == (400, "RECORD_NOT_UNIQUE")
    assert len(await found(house)) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"password": "short"}, 400),
        ({"password": "password123"}, 400),
        ({"email": "grace"}, 400),
        ({"first_name": "x" * 51}, 400),
        ({"role": "00000000-0000-7000-8000-000000000000"}, 400),
        ({"verification_url": "https://evil.example/"}, 400),
        ({"verification_url": URL}, 204),
    ],
)
async def test_what_is_refused(open_house: Served, body: dict[str, object], status: int) -> None:
    assert (await register(open_house, **{"email": "grace@example.com", **body})).status_code == status
    assert len(await tokens(open_house)) == (status == 204)


async def test_registering_again_and_again_runs_into_a_wait(open_house: Served) -> None:
    for _ in range(5):
        assert (await register(open_house)).status_code == 204
    assert refusal(await register(open_house)) == (429, "REQUESTS_EXCEEDED")


async def test_rule_31_tokens_of_other_kinds_are_refused(open_house: Served) -> None:
    house = open_house
    await register(house)
    (good,) = await tokens(house)
    soon = 4_102_444_800
    jti = house.house.tokens.verify("verify", good)["jti"]
    for token in (good[:-4] + "AAAA", "x", house.house.tokens.sign("invite", {"jti": jti}, expires_at=soon)):
        assert refusal(await verify(house, token)) == (403, "INVALID_TOKEN")
    old = house.house.tokens.sign("verify", {"jti": jti}, expires_at=1_700_000_000, issued_at=1_600_000_000)
    assert refusal(await verify(house, old)) == (401, "TOKEN_EXPIRED")
    assert (await house.ask("GET", "/users/register/verify-email", token=None)).status_code == 302
    assert (await verify(house, good)).status_code == 302


async def test_no_registration_makes_an_administrator(house: Served) -> None:
    """Whatever the setting says."""
    attempt = Attempt("default", "grace@example.com", "192.0.2.1")
    values = {"password_hash": "$x$", "role": house.role}
    with pytest.raises(Forbidden):
        await house.house.database.write(core.register, attempt, values, url=None)
    assert await tokens(house) == []


async def test_no_password_rests_in_clear(open_house: Served) -> None:
    await register(open_house)

    async def read(tx: Transaction) -> str:
        return str([await tx.rows(select(table)) for table in (registrations, letters)])

    kept = await open_house.house.database.read(read)
    assert "$argon2id$" in kept
    assert GOOD not in kept
    assert "eyJ" not in kept
