"""A house whose provider `op` is an issuer that lies as it is told to, and people who sign on through it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.served import Served, served
from tests.sign_on.issuer import Issuer, sign


@asynccontextmanager
async def house_at(
    database_url: str, data: Path, issuer: Issuer, *, host: str = "127.0.0.1", **more: str
) -> AsyncIterator[Served]:
    """The house, called by this name of the machine; `more` are further variables."""
    issuer.metadata["end_session_endpoint"] = f"{issuer.url}/end"
    variables = {
        "AUTH_PROVIDERS": "op",
        "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8",
        "AUTH_OP_DRIVER": "openid",
        "AUTH_OP_CLIENT_ID": "me",
        "AUTH_OP_ISSUER_URL": issuer.url,
        "AUTH_OP_ALLOW_PUBLIC_REGISTRATION": "true",
        "AUTH_OP_REDIRECT_ALLOW_LIST": "https://app.example.com/in",
        **more,
    }

    def at(url: str) -> dict[str, str]:
        return {"PUBLIC_URL": url.replace("127.0.0.1", host), **variables}

    async with served(database_url, data, at) as house:
        yield replace(house, url=house.url.replace("127.0.0.1", host))


async def come_back(client: httpx2.AsyncClient, issuer: Issuer, away: str, **claims: Any) -> httpx2.Response:
    """The callback of a browser that was sent to `away`, with an ID token of these claims."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    known = {"email": "ada@example.com", "email_verified": True, "sid": "s-1"}
    said = issuer.claims(asked["nonce"], **{**known, **claims})
    issuer.id_token, issuer.userinfo = sign(said), {"sub": said["sub"]}
    back = {"code": "c", "state": asked["state"], "iss": issuer.url}
    return await client.get(asked["redirect_uri"], params=back)


async def sign_on(
    client: httpx2.AsyncClient, issuer: Issuer, start: str = "/auth/login/op", **claims: Any
) -> httpx2.Response:
    """Somebody signs on: Ada, in the provider's session `s-1`, unless the claims say otherwise."""
    away = await client.get(start)
    assert away.status_code == 302, away.text
    return await come_back(client, issuer, away.headers["location"], **claims)


async def tokens_of(house: Served, issuer: Issuer, **claims: Any) -> dict[str, str]:
    """The tokens of somebody who has just signed on in a browser of their own."""
    async with house.client() as client:
        answer = await sign_on(client, issuer, **claims)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()["data"]
    return tokens


async def is_in(house: Served, tokens: dict[str, str]) -> bool:
    """Whether these tokens still open anything; both kinds have to agree."""
    read = (await house.ask("GET", "/users/me", token=tokens["access_token"])).status_code
    assert read in (200, 401)
    return read == 200
