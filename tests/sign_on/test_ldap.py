"""A real directory over TLS, and servers that are none: who gets in, and how long a failure takes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest

from providers.contract import Inspects, Misconfigured, ProviderError, Refused, TakesPasswords, Unreachable
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from providers.ldap.ber import Malformed, element, integer, measure, read_all
from providers.secret import Secret
from tests.peers.slapd import GROUPS, PEOPLE, SUFFIX, Directory
from tests.stopwatch import within

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


def opened(outbound: Outbound, settings: dict[str, str]) -> TakesPasswords:
    """The provider of these settings, called `dir`."""
    read = read_settings(settings)
    assert not isinstance(read, list), read
    provider = open_provider("dir", read, outbound)
    assert isinstance(provider, TakesPasswords)
    return provider


@pytest.mark.parametrize("way", ["ldaps", "starttls", "plain"])
async def test_a_person_is_who_the_directory_says(directory: Directory, outbound: Outbound, way: str) -> None:
    more = {"ldaps": {}, "starttls": {"CLIENT_URL": directory.ldap, "START_TLS": "true"}}
    provider = opened(outbound, directory.settings(**more.get(way, {"CLIENT_URL": directory.ldap})))
    person = await provider.recognise("ada", Secret(directory.password))
    assert (person.provider, person.email, person.email_verified) == ("dir", "ada@example.com", True)
    assert (person.first_name, person.last_name, person.groups) == ("Ada", "Lovelace", ("Staff",))
    assert person.external_identifier == person.profile["entryUUID"]
    assert directory.password not in repr(person)
    assert person == await provider.recognise("ADA", Secret(directory.password))
    foreign = await provider.recognise("foreign", Secret(directory.password))
    assert (foreign.email, foreign.email_verified, foreign.groups) == ("for@elsewhere.example", False, ())


async def test_a_new_name_is_no_new_person_unless_the_dn_is_the_identifier(
    directory: Directory, outbound: Outbound
) -> None:
    kept = opened(outbound, directory.settings())
    by_dn = opened(outbound, directory.settings(IDENTIFIER_ATTRIBUTE="dn"))
    password = Secret(directory.password)
    before = await kept.recognise("renamed", password)
    assert (await by_dn.recognise("renamed", password)).external_identifier == f"uid=renamed,{PEOPLE}"
    directory.modify(f"dn: uid=renamed,{PEOPLE}\nchangetype: modrdn\nnewrdn: uid=newname\ndeleteoldrdn: 1\n")
    after = await kept.recognise("newname", password)
    assert after.external_identifier == before.external_identifier
    assert (await by_dn.recognise("newname", password)).external_identifier == f"uid=newname,{PEOPLE}"


@pytest.mark.parametrize(
    "identifier",
    [
        "*",
        "a*",
        "ad?",
        "ada)(uid=*",
        "*)(uid=*))(|(uid=*",
        "ada\0",
        "\\61da",
        "(|(uid=ada))",
        "nobody",
        "é" * 90,
    ],
)
async def test_rule_15_an_identifier_is_a_value_and_never_a_filter(
    directory: Directory, outbound: Outbound, identifier: str
) -> None:
    with pytest.raises(Refused):
        await opened(outbound, directory.settings()).recognise(identifier, Secret(directory.password))


async def test_a_name_made_of_a_filters_signs_is_a_name(directory: Directory, outbound: Outbound) -> None:
    person = await opened(outbound, directory.settings()).recognise("star*(x)\\y", Secret(directory.password))
    assert person.email == "star@example.com"


async def test_rule_15_wrong_empty_and_shared(directory: Directory, outbound: Outbound) -> None:
    provider = opened(outbound, directory.settings())
    for identifier, password in (("ada", "wrong"), ("ada", ""), ("", directory.password), ("ada", "\0")):
        with pytest.raises(Refused):
            await provider.recognise(identifier, Secret(password))
    several = opened(outbound, directory.settings(USER_ATTRIBUTE="objectClass"))
    with pytest.raises(Refused, match="several"):
        await several.recognise("inetOrgPerson", Secret(directory.password))


async def test_groups_that_cannot_be_asked_for_are_not_none(directory: Directory, outbound: Outbound) -> None:
    provider = opened(outbound, directory.settings(GROUP_DN=""))
    assert (await provider.recognise("ada", Secret(directory.password))).groups is None


async def test_rule_15_a_certificate_of_nobody_we_trust_gets_no_password(
    directory: Directory, outbound: Outbound
) -> None:
    for url in (directory.ldaps, directory.ldap):
        given = directory.settings(CLIENT_URL=url, START_TLS="true", TLS_CA="")
        with pytest.raises(Misconfigured, match="TLS_CA names the authority"):
            await opened(outbound, given).recognise("ada", Secret(directory.password))
    by_name = directory.settings(CLIENT_URL=directory.ldaps.replace("127.0.0.1", "localhost"))
    with pytest.raises(Misconfigured, match="certificate that is not trusted"):
        await opened(outbound, by_name).recognise("ada", Secret(directory.password))


def test_rule_15_only_this_machine_is_spoken_with_in_the_clear() -> None:
    for host in ("ldap.example.com", "10.0.0.1", "localhost.example.com"):
        read = read_settings({"DRIVER": "ldap", "CLIENT_URL": f"ldap://{host}", "USER_DN": PEOPLE})
        assert not isinstance(read, list)
        place = read.place()  # type: ignore[attr-defined]  # it is the settings of ldap
        assert place.trust is not None and place.starts


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"BIND_PASSWORD": "wrong"}, "does not take BIND_DN and BIND_PASSWORD"),
        ({"USER_DN": f"ou=nowhere,{SUFFIX}"}, "USER_DN: the directory does not let us search there"),
        ({"GROUP_DN": f"ou=nowhere,{GROUPS}"}, "GROUP_DN: the directory does not let us search there"),
        ({"TLS_CA": "-----BEGIN CERTIFICATE-----\n"}, "holds no certificate"),
    ],
)
async def test_what_is_set_up_wrongly_is_said(
    directory: Directory, outbound: Outbound, change: dict[str, str], sentence: str
) -> None:
    provider = opened(outbound, directory.settings(**change))
    assert isinstance(provider, Inspects)
    try:
        said = " ".join(await provider.inspect(""))
    except Misconfigured as problem:
        said = problem.cause
    assert sentence in said
    assert directory.reader not in said


@asynccontextmanager
async def liar(serve: Serve) -> AsyncIterator[dict[str, str]]:
    """Settings of a server that is no directory."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield {"DRIVER": "ldap", "CLIENT_URL": f"ldap://127.0.0.1:{port}", "USER_DN": PEOPLE}
    server.close()


def says(*answers: bytes, pause: float = 0.0) -> Serve:
    """Wait for a request, then say this, whatever was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        try:
            for answer in answers:
                writer.write(answer)
                await writer.drain()
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
        writer.close()

    return serve


_REFERRED = element(
    0x65, element(0x0A, b"\x0a"), element(4), element(4), element(0xA3, element(4, b"ldap://evil.example"))
)


@pytest.mark.parametrize(
    ("serve", "problem", "cause"),
    [
        (says(), Unreachable, "broke off"),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Unreachable, "does not speak LDAP"),
        (says(b"\x30\x80\x00\x00"), Unreachable, "does not speak LDAP"),
        (says(b"\x30\x84\xff\xff\xff\xff"), Unreachable, "more than"),
        (says(b"\x30\x05\x02\x01\x02\x65\x00"), Unreachable, "does not speak LDAP"),
        (says(element(0x30, integer(9), element(0x65))), Unreachable, "does not speak LDAP"),
        (says(element(0x30, integer(2), _REFERRED)), Misconfigured, "we do not follow"),
        (says(element(0x30, integer(2), element(0x64, element(4, b"\xff"), element(0x30)))), Unreachable, "speak"),
        (says(*([element(0x30, integer(2), element(0x73, bytes(60_000)))] * 40)), Unreachable, "more than"),
        (says(*([b"\x30"] * 90), pause=0.02), Unreachable, "does not speak LDAP"),
        (says(b"\x30\x7f", *([b"\x00"] * 90), pause=0.1), Unreachable, "did not answer within"),
    ],
)  # fmt: skip
async def test_a_server_that_is_no_directory(
    outbound: Outbound, serve: Serve, problem: type[ProviderError], cause: str
) -> None:
    async with liar(serve) as settings:
        with within(6), pytest.raises(problem, match=cause):
            await opened(outbound, settings).recognise("ada", Secret("password"))


async def test_a_directory_that_is_down_or_hangs(outbound: Outbound) -> None:
    down = {"DRIVER": "ldap", "CLIENT_URL": "ldap://127.0.0.1:1", "USER_DN": PEOPLE}
    with pytest.raises(Unreachable, match="cannot be reached"):
        await opened(outbound, down).recognise("ada", Secret("password"))

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with liar(hang) as settings:
        for more in ({}, {"START_TLS": "true"}):
            provider = opened(outbound, {**settings, **more})
            # More than may be there at once: those who wait for their turn are told as soon.
            guesses = (provider.recognise("ada", Secret("password")) for _ in range(12))
            with within(7):
                outcomes = await asyncio.gather(*guesses, return_exceptions=True)
            assert [type(one) for one in outcomes] == [Unreachable] * 12


async def test_what_comes_in_the_clear_before_the_handshake_counts_for_nothing(outbound: Outbound) -> None:
    """Somebody on the way could put answers there, to be read as if the directory had sent them."""
    granted = element(0x30, integer(1), element(0x78, element(0x0A, b"\0"), element(4), element(4)))
    forged = element(0x30, integer(2), element(0x61, element(0x0A, b"\0"), element(4), element(4)))
    refused = element(0x30, integer(1), element(0x78, element(0x0A, b"\x02"), element(4), element(4)))
    for answer, problem in ((granted + forged, Unreachable), (refused, Misconfigured)):
        async with liar(says(answer)) as settings:
            with pytest.raises(problem):
                await opened(outbound, {**settings, "START_TLS": "true"}).recognise("ada", Secret("password"))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_read_as_they_are_written(size: int) -> None:
    written = element(4, bytes(size))
    assert read_all(written * 2) == [(4, bytes(size))] * 2
    assert sum(measure(written[:6]) or ()) == len(written)
    if size:
        with pytest.raises(Malformed):
            read_all(written[:-1])
