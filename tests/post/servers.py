"""Mail servers for the tests: a scripted one that misbehaves on demand, and aiosmtpd, which does not."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import aiosmtpd.smtp
from aiosmtpd.smtp import Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Act(Enum):
    """What a server does instead of answering."""

    CLOSE = "closes"
    HALF_CLOSE = "closes its half"
    RESET = "resets the connection"
    HANG = "says nothing more"
    DRIP = "says one letter at a time"


Answer = str | Act


@dataclass
class Scripted:
    """Speaks SMTP, except where `answers` has something else for a step.

    Steps are BANNER, the commands in capitals, and END for the end of the text. `heard` keeps every command
    with a mark for those that came encrypted; `read` keeps every text, `texts` those that it took. With
    `once` each of the answers is given one time only. Text for nobody is refused before it comes, or with
    `asks_anyway` after it.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("8BITMIME", "SIZE 1000000", "SMTPUTF8")
    certificate: ssl.SSLContext | None = None
    heard: list[tuple[str, bool]] = field(default_factory=list)
    read: list[bytes] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    once: bool = False
    asks_anyway: bool = False

    def commands(self) -> list[str]:
        return [command.split(" ")[0].upper() for command, _ in self.heard]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            # asyncio 3.11 waits for ever after a TLS handshake that the client broke off.
            with suppress(OSError):
                async with asyncio.timeout(0.2):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = refused = False
        if not await self._answer(writer, "BANNER", "220 test ESMTP"):
            return
        while line := (await reader.readline()).decode():
            command = line.strip()
            self.heard.append((command, encrypted))
            verb = command.split(" ")[0].upper()
            odd = verb in self.answers
            refused = {"MAIL": odd, "RSET": False, "RCPT": refused or odd}.get(verb, refused)
            if verb == "DATA" and refused and not odd:
                await self._for_nobody(reader, writer)
                continue
            if not await self._answer(writer, verb, self._usual(verb)):
                return
            if verb == "STARTTLS" and not odd:
                assert self.certificate is not None
                await writer.start_tls(self.certificate)
                encrypted = True
            if verb == "DATA" and not odd:
                odd = "END" in self.answers
                text = await _text(reader)
                self.read.append(text)
                if not await self._answer(writer, "END", "250 2.0.0 taken as 7F"):
                    return
                if not odd:
                    self.texts.append(text)
            if verb == "QUIT":
                return

    async def _for_nobody(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.asks_anyway:
            writer.write(b"354 go on\r\n")
            self.read.append(await _text(reader))
        writer.write(b"554 5.5.1 for whom?\r\n")

    def _usual(self, verb: str) -> str:
        if verb == "EHLO":
            lines = ["test", *self.extensions]
            return "\r\n".join(f"250-{line}" for line in lines[:-1]) + f"\r\n250 {lines[-1]}"
        return {"DATA": "354 go on", "QUIT": "221 bye", "STARTTLS": "220 go on", "AUTH": "235 ok"}.get(
            verb, "250 ok"
        )

    async def _answer(self, writer: asyncio.StreamWriter, step: str, usual: str) -> bool:
        """False when the conversation is over."""
        answer = self.answers.get(step, usual)
        if self.once:
            self.answers.pop(step, None)
        match answer:
            case Act.CLOSE:
                return False
            case Act.RESET:
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            case Act.HALF_CLOSE:
                writer.write_eof()
                await asyncio.sleep(30)
            case Act.HANG:
                await asyncio.sleep(30)
            case Act.DRIP:
                for letter in usual * 100:
                    writer.write(letter.encode())
                    await asyncio.sleep(0.05)
            case str(text):
                writer.write(text.encode() + b"\r\n")
                await writer.drain()
        return True


async def _text(reader: asyncio.StreamReader) -> bytes:
    text = b""
    while text != b".\r\n" and not text.endswith(b"\r\n.\r\n"):
        text += await reader.readuntil(b"\n")
    return text


@asynccontextmanager
async def scripted(server: Scripted, implicit: bool = False) -> AsyncIterator[Scripted]:
    """Run it on a port of its own; afterwards nothing of it is left."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(asyncio.CancelledError):
            await server.serve(reader, writer)
        serving.discard(task)

    listener = await asyncio.start_server(
        serve, "127.0.0.1", server.port, ssl=server.certificate if implicit else None
    )
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(serving):
            task.cancel()
        if serving:
            await asyncio.wait(serving)
        await listener.wait_closed()


@dataclass
class Sink:
    """What aiosmtpd was handed; set `fate` to refuse."""

    envelopes: list[Envelope] = field(default_factory=list)
    peers: set[object] = field(default_factory=set)
    together: int = 0
    most_together: int = 0
    delay: float = 0
    port: int = 0

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, server: object, session: Session, envelope: object, name: str, answer: list[str]
    ) -> list[str]:
        """As every mail server of today: it hears several commands at once (RFC 2920)."""
        session.host_name = name
        return [*answer[:-1], "250-PIPELINING", answer[-1]]

    async def handle_DATA(self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        await asyncio.sleep(self.delay)
        self.together -= 1
        self.peers.add(session.peer)
        self.envelopes.append(envelope)
        return "250 2.0.0 taken"


@asynccontextmanager
async def sink(server: Sink, **options: Any) -> AsyncIterator[Sink]:
    """aiosmtpd in this loop; `options` are its own."""
    daemons: list[aiosmtpd.smtp.SMTP] = []

    def daemon() -> aiosmtpd.smtp.SMTP:
        daemons.append(aiosmtpd.smtp.SMTP(server, hostname="test", enable_SMTPUTF8=True, **options))
        return daemons[-1]

    listener = await asyncio.get_running_loop().create_server(daemon, "127.0.0.1", server.port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for one in daemons:
            if one.transport is not None:
                one.transport.close()
        await listener.wait_closed()
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what happens elsewhere: in a server, a worker, another process."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the others do not know that somebody waits
            await asyncio.sleep(0.01)


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A self-signed certificate for `name`: the server's context, and a client's that trusts only it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    try:
        shown: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        shown = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([shown]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / f"{name}.pem"
    pem = made.public_bytes(serialization.Encoding.PEM)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + pem
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())
