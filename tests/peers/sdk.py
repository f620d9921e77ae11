"""Drives the real JavaScript SDKs of `sdk.mjs`: commands go in, values or refusals come out."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.peers import clients, node
from tests.peers.clients import Client

PACKAGES = {26: "@directus/sdk", 13: "directus-sdk-13"}


class Refused(Exception):
    """The SDK threw what the service had answered."""

    def __init__(self, refusal: dict[str, Any]) -> None:
        super().__init__(json.dumps(refusal))
        self.status: int = refusal["status"]
        self.errors: list[dict[str, Any]] = refusal["errors"]
        self.code: str = self.errors[0]["extensions"]["code"]
        self.message: str | None = refusal.get("message")
        self.is_error: bool = refusal["isError"]  # a JavaScript Error, as later SDKs throw


class Sdk:
    """One client of one generation of the SDK."""

    def __init__(self, version: int, client: Client) -> None:
        self.version = version
        self.wire: list[dict[str, Any]] = []  # of the last call: method, path, headers, sent, status, got
        self._client = client

    async def __call__(self, call: str, *given: Any, as_: str | None = None) -> Any:
        """Perform a command; `as_` is a token that takes the place of the client's own. Raises Refused."""
        answer = await self._client.say({"call": call, "with": given} | ({} if as_ is None else {"as": as_}))
        self.wire = answer["wire"]
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["value"]

    async def login(self, email: str, password: str) -> Any:
        """Sign in; the SDKs take the two differently."""
        if self.version == 13:
            return await self("login", email, password)
        return await self("login", {"email": email, "password": password})


def missing() -> str | None:
    """Why the SDKs cannot be run here, or None."""
    return node.missing(*PACKAGES.values())


@asynccontextmanager
async def client(version: int, url: str) -> AsyncIterator[Sdk]:
    """A client for as long as the block lasts."""
    async with clients.running("sdk.mjs", PACKAGES[version], url) as client:
        yield Sdk(version, client)
