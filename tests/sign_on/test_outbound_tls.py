"""What answers over https is who its certificate says, signed by somebody we trust."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from providers.addresses import Address
from providers.contract import Unreachable
from providers.http import Outbound


class Secured(NamedTuple):
    port: int
    certificate: Path


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    """An https server on this machine that is `idp.example` by its certificate, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("idp.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (tmp_path / "certificate").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield Secured(server.sockets[0].getsockname()[1], tmp_path / "certificate")


async def at_home(host: str, port: int) -> list[Address]:
    return [ip_address("127.0.0.1")]


async def test_a_trusted_certificate_of_the_right_name_is_spoken_to(secured: Secured) -> None:
    trust = ssl.create_default_context(cafile=secured.certificate)
    way = Outbound([ip_network("127.0.0.0/8")], trust=trust, resolve=at_home)
    assert await way.fetch(f"https://idp.example:{secured.port}/", dict) == {}
    await way.shut()


async def test_a_trusted_certificate_of_another_name_is_not(secured: Secured) -> None:
    trust = ssl.create_default_context(cafile=secured.certificate)
    way = Outbound([ip_network("127.0.0.0/8")], trust=trust, resolve=at_home)
    with pytest.raises(Unreachable, match="cannot be reached"):
        await way.fetch(f"https://other.example:{secured.port}/", dict)


async def test_a_certificate_of_nobody_we_trust_is_not_even_where_the_network_is_allowed(
    secured: Secured,
) -> None:
    way = Outbound([ip_network("127.0.0.0/8")], resolve=at_home)
    with pytest.raises(Unreachable, match="cannot be reached"):
        await way.fetch(f"https://idp.example:{secured.port}/", dict)
