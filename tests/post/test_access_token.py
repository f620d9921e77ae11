"""Signing in to a mail server by access token (XOAUTH2): over TLS alone, asked for once, refused in plain words."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from mail.contract import Pause, Sent
from mail.settings import Settings
from mail.smtp import Smtp
from providers.access_token import AccessToken, Grant
from providers.contract import Misconfigured, Unreachable
from providers.http import Outbound
from providers.secret import Secret
from tests.post.letters import message
from tests.post.servers import Scripted, certificate, scripted

EXTENSIONS = ("8BITMIME", "AUTH XOAUTH2 PLAIN")


async def _token() -> str:
    return "a-token"


@asynccontextmanager
async def _endpoint(status: str, body: object) -> AsyncIterator[tuple[str, list[str]]]:
    """A token endpoint that always says the same; gives its address and what it heard."""
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split("\r\n")[0])
        heard.append((await reader.readexactly(length)).decode())
        text = json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token", heard
    finally:
        server.close()
        await server.wait_closed()


def _grant(url: str, **more: Secret) -> Grant:
    return Grant(token_url=url, client_id="idbridge", client_secret=Secret("s"), scope="mail", **more)


async def test_the_letter_goes_out_after_a_sign_in_by_token(tmp_path: Path) -> None:
    server_tls, client_tls = certificate(tmp_path, "127.0.0.1")
    async with scripted(Scripted(extensions=EXTENSIONS, certificate=server_tls), implicit=True) as server:
        settings = Settings("127.0.0.1", server.port, "post@acme.example", None, "implicit")
        sender = Smtp(settings, tls=client_tls, token=_token)
        assert isinstance(await sender.send("anna@example.org", message()), Sent)
        await sender.close()
    (said,) = [command.split(" ")[2] for command, _ in server.heard if command.startswith("AUTH XOAUTH2")]
    assert base64.b64decode(said) == b"user=post@acme.example\x01auth=Bearer a-token\x01\x01"


@pytest.mark.parametrize("offers", ["AUTH XOAUTH2", "AUTH PLAIN"])
async def test_no_token_crosses_the_network_in_clear(offers: str) -> None:
    async with scripted(Scripted(extensions=(offers,))) as server:
        sender = Smtp(Settings("127.0.0.1", server.port, "post@acme.example"), token=_token)
        assert isinstance(await sender.send("anna@example.org", message()), Pause)
        await sender.close()
    assert "AUTH" not in server.commands()


async def test_a_token_is_asked_for_once_until_it_is_old() -> None:
    moments = iter([0.0, 0.0, 100.0, 700.0, 700.0])
    async with _endpoint("200 OK", {"access_token": "first", "expires_in": 3600}) as (url, heard):
        outbound = Outbound([ip_network("127.0.0.0/8")])
        access = AccessToken(_grant(url), outbound, clock=lambda: next(moments))
        assert [await access.give() for _ in range(3)] == ["first"] * 3
        await outbound.shut()
    assert heard == ["grant_type=client_credentials&client_id=idbridge&client_secret=s&scope=mail"] * 2


async def test_a_refresh_token_is_used_where_there_is_one() -> None:
    async with _endpoint("200 OK", {"access_token": "x"}) as (url, heard):
        outbound = Outbound([ip_network("127.0.0.0/8")])
        assert await AccessToken(_grant(url, refresh_token=Secret("r")), outbound).give() == "x"
        await outbound.shut()
    assert "grant_type=refresh_token" in heard[0]
    assert "refresh_token=r" in heard[0]


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        ("401 No", {"error": "invalid_client"}, Misconfigured),
        ("503 Later", {}, Unreachable),
        ("200 OK", {"token": 1}, Unreachable),
    ],
)
async def test_what_an_endpoint_may_say_instead(status: str, body: object, problem: type[Exception]) -> None:
    async with _endpoint(status, body) as (url, _):
        outbound = Outbound([ip_network("127.0.0.0/8")])
        with pytest.raises(problem) as raised:
            await AccessToken(_grant(url), outbound).give()
        await outbound.shut()
    assert "invalid_client" not in str(raised.value)
