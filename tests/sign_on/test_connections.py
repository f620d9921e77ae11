"""Connections to providers: one that is idle is used again, and none is kept that is of no use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest

from providers.connections import IDLE
from providers.contract import Unreachable
from providers.http import LIMIT, Outbound


class Server:
    """Answers each request with `body`, after which it hangs up where it `closes`; counts who came."""

    def __init__(self) -> None:
        self.url, self.came, self.open = "", 0, 0
        self.body, self.closes = b"{}", False
        self.reached, self.left = asyncio.Event(), asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self.open += 1
        self.left.clear()
        self.reached.set()
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(self.body) + self.body)
                await writer.drain()
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            if not self.open:
                self.left.set()
            writer.close()

    async def is_left(self) -> None:
        """Until every connection has ended."""
        async with asyncio.timeout(10):
            await self.left.wait()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, Outbound]]:
    server, way = Server(), Outbound([ip_network("127.0.0.0/8")])
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield server, way
        await way.shut()
        await server.is_left()


async def test_calls_one_by_one_share_a_connection_and_calls_at_once_have_their_own() -> None:
    async with serving() as (server, way):
        for _ in range(3):
            await way.fetch(server.url, dict)
        assert server.came == 1
        await asyncio.gather(*(way.fetch(server.url, dict) for _ in range(4)))
        assert server.came == 4


async def test_what_the_other_side_has_closed_is_not_used_again() -> None:
    async with serving() as (server, way):
        server.closes = True
        for number in (1, 2, 3):
            await way.fetch(server.url, dict)
            await server.is_left()
            assert server.came == number


async def test_an_answer_that_was_not_read_to_its_end_ends_its_connection() -> None:
    async with serving() as (server, way):
        server.body = bytes(LIMIT * 3)
        with pytest.raises(Unreachable, match="more than"):
            await way.fetch(server.url, dict)
        await server.is_left()
        server.body = b"{}"
        await way.fetch(server.url, dict)
        assert server.came == 2


async def test_who_gives_up_waiting_leaves_no_connection_behind() -> None:
    async with serving() as (server, way):
        server.body = bytes(LIMIT * 3)
        waiting = asyncio.create_task(way.fetch(server.url, dict))
        async with asyncio.timeout(10):
            await server.reached.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await server.is_left()


async def test_what_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as (server, way), serving() as (other, _):
        at, pool = [0.0], way._pools["http"]
        monkeypatch.setattr(pool, "_clock", lambda: at[0])
        monkeypatch.setattr(pool, "_swept", 0.0)
        await way.fetch(server.url, dict)
        at[0] = IDLE
        await way.fetch(other.url, dict)  # a call to anybody looks after all of them
        await server.is_left()
        assert other.open == 1
        await way.shut()
