"""A passkey as a second factor: beside a password, beside a provider, and never a way around either."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database.tables import activity, awaited_codes, letters, sessions, users
from tests.core.people import set_row
from tests.languages.factors import login, protect
from tests.served import PASSWORD, Served, refusal
from tests.sign_on.authenticator import PRESENT, Lies, encoded
from tests.sign_on.issuer import Issuer
from tests.sign_on.liar import house_at, sign_on, tokens_of
from tests.sign_on.passkeys import (
    access,
    added,
    an_authenticator,
    ask,
    enter,
    house_at_a_name,
    rows,
    signed_in,
)

WRONG = (401, "INVALID_CREDENTIALS")


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(database_url, tmp_path / "data") as house:
        yield house


async def test_whom_a_connection_owns_signs_in_with_its_provider(house: Served) -> None:
    """And the passkey is a second factor there, no way around the provider."""
    user, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    await house.scim_token("okta")
    (connection,) = (await house.ask("GET", "/connections")).json()["data"]
    await house.house.database.write(set_row, users, user, connection=connection["id"])
    assert refusal(await enter(house, key)) == (403, "INVALID_PROVIDER")
    assert await rows(house, sessions, provider="passkey") == []


async def test_rule_26_beside_a_provider_a_passkey_pays_what_is_owed(
    database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    async with house_at(database_url, tmp_path / "data", issuer, host="localhost") as house:
        first = await tokens_of(house, issuer)
        own, stranger = (an_authenticator(house) for _ in range(2))
        made = await house.ask("POST", "/users/me/passkeys/options", {}, token=first["access_token"])
        body = {"credential": own.create(made.json()["data"])}
        path = "/users/me/passkeys"
        assert (await house.ask("POST", path, body, token=first["access_token"])).status_code == 200
        await added(house, (await signed_in(house))[1], stranger)
        async with house.client() as client, house.client() as thief:
            owing = await sign_on(client, issuer)
            assert refusal(owing) == (401, "INVALID_OTP")
            assert (await thief.post("/auth/login/op/passkey/options", json={})).status_code == 401
            asked = await ask(client, "/auth/login/op/passkey")
            assert [one["id"] for one in asked["allowCredentials"]] == [encoded(own.credential)]
            # Somebody else's passkey, an answer to the question of a sign-in, another browser's answer.
            alone = own.get(await ask(client))
            for wrong in (stranger.get(asked), alone, own.get(asked, Lies(flags=PRESENT))):
                refused = await client.post("/auth/login/op/passkey", json={"credential": wrong})
                assert refused.status_code == 401, refused.text
            shown = {"credential": own.get(await ask(client, "/auth/login/op/passkey"))}
            assert (await thief.post("/auth/login/op/passkey", json=shown)).status_code == 401
            opened = await client.post("/auth/login/op/passkey", json=shown)
            assert opened.status_code == 200, opened.text
            assert (await client.post("/auth/login/op/passkey", json=shown)).status_code == 401
        again = {session["provider"] for session in await rows(house, sessions)}
        assert again == {"op", "default"}  # the session is the provider's, and ends with it


async def test_what_is_owed_is_not_paid_by_a_copy_or_after_a_suspension(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    async with house_at(sqlite_url, tmp_path / "data", issuer, host="localhost") as house:
        first = await tokens_of(house, issuer)
        own = an_authenticator(house, count=7)
        made = await house.ask("POST", "/users/me/passkeys/options", {}, token=first["access_token"])
        body = {"credential": own.create(made.json()["data"])}
        assert (await house.ask("POST", "/users/me/passkeys", body, token=first["access_token"])).is_success
        user = (await house.ask("GET", "/users/me", token=first["access_token"])).json()["data"]["id"]
        path = "/auth/login/op/passkey"
        async with house.client() as client:
            await sign_on(client, issuer)
            copied = own.get(await ask(client, path), Lies(count=3))
            assert (await client.post(path, json={"credential": copied})).status_code == 401
            noted = [row["comment"] for row in await rows(house, activity, item=user, action="refused")]
            assert noted == ["passkey: its counter went back, so there may be a copy of it"]
            shown = {"credential": own.get(await ask(client, path))}
            assert (await house.ask("PATCH", f"/users/{user}", {"status": "suspended"})).is_success
            assert (await client.post(path, json=shown)).status_code == 401
            assert await rows(house, awaited_codes) == []  # nor is it when they are let in again
            await house.ask("PATCH", f"/users/{user}", {"status": "active"})
            assert (await client.post(path, json=shown)).status_code == 401


async def test_where_only_providers_sign_people_on_no_passkey_does(sqlite_url: str, tmp_path: Path) -> None:
    variables = {"AUTH_DISABLE_DEFAULT": "true", "AUTH_PROVIDERS": "dev", "AUTH_DEV_DRIVER": "mock"}
    async with house_at_a_name(sqlite_url, tmp_path / "data", **variables) as house:
        for path in ("/auth/passkey/options", "/auth/passkey"):
            body = {"credential": {}} if path == "/auth/passkey" else {}
            assert (await house.ask("POST", path, body, token=None)).status_code in (400, 404)


async def test_rule_26_a_password_alone_no_longer_opens_what_a_passkey_protects(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    assert (await login(house)).status_code == 200
    first = await added(house, token, key)
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    assert refusal(await login(house, "123456")) == (401, "INVALID_OTP")
    assert refusal(await login(house, password="wrong")) == WRONG
    asked = {"password": PASSWORD}
    codes = (await house.ask("POST", "/users/me/tfa/recovery-codes", asked, token=token)).json()["data"][
        "codes"
    ]
    assert (await login(house, codes[0])).status_code == 200
    assert refusal(await login(house, codes[0])) == (401, "INVALID_OTP")
    gone = await house.ask("DELETE", f"/users/me/passkeys/{first}", asked, token=token)
    assert gone.status_code == 204
    assert (await login(house)).status_code == 200
    await added(house, token, an_authenticator(house))
    assert refusal(await login(house, codes[1])) == (401, "INVALID_OTP")  # of the factor that is gone


async def test_an_app_and_a_passkey_stand_beside_each_other(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    first = await added(house, token, key)
    secret = await protect(house, token)
    asked = {"password": PASSWORD}
    codes = (await house.ask("POST", "/users/me/tfa/recovery-codes", asked, token=token)).json()["data"][
        "codes"
    ]
    disabled = await house.ask("POST", "/users/me/tfa/disable", {"otp": codes[0]}, token=token)
    assert disabled.status_code == 204
    assert secret
    assert (await login(house, codes[1])).status_code == 200  # they stand in for the passkey still
    await house.ask("DELETE", f"/users/me/passkeys/{first}", asked, token=token)
    assert (await login(house)).status_code == 200


async def test_a_role_that_asks_for_a_factor_is_content_with_a_passkey(house: Served) -> None:
    role = await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True, "app_access": True})
    _, token = await signed_in(house, role=role.json()["data"]["id"])
    assert refusal(await house.ask("GET", "/users/me", token=token)) == (403, "FORBIDDEN")
    key = an_authenticator(house)
    first = await added(house, token, key)
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    opened = (await enter(house, key)).json()["data"]
    assert (await house.ask("GET", "/users/me", token=opened["access_token"])).status_code == 200
    renewed = await house.ask("POST", "/auth/refresh", {"refresh_token": opened["refresh_token"]}, token=None)
    assert (
        await house.ask("GET", "/users/me", token=renewed.json()["data"]["access_token"])
    ).status_code == 200
    assert (
        await house.ask("DELETE", f"/users/me/passkeys/{first}", {"password": PASSWORD}, token=token)
    ).status_code == 204
    assert refusal(await house.ask("GET", "/users/me", token=token)) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", "/users/me", token=await access(house))) == (403, "FORBIDDEN")


async def test_rule_26_an_administrator_helps_who_has_lost_their_devices(house: Served) -> None:
    """All that is asked for beside a password goes, with what it had opened; the person is told."""
    user, token = await signed_in(house)
    desk, phone = an_authenticator(house), an_authenticator(house)
    await added(house, token, desk, "Desk")
    await added(house, token, phone, "Phone")
    await protect(house, token)
    asked = await house.ask("POST", "/users/me/tfa/recovery-codes", {"password": PASSWORD}, token=token)
    code = asked.json()["data"]["codes"][0]
    opened = (await enter(house, desk)).json()["data"]["access_token"]
    path = f"/users/{user}/tfa/disable"
    assert refusal(await house.ask("POST", path, token=token)) == (403, "FORBIDDEN")
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    assert (await house.ask("POST", path)).status_code == 204
    assert (await login(house)).status_code == 200
    assert (await house.ask("GET", f"/users/{user}/passkeys")).json()["data"] == []
    assert refusal(await enter(house, phone)) == WRONG
    assert (await house.ask("GET", "/users/me", token=opened)).status_code == 401
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    told = [row["data"]["passkey"] for row in await rows(house, letters, kind="passkey_removed")]
    assert sorted(told) == ["Desk", "Phone"]
    noted = {row["comment"] for row in await rows(house, activity, item=user, action="update")}
    assert {"passkey removed: Desk", "passkey removed: Phone"} <= noted
    await added(house, token, an_authenticator(house))
    assert refusal(await login(house, code)) == (401, "INVALID_OTP")  # of factors that are gone


async def test_a_passkey_that_is_the_only_way_in_is_no_factor_to_be_taken_away(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    await house.house.database.write(set_row, users, user, password_hash=None)
    assert (await house.ask("POST", f"/users/{user}/tfa/disable")).status_code == 204
    assert (await enter(house, key)).status_code == 200


async def test_a_stolen_session_of_an_administrator_is_not_rid_of_their_passkey(house: Served) -> None:
    role = await house.ask("POST", "/roles", {"name": "Chiefs", "admin_access": True})
    user, token = await signed_in(house, role=role.json()["data"]["id"])
    key = an_authenticator(house)
    await added(house, token, key)
    assert (await house.ask("POST", f"/users/{user}/tfa/disable", token=token)).status_code == 204
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    assert (await enter(house, key)).status_code == 200
