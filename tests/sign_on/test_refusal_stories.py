"""Whoever is refused is told what helps them, and the administrator finds the whole story in the activity."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from service.database import new_key
from service.database.tables import activity, invitations, users
from tests.core.people import all_rows, set_row
from tests.served import Served, refusal
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, json
from tests.sign_on.liar import house_at, sign_on, tokens_of

HOME = "https://app.example.com/in"
START = f"/auth/login/op?redirect={HOME}"


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    more = {"AUTH_OP_ALLOWED_DOMAINS": "example.com", "AUTH_OP_DEFAULT_ROLE_ID": new_key()}
    async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house:
        yield house


async def nothing(house: Served, issuer: Issuer) -> None:
    """Nothing is to be prepared."""


async def a_namesake(house: Served, issuer: Issuer) -> None:
    await house.person("ada@example.com")


async def an_invitation_too_late(house: Served, issuer: Issuer) -> None:
    answer = await house.ask("POST", "/users/invite", {"email": "ada@example.com", "role": house.role})
    assert answer.status_code == 204
    (row,) = await house.house.database.read(all_rows, invitations)
    await house.house.database.write(set_row, invitations, row["id"], expires_at="2021-02-05T15:18:13.000Z")


async def a_suspension(house: Served, issuer: Issuer) -> None:
    key, _ = await house.person("ada@example.com", provider="op", external_identifier="ada")
    assert (await house.ask("PATCH", f"/users/{key}", {"status": "suspended"})).status_code == 200


async def a_broken_exchange(house: Served, issuer: Issuer) -> None:
    issuer.answers["/token"] = lambda: Answer(status=500)


async def a_wrong_secret(house: Served, issuer: Issuer) -> None:
    issuer.answers["/token"] = lambda: json({"error": "invalid_client"}, 401)


Prepare = Callable[[Served, Issuer], Awaitable[None]]


@pytest.mark.parametrize(
    ("prepare", "claims", "told", "sentence", "story"),
    [
        (nothing, {"email_verified": False}, "INVALID_CREDENTIALS&cause=unverified", "Verify it there", "op: unverified (the provider does not say"),
        (nothing, {"email": "ada@evil.example"}, "INVALID_CREDENTIALS&cause=foreign", "may not be used here", "op: foreign (the e-mail address is of none"),
        (nothing, {"email": "ada@@x"}, "INVALID_CREDENTIALS&cause=malformed", "in a way that we can read", "op: malformed (the identifier"),
        (nothing, {}, "SERVICE_UNAVAILABLE", "does not answer right now", "op: role (DEFAULT_ROLE_ID or ROLE_MAPPING"),
        (a_namesake, {}, "INVALID_PROVIDER", "signs in another way", "op: another user has this e-mail (LINK_BY_EMAIL"),
        (an_invitation_too_late, {}, "TOKEN_EXPIRED&cause=invitation", "invitation is no longer open", "op: the invitation is not open (it was used"),
        (a_suspension, {}, "INVALID_CREDENTIALS&cause=inactive", "is not active", "op: inactive (the user is suspended"),
        (nothing, {"aud": "other"}, "INVALID_CREDENTIALS", "could not be signed in", "op: The ID token is refused: invalid_claim aud"),
        (a_broken_exchange, {}, "SERVICE_UNAVAILABLE", "does not answer right now", "op: "),
        (a_wrong_secret, {}, "SERVICE_UNAVAILABLE", "does not answer right now", "op: The provider said invalid_client"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "-" if isinstance(value, dict) else None,
)  # fmt: skip
async def test_every_refusal_has_two_stories(
    house: Served,
    issuer: Issuer,
    prepare: Prepare,
    claims: dict[str, Any],
    told: str,
    sentence: str,
    story: str,
) -> None:
    await prepare(house, issuer)
    before = len(await house.house.database.read(all_rows, users))
    async with house.client() as client:
        answer = await sign_on(client, issuer, START, **claims)
        assert answer.headers["location"] == f"{HOME}?reason={told}"
        page = await client.get(f"/admin/login?reason={told}")
    assert sentence in page.text
    assert story in await stories(house)
    assert len(await house.house.database.read(all_rows, users)) == before


async def test_nobody_is_left_without_a_word_at_the_departure(house: Served, issuer: Issuer) -> None:
    issuer.answers[DISCOVERY] = lambda: Answer(status=500)
    async with house.client() as client:
        answer = await client.get(START)
    assert answer.headers["location"] == f"{HOME}?reason=SERVICE_UNAVAILABLE"
    assert "op: 127.0.0.1 answered with status 500" in await stories(house)


async def test_who_says_no_there_is_told_that_nothing_has_happened(house: Served, issuer: Issuer) -> None:
    async with house.client() as client:
        away = await client.get(START)
        state = httpx2.URL(away.headers["location"]).params["state"]
        back = {"error": "access_denied", "state": state, "iss": issuer.url}
        answer = await client.get("/auth/login/op/callback", params=back)
        told = urlsplit(answer.headers["location"]).query
        page = await client.get(f"/admin/login?{told}")
    assert told == "reason=INVALID_CREDENTIALS&cause=denied"
    assert "You stopped the sign-in" in page.text
    assert "op: The provider said access_denied" in await stories(house)


async def test_who_comes_back_too_late_gets_a_page_and_a_program_gets_json(house: Served) -> None:
    late = "/auth/login/op/callback?code=c&state=s"
    plain = await house.ask("GET", late, token=None)
    assert refusal(plain) == (401, "INVALID_CREDENTIALS")
    person = await house.ask("GET", late, token=None, headers={"accept": "text/html,*/*;q=0.8"})
    assert person.headers["location"] == f"{house.url}/admin/login?reason=INVALID_CREDENTIALS"
    assert "op: A browser came back that had not left" in await stories(house)


async def test_a_link_that_is_refused_is_told_of_as_well(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    from tests.served import PASSWORD
    from tests.sign_on.liar import come_back
    from tests.sign_on.test_rules_ways_in import depart, eve

    async with house_at(sqlite_url, tmp_path / "data", issuer) as house, house.client() as client:
        await tokens_of(house, issuer)
        _, access = await eve(house)
        away = (await depart(client, access, password=PASSWORD)).json()["data"]["redirect"]
        assert (await come_back(client, issuer, away)).status_code == 403
        assert "op: another user has this identity" in await stories(house)


async def stories(house: Served) -> str:
    """What the activity tells of refusals."""
    told = await house.house.database.read(all_rows, activity, action="refused")
    return "\n".join(str(row["comment"]) for row in told)
