"""No word of anybody else leads us into our own network, and no answer is too much for us."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network

import httpx2
import pytest

from providers.addresses import Address
from providers.contract import Misconfigured, ProviderError, Unreachable
from providers.http import Outbound
from tests.sign_on.issuer import Answer, Issuer, json

FORMS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104  # to be refused, not to be bound
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
]  # a list of them reads worse


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", FORMS)
async def test_no_way_of_writing_it_reaches_a_server_on_this_machine(
    issuer: Issuer, host: str, scheme: str
) -> None:
    way = Outbound()
    port = issuer.url.rpartition(":")[2]
    with pytest.raises(ProviderError):
        await way.fetch(f"{scheme}://{host}:{port}/keys", dict)
    await asyncio.sleep(0)
    assert not issuer.seen
    await way.shut()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "[::ffff:127.0.0.1]"])
async def test_the_same_ways_reach_it_when_its_network_is_allowed(issuer: Issuer, host: str) -> None:
    way = Outbound([ip_network("127.0.0.0/8"), ip_network("::1/128")])
    assert await way.fetch(f"http://{host}:{issuer.url.rpartition(':')[2]}/keys", dict)
    await way.shut()


async def test_plain_http_to_a_public_address_is_not_spoken() -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("8.8.8.8")]

    way = Outbound([ip_network("127.0.0.0/8")], resolve=resolve)
    with pytest.raises(Misconfigured, match="over https"):
        await way.fetch("http://idp.example/", dict)


async def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("8.8.8.8"), ip_address("10.0.0.1")]

    with pytest.raises(Misconfigured, match=r"10\.0\.0\.1"):
        await Outbound(resolve=resolve).fetch("https://idp.example/", dict)


async def test_the_checked_address_is_the_one_that_is_connected_to(issuer: Issuer) -> None:
    answers = [[ip_address("127.0.0.1")], [ip_address("10.0.0.1")]]

    async def rebinding(host: str, port: int) -> list[Address]:
        return answers.pop(0)

    way = Outbound([ip_network("127.0.0.0/8")], resolve=rebinding)
    assert await way.fetch(f"http://idp.example:{issuer.url.rpartition(':')[2]}/keys", dict)
    assert len(answers) == 1
    await way.shut()


async def test_the_second_address_is_tried_when_nobody_is_at_the_first(issuer: Issuer) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

    way = Outbound([ip_network("127.0.0.0/8")], resolve=resolve)
    assert await way.fetch(f"http://idp.example:{issuer.url.rpartition(':')[2]}/keys", dict)
    await way.shut()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://idp.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//idp.example/",
        "idp.example",
        "",
        "http://",
        "https://",
        "https://:443/",
        "http://[::1",
        "https://a:99999999/",
        "https://" + "a" * 300 + "/",
        "https://exa mple/",
    ],
)
async def test_what_is_no_address_is_a_problem_and_no_crash(url: str) -> None:
    with pytest.raises(ProviderError):
        await Outbound().fetch(url, dict)


async def test_a_redirect_is_not_followed(issuer: Issuer, outbound: Outbound) -> None:
    issuer.answers["/from"] = lambda: Answer(status=302, headers={"Location": f"{issuer.url}/keys"})
    with pytest.raises(Unreachable, match="status 302"):
        await outbound.fetch(f"{issuer.url}/from", dict)
    assert issuer.seen["/keys"] == 0


async def test_proxies_of_the_environment_are_not_used(
    issuer: Issuer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await outbound.fetch(f"{issuer.url}/keys", dict)


async def test_the_limit_is_a_megabyte(issuer: Issuer, outbound: Outbound) -> None:
    issuer.answers["/just"] = lambda: json("a" * 999_998)
    assert len(await outbound.fetch(f"{issuer.url}/just", str)) == 999_998
    issuer.answers["/over"] = lambda: json("a" * 999_999)
    with pytest.raises(Unreachable, match="more than 1000000 bytes"):
        await outbound.fetch(f"{issuer.url}/over", str)


async def test_a_client_that_closes_leaves_the_others_connected(issuer: Issuer, outbound: Outbound) -> None:
    async with httpx2.AsyncClient(transport=outbound, trust_env=False) as one:
        async with httpx2.AsyncClient(transport=outbound, trust_env=False) as two:
            assert (await two.get(f"{issuer.url}/keys")).status_code == 200
        assert (await one.get(f"{issuer.url}/keys")).status_code == 200


@pytest.fixture(params=[b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000])
async def gibberish(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A server that speaks something else than HTTP."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request.param)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_gibberish_is_a_cause_that_does_not_repeat_it(gibberish: int, outbound: Outbound) -> None:
    with pytest.raises(Unreachable) as caught:
        await outbound.fetch(f"http://127.0.0.1:{gibberish}/", dict)
    assert "hello" not in caught.value.cause
    assert len(caught.value.cause) < 300
