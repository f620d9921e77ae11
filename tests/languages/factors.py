"""Authenticator apps for the tests: the codes of a secret, and a person who has one in force."""

import time
from typing import Any

import httpx2
import pyotp
import pytest
from sqlalchemy import update

from service.database import Transaction
from service.database.tables import second_factors
from tests.served import PASSWORD, Served


def code(secret: str, ahead: int = 0, at: float | None = None) -> str:
    """The code that an app shows, so many steps of 30 seconds from now, or from `at`."""
    return pyotp.TOTP(secret).at(time.time() if at is None else at, counter_offset=ahead)


def stop_clock(house: Served, monkeypatch: pytest.MonkeyPatch) -> float:
    """Judge codes by a clock that stands still from now on, so that no step ends between two answers."""
    at = time.time()
    monkeypatch.setattr(house.house.factor, "_clock", lambda: at)
    return at


def wrong(secret: str) -> str:
    """Six digits that are no code of this secret, now or soon."""
    good = {code(secret, ahead) for ahead in range(-3, 4)}
    return next(digits for n in range(8) if (digits := f"{n:06}") not in good)


async def forget_steps(house: Served) -> None:
    """Let the codes of this minute be good again, as if time had passed."""

    async def change(tx: Transaction) -> None:
        await tx.run(update(second_factors), step=None)

    await house.house.database.write(change)


async def login(house: Served, otp: object = None, **more: Any) -> httpx2.Response:
    """Sign in as Eve."""
    body: dict[str, object] = {"email": "eve@example.com", "password": PASSWORD, **more}
    if otp is not None:
        body["otp"] = otp
    return await house.ask("POST", "/auth/login", body, token=None)


async def generate(house: Served, token: str) -> dict[str, str]:
    """A secret, pending."""
    answer = await house.ask("POST", "/users/me/tfa/generate", {"password": PASSWORD}, token=token)
    assert answer.status_code == 200, answer.text
    made: dict[str, str] = answer.json()["data"]
    return made


async def protect(house: Served, token: str) -> str:
    """Put a second factor in force; give its secret."""
    secret = (await generate(house, token))["secret"]
    body = {"secret": secret, "otp": code(secret)}
    answer = await house.ask("POST", "/users/me/tfa/enable", body, token=token)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    await forget_steps(house)
    return secret
