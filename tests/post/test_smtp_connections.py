"""Connections to a real mail server: kept, used again, replaced when they ended, never more than allowed."""

import asyncio
import gc
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from secrets import token_urlsafe

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

import mail.smtp
from mail.contract import Retry, Sent
from mail.envelope import POLICY
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


@pytest.mark.parametrize("asks_anyway", [False, True])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_a_refusal_in_one_breath_leaves_the_connection_good(step: str, asks_anyway: bool) -> None:
    server = Scripted({step: "451 4.3.0 later"}, ("PIPELINING",), asks_anyway=asks_anyway)
    async with scripted(server):
        sender = _sender(server.port)
        found = await sender.send(TO, message())
        assert isinstance(found, Retry)
        assert found.code == "4.3.0"  # the first refusal, not that of the text that nobody was to have
        server.answers = {}
        assert isinstance(await sender.send(TO, message()), Sent)
        await sender.close()
        assert server.connections == 1
        assert server.read[:-1] == ([b".\r\n"] if asks_anyway else [])
        begun = ["MAIL", "RCPT", "DATA"]
        assert server.commands() == ["EHLO", *begun, "RSET", *begun, "QUIT"]


async def test_three_commands_go_in_one_breath_only_to_a_server_that_says_so() -> None:
    for extensions, together in ((("SIZE",), 1), (("PIPELINING",), 3)):
        server = _Counting(extensions=extensions)
        async with scripted(server):
            sender = _sender(server.port)
            assert isinstance(await sender.send(TO, message()), Sent)
            await sender.close()
        assert server.most_waiting == together


class _Counting(Scripted):
    """Notes how many commands lie there when it reads the first of them."""

    most_waiting = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        feed = reader.feed_data

        def counting(data: bytes) -> None:
            commands = [line for line in data.split(b"\r\n") if line[:4] in {b"MAIL", b"RCPT", b"DATA"}]
            self.most_waiting = max(self.most_waiting, len(commands))
            feed(data)

        reader.feed_data = counting  # type: ignore[method-assign]  # to see what came in one piece
        await super().serve(reader, writer)


async def test_dots_and_odd_line_ends_arrive_as_they_were_or_whole() -> None:
    async with sink(Sink()) as server:
        sender = _sender(server.port)
        written = EmailMessage(policy=POLICY)
        written["From"] = "no-reply@acme.example"
        written.set_payload(".first\n..second\nthird\n.\nbare\rreturn\n.\rMAIL FROM:<eve@example.net>")
        assert isinstance(await sender.send(TO, written), Sent)
        await sender.close()
        content = server.envelopes[0].content
    assert isinstance(content, bytes)
    assert content.endswith(
        b"\r\n.first\r\n..second\r\nthird\r\n.\r\nbare\r\nreturn\r\n.\r\nMAIL FROM:<eve@example.net>\r\n"
    )
    assert len(server.envelopes) == 1


async def test_a_server_that_speaks_unasked_is_not_trusted_with_another_letter() -> None:
    server = Scripted({"END": "250 taken\r\n250 and once more"}, once=True)
    async with scripted(server):
        sender = _sender(server.port)
        assert isinstance(await sender.send(TO, message()), Sent)
        assert isinstance(await sender.send(TO, message()), Sent)
        await sender.close()
        assert server.connections == 2


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
