"""A connection that says too little, too slowly or too much is closed; everybody else is served meanwhile."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from service import connection, guarded
from service.server import Server, address, listen, make_server
from tests.stopwatch import Stopwatch

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answers with what it was told; `/slow` takes a second, `/big` sends 32 MiB, `/early` reads no body."""
    if scope["type"] == "lifespan":
        for _phase in ("startup", "shutdown"):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    body = b"" if scope["path"] == "/early" else await read(receive)
    match scope["path"]:
        case "/slow":
            await asyncio.sleep(1)
        case "/big":
            body = b"x" * 33_554_432
        case "/headers":
            body = repr(scope["headers"]).encode()
        case "/client":
            body = repr((scope["client"][0], scope["scheme"])).encode()
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def start(trusted: tuple[str, ...] = ()) -> tuple[Server, str, int, "asyncio.Task[None]"]:
    opened = listen("127.0.0.1", 0)
    server = make_server(app, trusted)  # type: ignore[arg-type]  # messages as plain dicts
    host, port = opened.getsockname()
    opened.listen()
    task = asyncio.create_task(server.serve([opened]))
    return server, host, port, task


@pytest.fixture
async def place() -> AsyncIterator[tuple[str, int]]:
    server, host, port, task = await start()
    yield host, port
    server.stop()
    await task


async def talk(place: tuple[str, int], *pieces: bytes, every: float = 0) -> bytes:
    """Send pieces, one each so many seconds, and give all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(*place)
    answer = asyncio.create_task(reader.read())
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if every:
                await asyncio.wait([answer], timeout=every)
            if answer.done():
                break
        return await answer
    except ConnectionError:
        return b"" if not answer.done() or answer.exception() else answer.result()
    finally:
        writer.close()


DRIPS = {
    "nothing at all": (),
    "a byte of a head each second": [
        bytes([byte]) for byte in GET[:-2] + b"x-header: and on and on and on\r\n"
    ],
    "a header each second": [b"GET / HTTP/1.1\r\n", *[b"x: y\r\n"] * 30],
    "empty lines": [b"\r\n"] * 30,
    "a byte of a body each second": [
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n",
        *[b"x"] * 30,
    ],
    "a chunk each second": [
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
        *[b"1\r\nx\r\n"] * 30,
    ],
    "trailers without end": [
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: ",
        *[b"x"] * 30,
    ],
    "a body after its answer": [
        b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n",
        *[b"x"] * 30,
    ],
    "empty lines after an answer": [GET, *[b"\r\n"] * 30],
    "half a head after an answer": [GET, *[b"G", b"E"] * 2, *[b""] * 30],
}


async def test_four_hundred_slow_connections_are_closed_within_fifteen_seconds(
    place: tuple[str, int],
) -> None:
    began, watch = time.monotonic(), Stopwatch()
    slow = [asyncio.create_task(talk(place, *DRIPS[drip], every=1)) for drip in DRIPS for _ in range(45)]
    good: list[float] = []
    while time.monotonic() - began < 8:
        asked = Stopwatch()
        answer = await talk(place, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        good.append(asked.seconds)
        await asyncio.sleep(0.05)
    await asyncio.wait_for(asyncio.gather(*slow, return_exceptions=True), 60)
    assert watch.seconds < 15
    assert sorted(good)[len(good) * 95 // 100] < 0.5


async def test_who_does_not_take_the_answer_is_cut_off(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "READ_SECONDS", 1)
    reader, writer = await asyncio.open_connection(*place, limit=1024)
    writer.write(b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(3.5)
    arrived = 0
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65_536):
            arrived += len(piece)
    assert arrived < 33_554_432
    writer.close()


async def test_a_large_body_that_keeps_coming_is_taken(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BODY_SECONDS", 1)
    piece = b"x" * 20_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 200000\r\n\r\n"
    answer = await talk(place, head, *[piece] * 10, every=0.4)
    assert answer.endswith(piece)


async def test_a_long_wait_for_the_application_is_no_fault_of_the_client(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "IDLE_SECONDS", "REST_SECONDS"):
        monkeypatch.setattr(connection, name, 0.1)
    request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = await talk(place, request * 2 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3


async def test_who_asks_nothing_more_is_let_go_of(
    place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.5)
    reader, writer = await asyncio.open_connection(*place)
    writer.write(GET)
    answer = await asyncio.wait_for(reader.read(), 10)  # the server ends it, and resets nothing
    assert answer.startswith(b"HTTP/1.1 200")
    writer.close()


TOO_LARGE = {
    "an address": (b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n\r\n", 414),
    "an address without end": (b"GET /" + b"a" * 600_000, 414),
    "a header": (b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "a header without end": (b"GET / HTTP/1.1\r\nx: " + b"a" * 600_000, 431),
    "a name without end": (b"GET / HTTP/1.1\r\n" + b"a" * 600_000, 431),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", 431),
    "many large headers": (b"GET / HTTP/1.1\r\n" + (b"x: " + b"y" * 9_000 + b"\r\n") * 9 + b"\r\n", 431),
}


@pytest.mark.parametrize("what", TOO_LARGE)
async def test_a_head_that_is_too_large_is_refused(place: tuple[str, int], what: str) -> None:
    request, status = TOO_LARGE[what]
    pieces = [request[at : at + 30_000] for at in range(0, len(request), 30_000)]
    answer = await talk(place, *pieces, every=0.01)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"connection: close" in answer
    _, _, body = answer.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]  # as the SDKs read errors
    assert error["extensions"]["code"] in ("URI_TOO_LONG", "HEADERS_TOO_LARGE") and error["message"]
    assert f"content-length: {len(body)}\r\n".encode() in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"CONNECT evil:443 HTTP/1.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_is_refused(place: tuple[str, int], request_: bytes) -> None:
    answer = await talk(place, request_)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_broken_body_ends_the_connection(place: tuple[str, int]) -> None:
    answer = await talk(place, b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n")
    assert answer == b""


async def test_a_broken_body_is_no_second_request_to_answer(place: tuple[str, int]) -> None:
    head = b"POST /early HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    assert (await talk(place, head, b"nonsense\r\n", every=0.1)).count(b"HTTP/1.1 ") == 1


async def test_trailers_are_not_kept_without_end(place: tuple[str, int]) -> None:
    watch = Stopwatch()
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: "
    assert await talk(place, head, *[b"x" * 100_000] * 100) == b""
    assert watch.seconds < connection.BODY_SECONDS / 2


async def test_trailers_change_no_headers(place: tuple[str, int]) -> None:
    head = b"POST /headers HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    answer = await talk(place, head, b"1\r\nx\r\n0\r\nauthorization: Bearer late\r\n\r\n", every=0.05)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"late" not in answer


@pytest.mark.parametrize("every", [0, 0.1])
@pytest.mark.parametrize("offered", ["websocket", "h2c", "websocket, h2c"])
async def test_an_offer_to_speak_another_protocol_is_passed_over(
    place: tuple[str, int], offered: str, every: float
) -> None:
    """What follows the head is the body of its request, not another one: that would be smuggling."""
    head = f"POST / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: {offered}\r\n"
    body = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    request = head.encode() + b"content-length: %d\r\n\r\n" % len(body)
    chunked = head.encode() + b"transfer-encoding: chunked\r\n\r\n"
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    pieces = (request, body, chunked, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body), last)
    answer = await talk(place, *(pieces if every else (b"".join(pieces),)), every=every)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert answer.count(b"\r\n\r\n" + body) == 2


async def test_many_offers_at_once_are_passed_over(place: tuple[str, int]) -> None:
    offer = GET.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert (await talk(place, offer * 2000 + last)).count(b"HTTP/1.1 200 OK\r\n") == 2001


async def test_a_large_body_does_not_count_to_the_head_behind_it(place: tuple[str, int]) -> None:
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    body = b"x" * 120_000
    request = b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 120000\r\n\r\n" + body
    answer = await talk(place, request + last[:20], last[20:], every=0.2)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2


NO_SOCKETS = {
    "a POST": (b"POST /graphql HTTP/1.1\r\n", b"", 200),
    "a body": (b"GET /graphql HTTP/1.1\r\n", b"content-length: 4\r\n", 200),
    "pieces of a body": (b"GET /graphql HTTP/1.1\r\n", b"transfer-encoding: chunked\r\n", 200),
    "a long line": (b"GET /graphql HTTP/1.1\r\n", b"cookie: a=" + b"b" * 9000 + b"\r\n", 431),
    "a long address": (b"GET /graphql?" + b"a" * 9000 + b" HTTP/1.1\r\n", b"", 414),
}


@pytest.mark.parametrize("what", NO_SOCKETS)
async def test_what_cannot_open_a_socket_is_answered_all_the_same(place: tuple[str, int], what: str) -> None:
    line, header, status = NO_SOCKETS[what]
    offer = b"connection: close, upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    key = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n0\r\n\r\n"
    answer = await asyncio.wait_for(talk(place, line + header + offer + key), 5)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer


async def test_no_answer_says_which_server_it_is(place: tuple[str, int]) -> None:
    assert (
        b"server:"
        not in (await talk(place, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))).lower()
    )


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [((), b"('127.0.0.1', 'http')"), (("127.0.0.0/8",), b"('203.0.113.9', 'https')")],
)
async def test_rule_37_the_client_s_address_is_taken_from_trusted_proxies_only(
    trusted: tuple[str, ...], seen: bytes
) -> None:
    server, host, port, task = await start(trusted)
    answer = await talk(
        (host, port),
        b"GET /client HTTP/1.1\r\nconnection: close\r\nx-forwarded-proto: https\r\n"
        b"x-forwarded-for: 198.51.100.7, 203.0.113.9\r\n\r\n",
    )
    server.stop()
    await task
    assert answer.endswith(seen)


async def test_a_server_that_stops_ends_what_it_began() -> None:
    server, host, port, task = await start()
    answer = asyncio.create_task(talk((host, port), b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"))
    idle = asyncio.create_task(talk((host, port)))
    await asyncio.sleep(0.2)
    server.stop()
    await task
    assert (await answer).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await idle == b""


async def test_a_socket_s_address_is_told_for_both_families() -> None:
    for host, url in (("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")):
        try:
            opened = listen(host, 0)
        except OSError:
            assert host == "::1"  # a machine without IPv6
            continue
        assert address(opened).startswith(url)
        opened.close()
