"""A house that is served: the whole application on a port of its own, and clients to ask it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from service import config
from service.api.house import House
from service.app import build
from service.database import Database, new_key
from service.server import address, listen, make_server
from service.tokens import new_secret
from service.users import administrators, model, roles
from service.users.secrets import Secrets
from tests.connecting import connect

PASSWORD = "correct horse battery"


@dataclass
class Served:
    """The house, its address, and an administrator who signs in with a static token."""

    url: str
    house: House
    admin: str  # key of the administrator
    role: str  # key of the administrators' role
    token: str

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        """A client that sends this bearer token."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        # verify=False: to read the certificates of the world takes longer than most tests, and this is http.
        return httpx2.AsyncClient(
            base_url=self.url, headers=headers, trust_env=False, timeout=60, verify=False
        )

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = "", **more: Any
    ) -> httpx2.Response:
        """One request, as the administrator unless a token (or None, for the public) says otherwise."""
        bearer = self.token if token == "" else token
        if body is not None:
            more["content"] = json.dumps(body)
            more.setdefault("headers", {})
            more["headers"] = {"content-type": "application/json", **more["headers"]}
        async with self.client(bearer) as client:
            return await client.request(method, path, **more)

    async def person(self, email: str, **values: object) -> tuple[str, str]:
        """An active user without a role, and a static token of theirs."""
        token = new_secret("")
        body = {"email": email, "password": PASSWORD, "token": token, **values}
        answer = await self.ask("POST", "/users", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["id"], token

    async def scim_token(self, provider: str = "okta", **settings: Any) -> str:
        """The token of a provider's SCIM connection."""
        return await self.house.database.write(connect, model.house("default"), provider, **settings)


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def _settle(database: Database, secrets: Secrets) -> tuple[str, str, str]:
    caller, token, user = model.house("default"), new_secret(""), new_key()
    values = await secrets.take(caller, {"email": "admin@example.com", "token": token, "id": user})
    await database.write(administrators.ensure, "default", values)
    role = await database.write(roles.make_administrators, "default")
    return user, role, token


@asynccontextmanager
async def served(
    database_url: str,
    data: Path,
    variables: Callable[[str], Mapping[str, str]] = lambda _: {},
    *,
    worker: bool = False,
) -> AsyncIterator[Served]:
    """The application on 127.0.0.1 with a migrated database; `variables` are made of its address.

    It ends with the block.
    """
    opened = listen("127.0.0.1", 0)
    url = address(opened)
    environment = {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data),
        "SECRET": new_secret(""),
        "PUBLIC_URL": url,
        "LOG_LEVEL": "warning",
        **variables(url),
    }
    gate = build(config.load(environment), worker=worker)
    server = make_server(gate)
    task = asyncio.create_task(server.serve([opened]))
    try:
        while not server.started:
            assert not task.done(), "the server ended at once"
            await asyncio.sleep(0.01)
        admin, role, token = await _settle(gate.house.database, gate.house.secrets)
        yield Served(url, gate.house, admin, role, token)
    finally:
        server.stop()
        await task
