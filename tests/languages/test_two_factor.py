"""Two-factor authentication over REST: every documented body, and every way around it closed."""

import asyncio
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from service.database import Transaction
from service.database.tables import recovery_codes, revisions, second_factors, users
from tests.languages.factors import code, forget_steps, generate, login, protect, stop_clock, wrong
from tests.served import PASSWORD, Served, refusal

TFA = "/users/me/tfa"


async def test_from_generate_to_disable(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    made = await generate(house, token)
    assert made.keys() == {"secret", "otpauth_url"}
    assert len(made["secret"]) == 32
    url = urlsplit(made["otpauth_url"])
    place = house.url.partition("://")[2]
    assert (url.scheme, url.netloc) == ("otpauth", "totp")
    assert url.path == "/" + f"{place}:eve@example.com".replace(":", "%3A", 1)
    assert parse_qsl(url.query) == [
        ("secret", made["secret"]), ("period", "30"), ("digits", "6"), ("algorithm", "SHA1"), ("issuer", place),
    ]  # fmt: skip
    assert (await login(house)).status_code == 200  # pending: nothing is asked for yet
    enabled = {"secret": made["secret"], "otp": code(made["secret"])}
    assert (await house.ask("POST", f"{TFA}/enable", enabled, token=token)).status_code == 204
    shown = await house.ask("GET", f"/users/{key}?fields=tfa_secret")
    assert shown.json() == {"data": {"tfa_secret": "**********"}}
    await forget_steps(house)

    assert refusal(await login(house)) == (401, "INVALID_OTP")
    assert refusal(await login(house, wrong(made["secret"]))) == (401, "INVALID_OTP")
    assert refusal(await login(house, "", mode="json"))[0] == 400
    assert refusal(await login(house, code(made["secret"]), password="wrong")) == (401, "INVALID_CREDENTIALS")
    assert refusal(await login(house, password="wrong")) == (401, "INVALID_CREDENTIALS")
    assert (await login(house, code(made["secret"]))).status_code == 200

    bad = await house.ask("POST", f"{TFA}/disable", {"otp": wrong(made["secret"])}, token=token)
    assert bad.json()["errors"][0]["message"] == 'Invalid payload. "otp" is invalid.'
    good = await house.ask("POST", f"{TFA}/disable", {"otp": code(made["secret"], 1)}, token=token)
    assert good.status_code == 204
    assert (await login(house)).status_code == 200
    again = await house.ask("POST", f"{TFA}/disable", {"otp": "000000"}, token=token)
    assert again.json()["errors"][0]["message"] == f'Invalid payload. User "{key}" doesn\'t have TFA enabled.'


async def test_the_early_body_of_enable_makes_a_secret_that_the_first_code_confirms(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    answer = await house.ask("POST", "/users/tfa/enable", {"password": PASSWORD}, token=token)
    made = answer.json()["data"]
    assert made.keys() == {"secret", "otpauth_url"}
    for otp in (None, wrong(made["secret"])):
        assert (await login(house, otp)).status_code == 200
    shown = await house.ask("GET", f"/users/{key}?fields=tfa_secret")
    assert shown.json() == {"data": {"tfa_secret": None}}
    assert (await login(house, code(made["secret"]))).status_code == 200
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    await forget_steps(house)
    disabled = await house.ask("POST", "/users/tfa/disable", {"otp": code(made["secret"])}, token=token)
    assert disabled.status_code == 204


async def test_a_pending_secret_of_an_early_client_can_be_dropped_with_its_code(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    answer = await house.ask("POST", f"{TFA}/enable", {"password": PASSWORD}, token=token)
    secret = answer.json()["data"]["secret"]
    assert (await house.ask("POST", f"{TFA}/disable", {"otp": code(secret)}, token=token)).status_code == 204
    assert (await login(house, code(secret, 1))).status_code == 200
    assert (await login(house)).status_code == 200


async def test_swapped_values_are_recognised(house: Served) -> None:
    """Seed 001 shows enableTwoFactor(otp, secret), whose real order is (secret, otp)."""
    _, token = await house.person("eve@example.com")
    secret = (await generate(house, token))["secret"]
    body = {"secret": code(secret), "otp": secret}
    assert (await house.ask("POST", f"{TFA}/enable", body, token=token)).status_code == 204


async def test_only_the_newest_generated_secret_can_be_enabled(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    own = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    older = (await generate(house, token))["secret"]
    newer = (await generate(house, token))["secret"]
    for secret in (own, older):
        answer = await house.ask(
            "POST", f"{TFA}/enable", {"secret": secret, "otp": code(secret)}, token=token
        )
        assert refusal(answer) == (400, "INVALID_PAYLOAD")
    body = {"secret": newer, "otp": code(newer)}
    assert (await house.ask("POST", f"{TFA}/enable", body, token=token)).status_code == 204
    for path in ("generate", "enable"):
        answer = await house.ask("POST", f"{TFA}/{path}", {"password": PASSWORD}, token=token)
        assert answer.json()["errors"][0]["message"] == (
            "Invalid payload. TFA Secret is already set for this user."
        )


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("generate", None, (400, "INVALID_PAYLOAD")),
        ("generate", {"password": "wrong"}, (401, "INVALID_CREDENTIALS")),
        ("generate", {"password": 5}, (400, "INVALID_PAYLOAD")),
        ("enable", {"otp": "123456"}, (400, "INVALID_PAYLOAD")),
        ("enable", {"secret": "x", "otp": "123456"}, (400, "INVALID_PAYLOAD")),
        ("enable", [], (400, "INVALID_PAYLOAD")),
        ("disable", {}, (400, "INVALID_PAYLOAD")),
        ("disable", {"otp": "123456"}, (400, "INVALID_PAYLOAD")),
        ("recovery-codes", {"password": PASSWORD}, (400, "INVALID_PAYLOAD")),
        ("recovery-codes", {"password": "wrong"}, (401, "INVALID_CREDENTIALS")),
    ],
)
async def test_what_is_refused(house: Served, path: str, body: object, expected: tuple[int, str]) -> None:
    _, token = await house.person("eve@example.com")
    assert refusal(await house.ask("POST", f"{TFA}/{path}", body, token=token)) == expected
    stranger = await house.ask("POST", f"{TFA}/{path}", {"password": PASSWORD, "otp": "1"}, token=None)
    assert stranger.status_code in (400, 401)


@pytest.fixture
def at(house: Served, monkeypatch: pytest.MonkeyPatch) -> float:
    """When it is, for as long as the test takes."""
    return stop_clock(house, monkeypatch)


async def test_rule_24_a_code_is_good_once(house: Served, at: float) -> None:
    """Also when it comes twice at once, and for every earlier code after a later one."""
    _, token = await house.person("eve@example.com")
    secret = await protect(house, token)
    once = code(secret, at=at)
    answers = await asyncio.gather(*(login(house, once) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    assert (await login(house, code(secret, 1, at))).status_code == 200
    for ahead in (-1, 0, 1):
        assert refusal(await login(house, code(secret, ahead, at))) == (401, "INVALID_OTP")


async def test_one_step_off_is_near_enough_and_two_are_not(house: Served, at: float) -> None:
    _, token = await house.person("eve@example.com")
    secret = await protect(house, token)
    for ahead in (-2, 2):
        assert refusal(await login(house, code(secret, ahead, at))) == (401, "INVALID_OTP")
    for ahead in (-1, 1):
        assert (await login(house, code(secret, ahead, at))).status_code == 200


async def test_rule_25_guessed_codes_run_into_a_wait(house: Served) -> None:
    """And the wait shows only behind the right password."""
    _, token = await house.person("eve@example.com")
    secret = await protect(house, token)
    for _ in range(8):
        assert refusal(await login(house)) == (401, "INVALID_OTP")  # no code at all is no guess
    for _ in range(5):
        assert refusal(await login(house, wrong(secret))) == (401, "INVALID_OTP")
    waiting = await login(house, code(secret))
    assert refusal(waiting) == (429, "REQUESTS_EXCEEDED")
    assert 0 < int(waiting.headers["retry-after"]) <= 300
    assert refusal(await login(house, code(secret), password="wrong")) == (401, "INVALID_CREDENTIALS")
    for _ in range(5):
        guess = await house.ask("POST", f"{TFA}/disable", {"otp": wrong(secret)}, token=token)
        assert guess.status_code == 400
    guess = await house.ask("POST", f"{TFA}/disable", {"otp": wrong(secret)}, token=token)
    assert guess.status_code == 429


async def test_rule_27_guessed_passwords_run_into_a_wait(house: Served) -> None:
    """Over HTTP: the known and the unknown alike."""
    await house.person("eve@example.com")
    for email in ("eve@example.com", "nobody@example.com"):
        for _ in range(20):
            answer = await login(house, password="wrong", email=email)
            assert refusal(answer) == (401, "INVALID_CREDENTIALS")
        waiting = await login(house, password="wrong", email=email)
        assert refusal(waiting) == (429, "REQUESTS_EXCEEDED")
        assert waiting.json()["errors"][0]["extensions"]["limit"] == 20
        assert 0 < int(waiting.headers["retry-after"]) <= 300


async def test_recovery_codes_open_once_each(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    secret = await protect(house, token)
    asked = {"password": PASSWORD}
    first = (await house.ask("POST", f"{TFA}/recovery-codes", asked, token=token)).json()["data"]["codes"]
    codes = (await house.ask("POST", f"{TFA}/recovery-codes", asked, token=token)).json()["data"]["codes"]
    assert len(set(codes)) == 10
    assert refusal(await login(house, first[0])) == (401, "INVALID_OTP")
    answers = await asyncio.gather(*(login(house, codes[0]) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
    assert (await login(house, codes[1].replace("-", " ").lower())).status_code == 200
    assert (await login(house, code(secret))).status_code == 200
    disabled = await house.ask("POST", f"{TFA}/disable", {"otp": codes[2]}, token=token)
    assert disabled.status_code == 204
    await protect(house, token)
    assert refusal(await login(house, codes[3])) == (401, "INVALID_OTP")


async def test_an_administrator_takes_a_factor_away(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    await protect(house, token)
    _, other = await house.person("mallory@example.com")
    for path in (key, house.admin, "00000000-0000-7000-8000-000000000000", "nonsense"):
        answer = await house.ask("POST", f"/users/{path}/tfa/disable", token=other)
        assert refusal(answer) == (403, "FORBIDDEN")
    assert refusal(await house.ask("POST", f"/users/{key}/tfa/disable", token=token)) == (403, "FORBIDDEN")
    assert (await house.ask("POST", f"/users/{key}/tfa/disable")).status_code == 204
    assert (await house.ask("POST", f"/users/{key}/tfa/disable")).status_code == 204
    assert (await login(house)).status_code == 200
    nobody = "/users/00000000-0000-7000-8000-000000000000/tfa/disable"
    assert refusal(await house.ask("POST", nobody)) == (403, "FORBIDDEN")


async def test_rule_32_no_secret_rests_in_clear_or_in_the_history(house: Served) -> None:
    _, token = await house.person("eve@example.com")
    pending = (await generate(house, token))["secret"]
    early = await house.ask("POST", f"{TFA}/enable", {"password": PASSWORD}, token=token)
    secret = await protect(house, token)
    answer = await house.ask("POST", f"{TFA}/recovery-codes", {"password": PASSWORD}, token=token)
    codes = answer.json()["data"]["codes"]

    async def read(tx: Transaction) -> str:
        tables = (users, second_factors, recovery_codes, revisions)
        return str([await tx.rows(select(table)) for table in tables])

    kept = await house.house.database.read(read)
    assert "'tfa_secret': '**********'" in kept
    for one in (pending, early.json()["data"]["secret"], secret, *codes, codes[0].replace("-", "")):
        assert one not in kept


async def test_nobody_writes_a_secret_by_hand(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    for bearer in (token, house.token):
        answer = await house.ask("PATCH", f"/users/{key}", {"tfa_secret": secret}, token=bearer)
        assert answer.status_code in (400, 403)
    assert (await login(house)).status_code == 200


async def test_a_role_that_enforces_a_factor_opens_nothing_but_its_setting_up(house: Served) -> None:
    role = await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True, "app_access": True})
    key, token = await house.person("eve@example.com", role=role.json()["data"]["id"])
    issued = (await login(house)).json()["data"]
    access = issued["access_token"]
    for method, path in (("GET", "/users/me"), ("GET", "/users"), ("PATCH", "/users/me"), ("GET", "/roles")):
        answer = await house.ask(method, path, {"title": "x"} if method == "PATCH" else None, token=access)
        assert refusal(answer) == (403, "FORBIDDEN")
        assert "two-factor" in answer.json()["errors"][0]["message"]
    # A refreshed session is as confined; what was made for machines has no second factor.
    again = await house.ask("POST", "/auth/refresh", {"refresh_token": issued["refresh_token"]}, token=None)
    fresh = again.json()["data"]
    assert (await house.ask("GET", "/users/me", token=fresh["access_token"])).status_code == 403
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    secret = await protect(house, fresh["access_token"])
    me = await house.ask("GET", "/users/me?fields=id", token=fresh["access_token"])
    assert me.json() == {"data": {"id": key}}
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    out = {"refresh_token": fresh["refresh_token"]}
    assert (await house.ask("POST", "/auth/logout", out, token=None)).status_code == 204
    assert (await login(house, code(secret))).status_code == 200
