"""A forgotten password: one answer for everybody, a letter, a token that works once and ends every session."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select

from service.api.passwords import PACE
from service.database import Transaction
from service.database.tables import letters, users
from service.users import resets
from tests.languages.factors import code, login, protect
from tests.served import PASSWORD, Served, refusal

NEW = "a river of quiet stones"


async def ask_for(house: Served, email: str = "eve@example.com", **more: Any) -> tuple[int, float]:
    """Ask for a letter; the status and the time that it took."""
    begun = time.monotonic()
    answer = await house.ask("POST", "/auth/password/request", {"email": email, **more}, token=None)
    assert answer.status_code != 204 or answer.content == b""
    return answer.status_code, time.monotonic() - begun


async def posted(house: Served) -> list[dict[str, Any]]:
    """The letters about passwords that are owed, oldest first."""

    async def look(tx: Transaction) -> list[tuple[Any, ...]]:
        return await tx.rows(select(letters).order_by(letters.c.id))

    names = [column.name for column in letters.c]
    rows = [dict(zip(names, row, strict=True)) for row in await house.house.database.read(look)]
    return [row for row in rows if row["kind"] == resets.LETTER]


def token_of(house: Served, row: dict[str, Any], **changes: Any) -> str:
    """The token that the letter carries."""

    class Issued:
        project, id, user, email = row["project"], row["id"], row["reference"], row["recipient"]
        bound, issued_at, expires_at = row["data"]["bound"], row["created_at"], row["expires_at"]

    issued = Issued()
    for name, value in changes.items():
        setattr(issued, name, value)
    return resets.mint(house.house.tokens, issued)


async def reset(house: Served, token: str, password: str = NEW) -> Any:
    body = {"token": token, "password": password}
    return await house.ask("POST", "/auth/password/reset", body, token=None)


async def test_a_letter_leads_to_a_new_password_and_every_session_ends(house: Served) -> None:
    key, static = await house.person("eve@example.com")
    access = (await login(house)).json()["data"]["access_token"]
    assert (await ask_for(house, "EVE@example.com"))[0] == 204
    (row,) = await posted(house)
    assert (row["recipient"], row["reference"]) == ("eve@example.com", key)
    token = token_of(house, row)
    claims = house.house.tokens.verify("reset", token)
    assert (claims["email"], claims["scope"], claims["iss"]) == (
        "eve@example.com", "password-reset", "directus",
    )  # fmt: skip
    assert claims["exp"] - claims["iat"] == 86_400
    answer = await reset(house, token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await house.ask("GET", "/users/me", token=access)).status_code == 401
    assert (await house.ask("GET", "/users/me", token=static)).status_code == 200
    assert refusal(await login(house)) == (401, "INVALID_CREDENTIALS")
    assert (await login(house, password=NEW)).status_code == 200

    async def verified(tx: Transaction) -> Any:
        return await tx.row(select(users.c.email_verified_at).where(users.c.id == key))

    assert (await house.house.database.read(verified))[0] is not None
    assert refusal(await reset(house, token, "yet another password")) == (403, "INVALID_TOKEN")


async def test_rule_28_nobody_learns_who_is_here(house: Served) -> None:
    """One status, no body, and a time that tells nothing."""
    await house.person("eve@example.com")
    for status in ("draft", "suspended", "archived"):
        await house.person(f"{status}@example.com", status=status)
    await house.person("okta@example.com", provider="okta", external_identifier="1")
    names = ("eve", "draft", "suspended", "archived", "okta", "nobody")
    told = [await ask_for(house, f"{name}@example.com") for name in names]
    assert {status for status, _ in told} == {204}
    assert min(seconds for _, seconds in told) >= PACE
    assert [row["recipient"] for row in await posted(house)] == ["eve@example.com"]


async def test_a_reset_url_that_nobody_allowed_is_refused_for_everybody(house: Served) -> None:
    await house.person("eve@example.com")
    for email in ("eve@example.com", "nobody@example.com"):
        status, _ = await ask_for(house, email, reset_url="https://evil.example/reset")
        assert status == 400
    assert await posted(house) == []


async def test_a_mailbox_is_not_flooded(house: Served) -> None:
    await house.person("eve@example.com")
    for _ in range(8):
        assert (await ask_for(house))[0] == 204
    rows = await posted(house)
    assert len(rows) == 5
    assert [row["status"] for row in rows] == ["cancelled"] * 4 + ["queued"]  # only the newest goes out
    assert (await reset(house, token_of(house, rows[0]))).status_code == 204


async def test_rule_31_tokens_that_are_not_good(house: Served) -> None:
    key, _ = await house.person("eve@example.com")
    await ask_for(house)
    (row,) = await posted(house)
    good = token_of(house, row)
    soon = int(time.time()) + 60
    invite = house.house.tokens.sign("invite", {"jti": key, "email": "eve@example.com"}, expires_at=soon)
    access = (await login(house)).json()["data"]["access_token"]
    bare = house.house.tokens.sign("reset", {"jti": key}, expires_at=soon)
    forged = [good[:-4] + "AAAA", "x", invite, access, bare]
    forged += [token_of(house, row, bound="0" * 32), token_of(house, row, email="eva@example.com")]
    forged += [token_of(house, row, user=house.admin), token_of(house, row, project="other")]
    for token in forged:
        assert refusal(await reset(house, token)) == (403, "INVALID_TOKEN")
    old = token_of(house, row, issued_at="2021-02-05T15:18:13.000Z", expires_at="2021-02-06T15:18:13.000Z")
    assert refusal(await reset(house, old)) == (401, "TOKEN_EXPIRED")
    for password in ("short", "password123"):
        assert refusal(await reset(house, good, password)) == (400, "FAILED_VALIDATION")
    assert (await reset(house, good)).status_code == 204


@pytest.mark.parametrize(
    "change",
    [{"password": "an administrator's choice"}, {"email": "eva@example.com"}, {"status": "suspended"}],
    ids=["password", "email", "status"],
)
async def test_a_token_dies_with_what_it_names(house: Served, change: dict[str, str]) -> None:
    key, _ = await house.person("eve@example.com")
    await ask_for(house)
    (row,) = await posted(house)
    assert (await house.ask("PATCH", f"/users/{key}", change)).status_code == 200
    assert refusal(await reset(house, token_of(house, row))) == (403, "INVALID_TOKEN")


async def test_rule_26_a_reset_does_not_pass_by_the_second_factor(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    secret = await protect(house, token)
    await ask_for(house)
    (row,) = await posted(house)
    assert (await reset(house, token_of(house, row))).status_code == 204
    assert refusal(await login(house, password=NEW)) == (401, "INVALID_OTP")
    assert (await login(house, code(secret), password=NEW)).status_code == 200


async def test_somebody_without_a_password_gets_their_first_one_so(house: Served) -> None:
    key, _ = await house.person("eve@example.com", password=None)
    await ask_for(house)
    (row,) = await posted(house)
    token = token_of(house, row)
    assert (await reset(house, token)).status_code == 204
    assert (await login(house, password=NEW)).status_code == 200
    assert refusal(await reset(house, token, PASSWORD)) == (403, "INVALID_TOKEN")
    assert key == row["reference"]


async def test_two_who_use_a_token_at_once_set_one_password(house: Served) -> None:
    await house.person("eve@example.com")
    await ask_for(house)
    (row,) = await posted(house)
    token = token_of(house, row)
    answers = await asyncio.gather(*(reset(house, token, f"{NEW} {n}") for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403]
    (first,) = [n for n, answer in enumerate(answers) if answer.status_code == 204]
    assert (await login(house, password=f"{NEW} {first}")).status_code == 200
