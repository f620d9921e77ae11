"""A JavaScript client in a process of its own: a line of JSON goes in, a line comes out."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.peers.node import PEERS, node

PATIENCE = 30  # seconds for one answer


class Client:
    """One such process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the process answers; it has answered before anything else is asked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert line, f"node ended at {asked}"
        answer: dict[str, Any] = json.loads(line)
        assert "broken" not in answer, answer["broken"]
        return answer


@asynccontextmanager
async def running(script: str, *arguments: str) -> AsyncIterator[Client]:
    """The process of a script for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        node() or "node",
        script,
        *arguments,
        cwd=PEERS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    try:
        yield Client(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
