"""The rules of cookies and of what a browser or a proxy claims: each begins with the attack, and it is refused."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from service.database.tables import activity
from tests.core.people import all_rows
from tests.served import PASSWORD, Served
from tests.sign_on.issuer import Issuer, sign
from tests.sign_on.liar import house_at

HOME = "https://id.example.com"
_LIES = {
    "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher",
    "x-forwarded-for": "198.51.100.7", "x-real-ip": "198.51.100.7", "forwarded": "for=198.51.100.7;host=evil.example",
}  # fmt: skip


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    """A house that browsers know under an https address."""
    async with house_at(sqlite_url, tmp_path / "data", issuer, PUBLIC_URL=HOME) as house:
        yield house


def read(baked: str) -> tuple[str, str, set[str]]:
    """Name, value and attributes of a Set-Cookie header."""
    pair, *attributes = baked.split("; ")
    name, _, value = pair.partition("=")
    return name, value, set(attributes)


async def test_rule_19_no_neighbour_plants_a_cookie_and_nobody_reads_one_on_the_way(
    house: Served, issuer: Issuer
) -> None:
    """A neighbour under our domain can set any cookie for us but one called `__Host-`."""
    away = await house.ask("GET", "/auth/login/op", token=None)
    name, secret, attributes = read(away.headers["set-cookie"])
    asked = {key: values[0] for key, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
    claims = issuer.claims(asked["nonce"], email="ada@example.com", email_verified=True)
    issuer.id_token, issuer.userinfo = sign(claims), {"sub": claims["sub"]}
    back = f"/auth/login/op/callback?code=c&state={asked['state']}&iss={issuer.url}"
    for planted in (
        "idbridge_departure_op",
        "__Secure-idbridge_departure_op",
        "__host-idbridge_departure_op",
    ):
        headers = {"cookie": f"{planted}={secret}"}
        assert (await house.ask("GET", back, token=None, headers=headers)).status_code == 401, planted
    assert name == "__Host-idbridge_departure_op"
    good = await house.ask("GET", back, token=None, headers={"cookie": f"{name}={secret}"})
    assert good.status_code == 200, good.text
    await house.person("eve@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD}
    baked = [attributes, read(good.headers["set-cookie"])[2]]
    for mode in ("cookie", "session"):
        entered = await house.ask("POST", "/auth/login", {**body, "mode": mode}, token=None)
        baked.append(read(entered.headers["set-cookie"])[2])
    for one in baked:
        assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= one
        assert not [attribute for attribute in one if attribute.lower().startswith("domain")]


async def test_rule_37_nobody_says_for_us_who_we_are_or_where_they_are(house: Served, issuer: Issuer) -> None:
    """Host and what proxies add are anybody's words: addresses are made of PUBLIC_URL, guesses counted by
    the address that is connected."""
    away = await house.ask("GET", "/auth/login/op", token=None, headers=_LIES)
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{HOME}/auth/login/op/callback"]
    wrong = {"email": "eve@example.com", "password": "wrong wrong wrong"}
    waits = []
    for number in range(22):
        lies = {**_LIES, "x-forwarded-for": f"198.51.100.{number}"}
        answer = await house.ask("POST", "/auth/login", wrong, token=None, headers=lies)
        assert "evil" not in f"{answer.headers} {answer.text}"
        waits.append(answer.status_code)
    assert waits == [401] * 20 + [429] * 2
    await house.person("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert (await house.ask("POST", "/auth/login", body, token=None, headers=_LIES)).status_code == 200
    (noted,) = await house.house.database.read(all_rows, activity, action="login")
    assert noted["ip"] == "127.0.0.1"
