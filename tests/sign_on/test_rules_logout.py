"""The rules of sessions that end, each against the whole house: the attack comes first, and it is refused."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from service.database.tables import activity, awaited_codes, sessions
from tests.core.people import all_rows
from tests.served import PASSWORD, Served
from tests.sign_on.issuer import KEYS, Issuer, sign
from tests.sign_on.liar import house_at, is_in, sign_on, tokens_of

EVENT = "http://schemas.openid.net/event/backchannel-logout"
Forge = Callable[[dict[str, Any], dict[str, Any]], Any]


@pytest.fixture
async def house(database_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    async with house_at(database_url, tmp_path / "data", issuer) as house:
        yield house


def claims(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    """What an honest logout token says; a change to None takes a claim away."""
    now = int(time.time())
    honest = {
        "iss": issuer.url, "aud": "me", "iat": now, "exp": now + 60, "jti": token_hex(8), "sub": "ada",
        "sid": "s-1", "events": {EVENT: {}},
    }  # fmt: skip
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


async def send(house: Served, token: str, **fields: str) -> httpx2.Response:
    async with house.client() as client:
        return await client.post("/auth/login/op/backchannel-logout", data={"logout_token": token, **fields})


def honest(issuer: Issuer, **changes: Any) -> str:
    return sign(claims(issuer, **changes), {"typ": "logout+jwt"})


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "unsigned": lambda issuer: (
        f"{sign(claims(issuer), {'alg': 'none', 'typ': 'logout+jwt'}, b'').rpartition('.')[0]}."
    ),
    "signed with the public key": lambda issuer: sign(
        claims(issuer), {"alg": "HS256", "typ": "logout+jwt"}, KEYS["rsa"].as_pem(private=False)
    ),
    "signed by somebody else": lambda issuer: sign(
        claims(issuer), {"typ": "logout+jwt", "kid": "rsa", "alg": "ES256"}, KEYS["ec"]
    ),
    "another type": lambda issuer: sign(claims(issuer), {"typ": "JWT"}),
    "an access token's type": lambda issuer: sign(claims(issuer), {"typ": "at+jwt"}),
    "no type": lambda issuer: sign(claims(issuer)),
    "another issuer": lambda issuer: honest(issuer, iss="https://evil.example"),
    "no issuer": lambda issuer: honest(issuer, iss=None),
    "another client": lambda issuer: honest(issuer, aud="you"),
    "no audience": lambda issuer: honest(issuer, aud=None),
    "issued long ago": lambda issuer: honest(issuer, iat=int(time.time()) - 400),
    "issued tomorrow": lambda issuer: honest(issuer, iat=int(time.time()) + 86_400),
    "never issued": lambda issuer: honest(issuer, iat=None),
    "run out": lambda issuer: honest(issuer, exp=int(time.time()) - 60),
    "without an end": lambda issuer: honest(issuer, exp=None),
    "no jti": lambda issuer: honest(issuer, jti=None),
    "a jti that is no text": lambda issuer: honest(issuer, jti=7),
    "an ID token": lambda issuer: honest(issuer, nonce="n"),
    "nobody": lambda issuer: honest(issuer, sub=None, sid=None),
    "a sid that is no text": lambda issuer: honest(issuer, sid=["s-1"]),
    "no event": lambda issuer: honest(issuer, events=None),
    "another event": lambda issuer: honest(issuer, events={"https://evil.example/event": {}}),
    "an event that is no object": lambda issuer: honest(issuer, events={EVENT: True}),
    "events in a list": lambda issuer: honest(issuer, events=[EVENT]),
    "no token at all": lambda _: "x",
    "a very long token": lambda _: "e" * 20_000,
}


async def test_rule_23_a_forged_logout_token_ends_nothing(house: Served, issuer: Issuer) -> None:
    tokens = await tokens_of(house, issuer)
    for name, forge in FORGERIES.items():
        answer = await send(house, forge(issuer))
        assert answer.status_code == 400, (name, answer.text)
        assert answer.json()["error"] == "invalid_request", name
        assert answer.headers["cache-control"] == "no-store", name
    async with house.client() as client:
        twice = await client.post(
            "/auth/login/op/backchannel-logout",
            content=b"logout_token=a&logout_token=b",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    assert twice.status_code == 400
    assert (await send(house, "")).status_code == 400
    assert (await house.ask("POST", "/auth/login/nope/backchannel-logout", token=None)).status_code == 404
    assert await is_in(house, tokens)


async def test_rule_23_a_logout_token_counts_once(house: Served, issuer: Issuer) -> None:
    token = honest(issuer)
    tokens = await tokens_of(house, issuer)
    good = await send(house, token)
    assert (good.status_code, good.headers["cache-control"], good.text) == (200, "no-store", "")
    assert not await is_in(house, tokens)
    again = await tokens_of(house, issuer)
    assert (await send(house, token)).status_code == 400
    assert await is_in(house, again)


async def test_rule_23_exactly_the_sessions_that_are_named_end(house: Served, issuer: Issuer) -> None:
    """A session at the provider by `sid`, all of a person by `sub`; nobody else's, nor a password's."""
    first, second = await tokens_of(house, issuer), await tokens_of(house, issuer, sid="s-2")
    grace = await tokens_of(house, issuer, sub="grace", email="grace@example.com", sid="s-3")
    assert (await send(house, honest(issuer, sid="s-2", sub="grace"))).status_code == 200
    assert (await send(house, honest(issuer, sid="s-9", sub=None))).status_code == 200
    assert (await send(house, honest(issuer, sid=None, sub="ADA"))).status_code == 200
    assert [await is_in(house, one) for one in (first, second, grace)] == [True, True, True]
    assert (await send(house, honest(issuer, sid="s-1", sub=None))).status_code == 200
    assert [await is_in(house, one) for one in (first, second, grace)] == [False, True, True]
    refresh = {"refresh_token": first["refresh_token"]}
    assert (await house.ask("POST", "/auth/refresh", refresh, token=None)).status_code == 401
    await house.person("eve@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD}
    eve = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    assert (await send(house, honest(issuer, sid=None))).status_code == 200
    assert [await is_in(house, one) for one in (second, grace, eve)] == [False, True, True]
    told = [row["comment"] for row in await house.house.database.read(all_rows, activity, action="refused")]
    assert told == ["op: signed out there (back-channel logout; sessions that ended: 1)"] * 2


async def test_rule_22_a_code_that_is_still_awaited_ends_too(house: Served, issuer: Issuer) -> None:
    import pyotp

    access = (await tokens_of(house, issuer))["access_token"]
    made = (await house.ask("POST", "/users/me/tfa/generate", {}, token=access)).json()["data"]["secret"]
    enable = {"secret": made, "otp": pyotp.TOTP(made).now()}
    assert (await house.ask("POST", "/users/me/tfa/enable", enable, token=access)).status_code == 204
    async with house.client() as client:
        assert (await sign_on(client, issuer, sid="s-5")).status_code == 401
        assert len(await house.house.database.read(all_rows, awaited_codes)) == 1
        assert (await send(house, honest(issuer, sid="s-5", sub=None))).status_code == 200
        body = {"otp": pyotp.TOTP(made).at(int(time.time()) + 30)}
        assert (await client.post("/auth/login/op/otp", json=body)).status_code == 401


async def test_rule_35_a_session_is_no_longer_than_the_providers(
    database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    more = {"AUTH_OP_SESSION_TTL": "1h"}
    async with house_at(database_url, tmp_path / "data", issuer, **more) as house:
        ends = int(time.time()) + 600
        async with house.client() as client:
            over = await sign_on(client, issuer, session_expiry=int(time.time()) - 1)
        assert over.status_code == 401
        await tokens_of(house, issuer, session_expiry=ends)
        await tokens_of(house, issuer, sid="s-2", session_expiry=float(ends + 86_400))
        await tokens_of(house, issuer, sid="s-3", session_expiry="soon")
        kept = {row["sid"]: row for row in await house.house.database.read(all_rows, sessions)}
        lived = {sid: (seconds(row["expires_at"]) - seconds(row["created_at"])) for sid, row in kept.items()}
        assert 590 <= lived["s-1"] <= 600
        assert 3599 <= lived["s-2"] <= 3601
        assert 3599 <= lived["s-3"] <= 3601


def seconds(at: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(at).timestamp()


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ({"acr": "gold", "auth_time": -10}, True),
        ({"acr": "silver", "auth_time": -10}, False),
        ({"auth_time": -10}, False),
        ({"acr": "gold", "auth_time": -4000}, False),
        ({"acr": "gold"}, False),
        ({"acr": ["gold"], "auth_time": -10}, False),
    ],
)
async def test_rule_35_and_36_a_step_up_is_held_against_the_signed_answer(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, said: dict[str, Any], good: bool
) -> None:
    more = {"AUTH_OP_MAX_AGE": "1h", "AUTH_OP_ACR_VALUES": "gold,platinum"}
    async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house, house.client() as client:
        asked = parse_qs(urlsplit((await client.get("/auth/login/op")).headers["location"]).query)
        assert (asked["max_age"], asked["acr_values"]) == (["3600"], ["gold platinum"])
        if "auth_time" in said:
            said = {**said, "auth_time": int(time.time()) + said["auth_time"]}
        faked = "&acr=gold&acr_values=gold&auth_time=9999999999"  # what the browser says counts for nothing
        answer = await sign_on(client, issuer, f"/auth/login/op?x=1{faked}", **said)
        assert answer.status_code == (200 if good else 401), answer.text


async def test_rule_16_signing_out_leads_nowhere_but_home(house: Served, issuer: Issuer) -> None:
    tokens = await tokens_of(house, issuer)
    for hostile in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "https://app.example.com/other",
        "http://[",  # no address at all
        "https://\u2100.example/",
    ):
        body = {"refresh_token": tokens["refresh_token"], "redirect": hostile}
        assert (await house.ask("POST", "/auth/logout", body, token=None)).status_code == 400, hostile
    assert await is_in(house, tokens)


async def test_signing_out_here_leads_to_the_provider_and_home_again(house: Served, issuer: Issuer) -> None:
    tokens = await tokens_of(house, issuer)
    body = {"refresh_token": tokens["refresh_token"], "redirect": "https://app.example.com/in"}
    answer = await house.ask("POST", "/auth/logout", body, token=None)
    where, _, query = answer.json()["data"]["redirect"].partition("?")
    said = {name: values[0] for name, values in parse_qs(query).items()}
    assert where == f"{issuer.url}/end"
    assert said == {
        "id_token_hint": issuer.id_token, "client_id": "me",
        "post_logout_redirect_uri": "https://app.example.com/in",
    }  # fmt: skip
    assert not await is_in(house, tokens)
    late = await house.ask(
        "POST", "/auth/logout", body, token=None
    )  # nothing ends twice, nothing is told twice
    assert late.json()["data"]["redirect"] == "https://app.example.com/in"
    plain = await tokens_of(house, issuer)
    body = {"refresh_token": plain["refresh_token"]}
    assert (await house.ask("POST", "/auth/logout", body, token=None)).status_code == 204


async def test_rule_20_another_sites_page_cannot_sign_anybody_out(house: Served, issuer: Issuer) -> None:
    tokens = await tokens_of(house, issuer)
    cookie = {"cookie": f"directus_refresh_token={tokens['refresh_token']}"}
    for more in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        body = {"redirect": "/admin/login"}
        crossed = await house.ask("POST", "/auth/logout", body, token=None, headers={**cookie, **more})
        assert crossed.status_code == 403
    assert await is_in(house, tokens)
