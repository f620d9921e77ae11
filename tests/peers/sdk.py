"""Drives the real JavaScript SDKs of `sdk.mjs`: commands go in, values or refusals come out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.peers.oidc import PEERS, node

PACKAGES = {26: "@directus/sdk", 13: "directus-sdk-13"}
PATIENCE = 30  # seconds for one answer


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

    def __init__(self, version: int, process: asyncio.subprocess.Process) -> None:
        self.version = version
        self.wire: list[dict[str, Any]] = []  # of the last call: method, path, headers, sent, status, got
        self._process = process

    async def __call__(self, call: str, *given: Any, as_: str | None = None) -> Any:
        """Perform a command; `as_` is a token that takes the place of the client's own. Raises Refused."""
        asked = {"call": call, "with": given} | ({} if as_ is None else {"as": as_})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert line, f"node ended at {call}"
        answer = json.loads(line)
        self.wire = answer["wire"]
        assert "broken" not in answer, answer["broken"]
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
    if node() is None:
        return "there is no node"
    if not all((PEERS / "node_modules" / package).is_dir() for package in PACKAGES.values()):
        return "the npm peers are not installed (make setup-test)"
    return None


@asynccontextmanager
async def client(version: int, url: str) -> AsyncIterator[Sdk]:
    """A client for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        node() or "node",
        "sdk.mjs",
        PACKAGES[version],
        url,
        cwd=PEERS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    try:
        yield Sdk(version, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
