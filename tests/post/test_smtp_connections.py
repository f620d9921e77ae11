"""Connections to a real mail server: kept, used again, replaced when they ended, never more than allowed."""

import asyncio
import gc
import ssl
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from secrets import token_urlsafe

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

import mail.smtp
from mail.contract import Retry, Sent
from mail.settings import Settings
from mail.smtp import Smtp
from tests.post.letters import letter, message
from tests.post.servers import Act, Answer, Scripted, Sink, certificate, scripted, sink, until

TO = "anna@example.org"


def _sender(port: int, connections: int = 1) -> Smtp:
    return Smtp(Settings("127.0.0.1", port, security="never"), connections=connections, timeout=5)


async def test_letters_go_one_after_another_over_one_connection() -> None:
    async with sink(Sink()) as server:
        sender = _sender(server.port)
        assert [await sender.send(f"{n}@example.org", message()) for n in range(3)] == [
            Sent("2.0.0 taken")
        ] * 3
        await sender.close()
        assert len(server.peers) == 1
        assert [envelope.rcpt_tos for envelope in server.envelopes] == [
            [f"{n}@example.org"] for n in range(3)
        ]
        assert {envelope.mail_from for envelope in server.envelopes} == {"no-reply@acme.example"}


async def test_no_more_connections_than_allowed_and_all_of_them_at_once() -> None:
    async with sink(Sink(delay=0.05)) as server:
        sender = _sender(server.port, connections=3)
        outcomes = await asyncio.gather(*(sender.send(TO, message()) for _ in range(12)))
        await sender.close()
        assert outcomes == [Sent("2.0.0 taken")] * 12
        assert len(server.peers) == 3
        assert server.most_together == 3


async def test_what_arrives_is_the_message(tmp_path: Path) -> None:
    async with sink(Sink()) as server:
        sender = _sender(server.port)
        written = message(letter(recipient="jürgen@bücher.example"), project="Größe")
        assert isinstance(await sender.send("jürgen@bücher.example", written), Sent)
        await sender.close()
        content = server.envelopes[0].original_content
    assert isinstance(content, bytes)
    arrived = message_from_bytes(content, policy=default)
    assert arrived["Subject"] == "Mara Okafor invites you to Größe"
    assert arrived["To"] == "jürgen@xn--bcher-kva.example"
    text, sent = arrived.get_body(("plain",)), written.get_body(("plain",))
    assert text is not None
    assert sent is not None
    assert text.get_content().splitlines() == sent.get_content().splitlines()


@pytest.mark.parametrize("extensions", [("SIZE",), ("8BITMIME", "SIZE")], ids=str)
async def test_eight_bits_go_only_to_a_server_that_takes_them(extensions: tuple[str, ...]) -> None:
    async with scripted(Scripted(extensions=extensions)) as server:
        sender = _sender(server.port)
        assert isinstance(await sender.send(TO, message(project="Größe")), Sent)
        await sender.close()
        text = server.texts[0]
        assert text.isascii() is ("8BITMIME" not in extensions)
        assert any("BODY=8BITMIME" in command for command, _ in server.heard) is ("8BITMIME" in extensions)
        # RFC 1870 section 3: without the dots that the transfer adds.
        size = len(text.replace(b"\r\n..", b"\r\n.")) - len(".\r\n")
        assert any(f"SIZE={size}" in command for command, _ in server.heard)


@pytest.mark.parametrize("ending", [Act.CLOSE, Act.RESET, "421 4.4.2 idle for too long"], ids=str)
async def test_a_kept_connection_that_ended_costs_no_attempt(ending: Answer) -> None:
    server = Scripted(once=True)
    async with scripted(server):
        sender = _sender(server.port)
        assert isinstance(await sender.send(TO, message()), Sent)
        server.answers = {"MAIL": ending}
        assert isinstance(await sender.send(TO, message()), Sent)
        await sender.close()
        assert server.connections == 2
        assert len(server.texts) == 2


async def test_after_a_refusal_the_connection_is_used_on() -> None:
    server = Scripted({"RCPT": "451 4.3.0 later"})
    async with scripted(server):
        sender = _sender(server.port)
        assert isinstance(await sender.send(TO, message()), Retry)
        server.answers = {}
        assert isinstance(await sender.send(TO, message()), Sent)
        await sender.close()
        assert server.connections == 1
        assert server.commands() == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]


async def test_an_idle_connection_is_closed_with_a_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail.smtp, "KEPT", 0.05)
    async with scripted(Scripted()) as server:
        sender = _sender(server.port)
        assert isinstance(await sender.send(TO, message()), Sent)
        await until(lambda: "QUIT" in server.commands())
        assert isinstance(await sender.send(TO, message()), Sent)
        assert server.connections == 2
        await sender.close()


async def test_a_sender_that_is_cut_off_keeps_no_half_used_connection() -> None:
    server = Scripted({"RCPT": Act.HANG})
    async with scripted(server):
        sender = _sender(server.port)
        sending = asyncio.create_task(sender.send(TO, message()))
        await until(lambda: "RCPT" in server.commands())
        sending.cancel()
        await asyncio.wait([sending])
        server.answers = {}
        assert isinstance(await sender.send(TO, message()), Sent)
        await sender.close()
        assert server.connections == 2


async def test_starttls_and_a_password_against_a_real_server(tmp_path: Path) -> None:
    mine, trusting = certificate(tmp_path, "127.0.0.1")
    user, password = "post", token_urlsafe()

    def check(server: object, session: object, envelope: object, mechanism: str, proof: object) -> AuthResult:
        right = isinstance(proof, LoginPassword) and proof == LoginPassword(user.encode(), password.encode())
        return AuthResult(success=right)

    options = {"tls_context": mine, "require_starttls": True, "authenticator": check, "auth_required": True}
    async with sink(Sink(), **options) as server:
        settings = Settings("127.0.0.1", server.port, user, password, "required")
        sender = Smtp(settings, connections=1, timeout=5, tls=trusting)
        assert [await sender.send(TO, message()) for _ in range(2)] == [Sent("2.0.0 taken")] * 2
        await sender.close()
        assert len(server.peers) == 1


async def test_one_tls_context_serves_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    real = ssl.create_default_context

    def counting() -> ssl.SSLContext:
        nonlocal made
        made += 1
        return real()

    monkeypatch.setattr(ssl, "create_default_context", counting)
    async with sink(Sink(delay=0.02)) as server:
        sender = Smtp(Settings("127.0.0.1", server.port, security="offered"), connections=2, timeout=5)
        await asyncio.gather(*(sender.send(TO, message()) for _ in range(4)))
        await sender.close()
        assert len(server.peers) == 2
    assert made == 1
    gc.collect()  # an unclosed connection would warn here, and warnings are errors
