"""@directus/sdk, unmodified, as the judge of signing in: two-factor, forgotten passwords; 26 and 13."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.languages.factors import code, forget_steps, wrong
from tests.peers import sdk as peers
from tests.peers.sdk import Refused, Sdk
from tests.served import PASSWORD, Served, served

EMAIL = "ada@example.com"
NEW = "a river of quiet stones"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application, with the worker that lays its letters into a folder."""
    ours = {"PASSWORD_RESET_URL_ALLOW_LIST": "https://app.example.com/reset", "PUBLIC_REGISTRATION": "true"}
    async with served(database_url, tmp_path, lambda _: ours, worker=True) as house:
        yield house


async def _login(sdk: Sdk, password: str = PASSWORD, **options: str) -> Any:
    if sdk.version == 13:
        return await sdk("login", EMAIL, password, options)
    return await sdk("login", {"email": EMAIL, "password": password}, options)


async def _refused(sdk: Sdk, call: str, *given: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await sdk(call, *given)
    return caught.value.status, caught.value.code


async def _letter_token(folder: Path) -> str:
    """The token in the newest letter to Ada."""
    for _ in range(200):
        files = sorted((folder / "outbox").glob("*.eml")) if (folder / "outbox").is_dir() else []
        for file in files:
            message = message_from_bytes(file.read_bytes(), policy=default)
            part = message.get_body(("plain",))
            assert part is not None
            if message["To"] == EMAIL and (found := re.search(r"[?&]token=(\S+)", part.get_content())):
                return found[1]
        await asyncio.sleep(0.05)
    raise AssertionError("no letter came")


async def test_two_factor_from_generate_to_disable(house: Served, sdk: Sdk) -> None:
    await house.person(EMAIL)
    await _login(sdk)
    assert await _refused(sdk, "generateTwoFactorSecret", "wrong") == (401, "INVALID_CREDENTIALS")
    made = await sdk("generateTwoFactorSecret", PASSWORD)
    secret = made["secret"]
    assert f"secret={secret}&period=30&digits=6&algorithm=SHA1&issuer=" in made["otpauth_url"]
    assert await _refused(sdk, "enableTwoFactor", secret, wrong(secret)) == (400, "INVALID_PAYLOAD")
    await sdk("enableTwoFactor", secret, code(secret))
    assert sdk.wire[-1]["status"] == 204
    await forget_steps(house)
    assert (await sdk("readMe", {"fields": ["tfa_secret"]}))["tfa_secret"] == "**********"

    async with peers.client(sdk.version, house.url) as other:
        with pytest.raises(Refused) as caught:
            await _login(other)
        assert (caught.value.status, caught.value.code) == (401, "INVALID_OTP")
        issued = await _login(other, otp=code(secret))
        assert issued["expires"] == 900_000
        await forget_steps(house)
        assert await _refused(other, "disableTwoFactor", wrong(secret)) == (400, "INVALID_PAYLOAD")
        await other("disableTwoFactor", code(secret))
        assert other.wire[-1]["status"] == 204
        await _login(other)


async def test_the_documented_order_of_enable_works_too(house: Served, sdk: Sdk) -> None:
    """Seed 001: enableTwoFactor(otp, secret)."""
    await house.person(EMAIL)
    await _login(sdk)
    secret = (await sdk("generateTwoFactorSecret", PASSWORD))["secret"]
    await sdk("enableTwoFactor", code(secret), secret)
    assert (await sdk("readMe", {"fields": ["tfa_secret"]}))["tfa_secret"] == "**********"


async def test_a_forgotten_password(house: Served, sdk: Sdk, tmp_path: Path) -> None:
    await house.person(EMAIL)
    await sdk("passwordRequest", "nobody@example.com")
    await sdk("passwordRequest", EMAIL)
    assert sdk.wire[-1]["status"] == 204
    token = await _letter_token(tmp_path)
    assert await _refused(sdk, "passwordReset", token + "x", NEW) == (403, "INVALID_TOKEN")
    await sdk("passwordReset", token, NEW)
    assert sdk.wire[-1]["status"] == 204
    assert await _refused(sdk, "passwordReset", token, PASSWORD) == (403, "INVALID_TOKEN")
    with pytest.raises(Refused):
        await _login(sdk)
    await _login(sdk, NEW)


async def test_a_letter_leads_only_where_the_administrator_allowed(
    house: Served, sdk: Sdk, tmp_path: Path
) -> None:
    await house.person(EMAIL)
    evil = "https://app.example.com.evil.example/reset"
    assert await _refused(sdk, "passwordRequest", EMAIL, evil) == (400, "INVALID_PAYLOAD")
    await sdk("passwordRequest", EMAIL, "https://app.example.com/reset")
    await sdk("passwordReset", await _letter_token(tmp_path), NEW)
    await _login(sdk, NEW)


async def test_mode_session_gives_the_client_no_token(house: Served, sdk: Sdk) -> None:
    await house.person(EMAIL)
    issued = await _login(sdk, mode="session")
    assert issued.get("access_token") is None
    assert issued["expires"] == 86_400_000
    assert "access_token" not in sdk.wire[-1]["got"]


@pytest.mark.parametrize("sdk", [26], indirect=True, ids=["sdk26"])
async def test_a_person_registers(house: Served, sdk: Sdk, tmp_path: Path) -> None:
    """registerUser is of SDK 16 and later."""
    await sdk("registerUser", EMAIL, NEW, {"first_name": "Ada"})
    assert sdk.wire[-1]["status"] == 204
    with pytest.raises(Refused):
        await _login(sdk, NEW)
    await sdk("registerUserVerify", await _letter_token(tmp_path))
    assert sdk.wire[-1]["status"] == 200  # of the page that the browser is sent to
    await _login(sdk, NEW)
    assert (await sdk("readMe", {"fields": ["first_name", "status"]})) == {
        "first_name": "Ada",
        "status": "active",
    }
