"""A house at a name, where browsers keep passkeys, and the ceremonies of a client there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Table

from tests.core.people import all_rows
from tests.served import PASSWORD, Served, served
from tests.sign_on.authenticator import HONEST, Authenticator, Json, Lies


def named(url: str) -> str:
    """The same machine by its name: at an address of numbers there are no passkeys."""
    return url.replace("127.0.0.1", "localhost")


@asynccontextmanager
async def house_at_a_name(database_url: str, data: Path, **more: str) -> AsyncIterator[Served]:
    """The house, asked at 127.0.0.1 and called localhost; `more` are further variables."""
    async with served(database_url, data, lambda url: {"PUBLIC_URL": named(url), **more}) as house:
        yield house


def an_authenticator(house: Served, **more: Any) -> Authenticator:
    return Authenticator(named(house.url), **more)


async def signed_in(house: Served, email: str = "eve@example.com", **values: Any) -> tuple[str, str]:
    """Somebody new, and the access token of a session of theirs."""
    key, _ = await house.person(email, **values)
    return key, await access(house, email)


async def access(house: Served, email: str = "eve@example.com") -> str:
    answer = await house.ask("POST", "/auth/login", {"email": email, "password": PASSWORD}, token=None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["access_token"])


async def rows(house: Served, table: Table, **equal: Any) -> list[dict[str, Any]]:
    """What a table says now."""
    return await house.house.database.read(all_rows, table, **equal)


async def proven(house: Served, token: str, key: Authenticator) -> str:
    """The access token of a session that a passkey has just begun: it takes no password for some minutes."""
    await added(house, token, key)
    return str((await enter(house, key)).json()["data"]["access_token"])


async def options(house: Served, token: str, password: str | None = PASSWORD) -> Json:
    """What the browser is to make a passkey of."""
    answer = await house.ask("POST", "/users/me/passkeys/options", {"password": password}, token=token)
    assert answer.status_code == 200, answer.text
    asked: Json = answer.json()["data"]
    return asked


async def add(
    house: Served,
    token: str,
    key: Authenticator,
    name: str = "Laptop",
    lies: Lies = HONEST,
    password: str | None = PASSWORD,
) -> httpx2.Response:
    """Make a passkey and bring it."""
    body = {"credential": key.create(await options(house, token, password), lies), "name": name}
    return await house.ask("POST", "/users/me/passkeys", body, token=token)


async def added(house: Served, token: str, key: Authenticator, name: str = "Laptop") -> str:
    answer = await add(house, token, key, name)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


async def ask(client: httpx2.AsyncClient, path: str = "/auth/passkey") -> Json:
    """What the browser is to ask its passkeys for."""
    answer = await client.post(f"{path}/options", json={})
    assert answer.status_code == 200, answer.text
    asked: Json = answer.json()["data"]
    return asked


async def enter(
    house: Served, key: Authenticator, lies: Lies = HONEST, mode: str = "json"
) -> httpx2.Response:
    """Sign in with a passkey, in a browser of its own."""
    async with house.client() as client:
        body = {"credential": key.get(await ask(client), lies), "mode": mode}
        return await client.post("/auth/passkey", json=body)
