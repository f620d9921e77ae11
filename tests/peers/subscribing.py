"""Drives the real graphql-ws of `subscribing.mjs`: it opens a socket, subscribes, and tells what it is told."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.peers import clients, node
from tests.peers.clients import Client


class Subscriber:
    """One client of the library."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, token: str) -> Any:
        """`connected`, or {"closed": code}."""
        return await self._ask({"open": token})

    async def subscribe(self, query: str, variables: Mapping[str, object] | None = None) -> None:
        """Begin; the service has heard of it afterwards."""
        assert await self._ask({"subscribe": query, "variables": variables or {}}) == "subscribed"

    async def next(self) -> dict[str, Any]:
        """What comes next: {"value"}, {"errors"} or {"closed"}."""
        told: dict[str, Any] = await self._ask({"next": True})
        return told

    async def close(self) -> None:
        """Leave."""
        await self._ask({"close": True})

    async def _ask(self, asked: Mapping[str, Any]) -> Any:
        return (await self._client.say(asked))["value"]


def missing() -> str | None:
    """Why the library cannot be run here, or None."""
    return node.missing("graphql-ws")


@asynccontextmanager
async def subscriber(url: str, path: str = "/graphql") -> AsyncIterator[Subscriber]:
    """A client for as long as the block lasts; `url` is that of the service."""
    async with clients.running("subscribing.mjs", f"ws{url.removeprefix('http')}{path}") as client:
        yield Subscriber(client)
