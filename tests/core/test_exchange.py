"""An answer that is written at once, and one that uvicorn writes: the same bytes, and the same end."""

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from service.exchange import Exchange

TYPE = (b"content-type", b"text/plain; charset=utf-8")


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": [*headers]}


def body(piece: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": more}


def sized(size: int) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % size


class Recorder(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.written.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def answered(messages: list[dict[str, Any]], *, ours: bool, **more: Any) -> tuple[list[bytes], object]:
    transport, ends = Recorder(), []
    scope: Any = {"method": more.get("method", "GET")}
    cycle = RequestResponseCycle(
        scope=scope,
        transport=transport,
        flow=FlowControl(transport),
        logger=logging.getLogger("quiet"),
        access_logger=logging.getLogger("quiet"),
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=more.get("expects", False),
        keep_alive=more.get("keeps", True),
        on_response=lambda: ends.append(True),
    )
    cycle.disconnected = more.get("gone", False)
    send: Any = Exchange(cycle).send if ours else cycle.send
    refused = ""
    try:
        for message in messages:
            await send(message)
    except RuntimeError as problem:
        refused = str(problem)
    state = (cycle.response_complete, cycle.waiting_for_100_continue, cycle.message_event.is_set())
    return transport.written, (b"".join(transport.written), refused, transport.closed, ends, state)


WHOLE = {
    "a body": [start(200, TYPE, sized(4)), body(b"pong")],
    "no byte": [start(200, TYPE, sized(0)), body()],
    "a problem": [start(500, TYPE, sized(2)), body(b"no")],
    "two cookies": [start(200, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), sized(1)), body(b"x")],
    "letters of the world": [start(200, (b"location", "/\xe9".encode("latin-1")), sized(1)), body(b"x")],
    "a large body": [start(200, TYPE, sized(1_000_000)), body(b"x" * 1_000_000)],
}
OTHERS = {
    "pieces": [start(200, TYPE), body(b"a", more=True), body(b"b", more=True), body()],
    "pieces of a size": [start(200, sized(2)), body(b"a", more=True), body(b"b")],
    "no size": [start(200, TYPE), body(b"ab")],
    "nothing": [start(204), body()],
    "nothing new": [start(304, sized(4)), body()],
    "too short": [start(200, sized(5)), body(b"pong")],
    "too long": [start(200, sized(3)), body(b"pong")],
    "a last one": [start(200, sized(4), (b"connection", b"close")), body(b"pong")],
    "a line too many": [start(200, (b"location", b"/\r\nset-cookie: a=1"), sized(4)), body(b"pong")],
    "a NUL": [start(200, (b"location", b"/\0"), sized(4)), body(b"pong")],
    "no name": [start(200, (b"a b", b"c"), sized(4)), body(b"pong")],
    "a name in capitals": [start(200, (b"X-Name", b"c"), sized(4)), body(b"pong")],
    "two of them": [start(200, sized(4)), body(b"pong"), body(b"pong")],
    "two heads": [start(200, sized(4)), start(200, sized(4))],
    "a body alone": [body(b"pong")],
}
AROUND: list[dict[str, Any]] = [
    {}, {"method": "HEAD"}, {"keeps": False}, {"gone": True}, {"expects": True}
]  # fmt: skip


@pytest.mark.parametrize("around", AROUND, ids=str)
@pytest.mark.parametrize("what", [*WHOLE, *OTHERS])
async def test_the_same_bytes_and_the_same_end(what: str, around: dict[str, Any]) -> None:
    messages = {**WHOLE, **OTHERS}[what]
    _, own = await answered(messages, ours=True, **around)
    _, theirs = await answered(messages, ours=False, **around)
    assert own == theirs


@pytest.mark.parametrize("what", WHOLE)
async def test_a_whole_answer_is_one_write(what: str) -> None:
    written, _ = await answered(WHOLE[what], ours=True)
    assert len(written) == 1
