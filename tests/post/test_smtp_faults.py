"""Each way in which a mail server can fail a letter, and what we make of it."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from pathlib import Path
from secrets import token_urlsafe

import pytest

from mail.contract import Delivery, GiveUp, Pause, Retry, Sent
from mail.settings import Security, Settings
from mail.smtp import Smtp
from tests.post.letters import message
from tests.post.servers import Act, Answer, Scripted, certificate, scripted

TO = "anna@example.org"


async def _send(
    server: Scripted,
    *,
    security: Security = "never",
    user: str | None = None,
    tls: ssl.SSLContext | None = None,
    recipient: str = TO,
    timeout: float = 5,  # noqa: ASYNC109  what is tested is the sender's own
) -> Delivery:
    password = token_urlsafe() if user else None
    sender = Smtp(
        Settings("127.0.0.1", server.port, user, password, security), connections=1, timeout=timeout, tls=tls
    )
    try:
        return await sender.send(recipient, message())
    finally:
        await sender.close()


@dataclass
class Fault:
    """One row of the matrix: at `step` the server answers, or acts, and `expected` comes of it."""

    step: str
    answer: Answer
    expected: Delivery
    facts: tuple[str, ...] = ()
    timeout: float = 5
    earlier: dict[str, Answer] = field(default_factory=dict)


def _like(found: Delivery, expected: Delivery) -> None:
    """Same class, code, and the decisions that hang on it; the words may be any."""
    assert type(found) is type(expected), found
    for name in ("code", "after", "outage", "alert", "uncertain"):
        assert getattr(found, name, None) == getattr(expected, name, None), (name, found)


HELLO = [
    Fault("BANNER", Act.HANG, Retry("", outage=True), timeout=0.3),
    Fault("BANNER", Act.DRIP, Retry("", outage=True), timeout=0.3),
    Fault("BANNER", Act.CLOSE, Retry("", outage=True)),
    Fault("BANNER", Act.RESET, Retry("", outage=True)),
    Fault("BANNER", "421 4.3.2 shutting down", Retry("", "421", outage=True)),
    Fault("BANNER", "554 no service for you", Retry("", "554", outage=True, alert=True)),
    Fault("BANNER", "HTTP/1.1 400 Bad Request", Retry("", outage=True, alert=True)),
    Fault("EHLO", "421 too many", Retry("", "421", outage=True)),
    Fault("EHLO", Act.CLOSE, Retry("", outage=True)),
]
LETTER = [
    Fault("MAIL", "451 4.3.0 later", Retry("", "4.3.0")),
    Fault("MAIL", "552 5.3.4 too big", GiveUp("", "5.3.4")),
    Fault("MAIL", "530 5.7.0 sign in first", Pause("", "5.7.0")),
    Fault("MAIL", "530 5.5.1 Authentication Required", Pause("", "5.5.1")),
    Fault("MAIL", "553 5.7.1 not your address", Pause("", "5.7.1")),
    Fault("MAIL", "550 no", Pause("", "550")),
    Fault("MAIL", "554 5.6.7 no UTF-8", GiveUp("", "5.6.7")),
    Fault("MAIL", "421 4.4.2 bye", Retry("", "421")),
    Fault("MAIL", Act.RESET, Retry("")),
    Fault("RCPT", "450 4.2.0 greylisted", Retry("", "4.2.0", after=300)),
    Fault("RCPT", "550 5.1.1 unknown", GiveUp("", "5.1.1")),
    Fault("RCPT", "554 5.7.1 <x>: Relay access denied", Retry("", "5.7.1", alert=True)),
    Fault(
        "RCPT", "553 5.7.1 Sender address rejected: not owned by user post", Retry("", "5.7.1", alert=True)
    ),
    Fault("RCPT", "550 5.1.1 User unknown in relay recipient table", GiveUp("", "5.1.1")),
    Fault("RCPT", "530 5.7.0 sign in first", Retry("", "5.7.0", alert=True)),
    Fault("RCPT", "550 no", GiveUp("", "550")),
    Fault("RCPT", "552 mailbox full", Retry("", "552")),
    Fault("RCPT", "550 5.2.2 over quota", Retry("", "5.2.2")),
    Fault("RCPT", Act.CLOSE, Retry("")),
    Fault("RCPT", Act.HANG, Retry(""), timeout=0.3),
    Fault("DATA", "451 4.7.1 throttled", Retry("", "4.7.1")),
    Fault("DATA", "554 5.5.1 no valid recipients", GiveUp("", "5.5.1")),
    Fault("END", "451 4.3.0 queue full", Retry("", "4.3.0")),
    Fault("END", "554 5.7.1 spam", GiveUp("", "5.7.1")),
    Fault("END", "550 5.4.5 daily quota exceeded", Retry("", "5.4.5")),
    Fault("END", "421 4.3.2 shutting down", Retry("", "4.3.2")),
    Fault("END", Act.CLOSE, Retry("", uncertain=True)),
    Fault("END", Act.HALF_CLOSE, Retry("", uncertain=True)),
    Fault("END", Act.RESET, Retry("", uncertain=True)),
    Fault("END", Act.HANG, Retry("", uncertain=True), timeout=0.3),
    Fault("END", "what?", Retry("", alert=True, uncertain=True)),
]


@pytest.mark.parametrize("fault", HELLO + LETTER, ids=lambda fault: f"{fault.step} {fault.answer}")
async def test_a_fault_is_classed_by_what_it_means_for_the_letter(fault: Fault) -> None:
    async with scripted(Scripted({fault.step: fault.answer})) as server:
        async with asyncio.timeout(3):
            found = await _send(server, timeout=fault.timeout)
        _like(found, fault.expected)
        assert isinstance(found, Retry | GiveUp | Pause)
        assert found.reason
        assert not server.texts


@pytest.mark.parametrize("fault", LETTER, ids=lambda fault: f"{fault.step} {fault.answer}")
async def test_a_fault_means_the_same_when_three_commands_go_in_one_breath(fault: Fault) -> None:
    async with scripted(Scripted({fault.step: fault.answer}, ("PIPELINING",))) as server:
        async with asyncio.timeout(3):
            found = await _send(server, timeout=fault.timeout)
        _like(found, fault.expected)
        assert not server.texts


@pytest.mark.parametrize("answer", ["250", "250-a\r\n250-b\r\n250 c", "250-\xe4\r\n250 ok"], ids=ascii)
async def test_a_reply_may_have_any_form_that_the_standard_has(answer: str) -> None:
    for extensions in (("SIZE",), ("PIPELINING",)):
        async with scripted(Scripted({"END": answer}, extensions)) as server:
            assert isinstance(await _send(server), Sent)


@pytest.mark.parametrize(
    "answer",
    ["250-" + "x" * 40_000, "250-\r\n" * 10_000, "25", "250_ok", "+25 ok", "250-ok\r\n354 ok"],
    ids=lambda it: it[:8],
)
async def test_an_answer_that_is_no_reply_ends_the_conversation(answer: str) -> None:
    for extensions in (("SIZE",), ("PIPELINING",)):
        async with scripted(Scripted({"RCPT": answer}, extensions)) as server:
            found = await _send(server)
            _like(found, Retry("", alert=True))
            assert isinstance(found, Retry)
            assert len(found.reply) <= 300
            assert not server.read


async def test_nobody_listens() -> None:
    async with scripted(Scripted()) as server:
        pass
    found = await _send(server)
    _like(found, Retry("", outage=True))
    assert isinstance(found, Retry)
    assert "refused" in found.reason.lower()


async def test_nobody_is_called_so() -> None:
    sender = Smtp(Settings("mail.invalid", 25, security="never"), timeout=20)
    _like(await sender.send(TO, message()), Retry("", outage=True))


async def test_a_server_without_ehlo_is_greeted_as_of_old() -> None:
    async with scripted(Scripted({"EHLO": "500 what?"})) as server:
        assert isinstance(await _send(server), Sent)
        assert server.commands()[:3] == ["EHLO", "HELO", "MAIL"]


@pytest.mark.parametrize("starttls", [None, "454 4.7.0 not now", "502 no"], ids=str)
async def test_where_tls_is_required_nothing_goes_in_clear(starttls: str | None) -> None:
    extensions = ("8BITMIME",) if starttls is None else ("STARTTLS", "AUTH PLAIN")
    answers: dict[str, Answer] = {} if starttls is None else {"STARTTLS": starttls}
    async with scripted(Scripted(answers, extensions)) as server:
        found = await _send(server, security="required", user="post")
        _like(found, Pause("", starttls[:3] if starttls else None))
        assert set(server.commands()) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("name", ["127.0.0.1", "mail.example.org"], ids=["self-signed", "another's name"])
@pytest.mark.parametrize("security", ["implicit", "required", "offered"])
async def test_a_certificate_that_does_not_hold_stops_everything(
    name: str, security: Security, tmp_path: Path
) -> None:
    mine, trusting = certificate(tmp_path, name)
    server = Scripted(extensions=("STARTTLS",), certificate=mine)
    async with scripted(server, implicit=security == "implicit"):
        # A self-signed one is not known to anybody; another's name is trusted, and still not this server's.
        found = await _send(server, security=security, tls=None if name == "127.0.0.1" else trusting)
        _like(found, Pause(""))
        assert set(server.commands()) <= {"EHLO", "STARTTLS"}


async def test_tls_from_the_first_byte_to_a_server_that_speaks_none() -> None:
    async with scripted(Scripted()) as server:
        _like(await _send(server, security="implicit"), Pause(""))
        assert not any("MAIL" in command for command, _ in server.heard)


@pytest.mark.parametrize("security", ["implicit", "required", "offered"])
async def test_with_tls_every_word_after_the_greeting_is_encrypted(
    security: Security, tmp_path: Path
) -> None:
    mine, trusting = certificate(tmp_path, "127.0.0.1")
    server = Scripted(extensions=("STARTTLS", "AUTH PLAIN"), certificate=mine)
    async with scripted(server, implicit=security == "implicit"):
        assert isinstance(await _send(server, security=security, user="post", tls=trusting), Sent)
        if security == "implicit":
            assert server.commands()[:3] == ["EHLO", "AUTH", "MAIL"]
        else:
            assert server.commands()[:5] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL"]
            assert all(encrypted for _, encrypted in server.heard[2:])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("535 5.7.8 wrong password", Pause("", "535")),
        ("534 5.7.9 too weak", Pause("", "534")),
        ("454 4.7.0 try later", Retry("", "454", outage=True)),
        (Act.CLOSE, Retry("", outage=True)),
    ],
    ids=str,
)
async def test_a_refused_sign_in(answer: Answer, expected: Delivery) -> None:
    async with scripted(Scripted({"AUTH": answer}, ("AUTH PLAIN LOGIN",))) as server:
        _like(await _send(server, user="post"), expected)
        assert server.commands().count("AUTH") == 1  # no second method, which could lock the account


@pytest.mark.parametrize("extensions", [("8BITMIME",), ("AUTH GSSAPI",)], ids=str)
async def test_no_way_to_sign_in(extensions: tuple[str, ...]) -> None:
    async with scripted(Scripted(extensions=extensions)) as server:
        _like(await _send(server, user="post"), Pause(""))


async def test_the_password_does_not_go_in_clear_unless_that_was_asked_for() -> None:
    async with scripted(Scripted(extensions=("AUTH PLAIN LOGIN",))) as server:
        _like(await _send(server, security="offered", user="post"), Pause(""))
        assert server.commands() == ["EHLO"]
        assert isinstance(await _send(server, security="never", user="post"), Sent)


async def test_an_address_outside_ascii_needs_a_server_for_it() -> None:
    async with scripted(Scripted(extensions=("8BITMIME",))) as server:
        _like(await _send(server, recipient="jürgen@example.org"), GiveUp("", "5.6.7"))
        assert "MAIL" not in server.commands()
        assert isinstance(await _send(server, recipient="anna@bücher.example"), Sent)
        assert ("RCPT TO:<anna@xn--bcher-kva.example>", False) in server.heard


@pytest.mark.parametrize(
    "recipient",
    [
        "anna@example.org\r\nRCPT TO:<eve@example.net>",
        "anna@example.org\n",
        "anna@example.org> NOTIFY=NEVER",
        "anna@example.org,eve@example.net",
        '"a b"@example.org',
        "anna",
        "@example.org",
        "an\x00na@example.org",
        "a" * 250 + "@example.org",
        "anna@-\u2028.org",
    ],
    ids=ascii,
)
async def test_what_is_no_plain_address_never_reaches_the_server(recipient: str) -> None:
    async with scripted(Scripted()) as server:
        found = await _send(server, recipient=recipient)
        _like(found, GiveUp("", "5.1.3"))
        assert server.connections == 0


async def test_links_and_tokens_in_a_reply_are_not_kept() -> None:
    link = "https://id.example/accept?token=" + token_urlsafe()
    answer = f"554 5.7.1 blocked: {link} eyJhbGciOiJub25lIn0.e30.x"
    async with scripted(Scripted({"END": answer})) as server:
        found = await _send(server)
    assert isinstance(found, GiveUp)
    assert found.reply == "5.7.1 blocked: [link] [token]"


def test_the_password_is_in_no_repr() -> None:
    password = token_urlsafe()
    settings = Settings("mail.example", 587, "post", password)
    assert password not in repr(settings)
    assert password not in repr(vars(Smtp(settings)))


def test_the_sender_of_the_tests_is_a_plain_address() -> None:
    assert message()["From"].addresses == (Address("Acme", "no-reply", "acme.example"),)
