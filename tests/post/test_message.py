"""What stands in a letter, in its headers and in both of its parts."""

import re
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from mail.addresses import BadAddress, mask, read_sender
from mail.catalogue import in_words
from mail.letterhead import Letterhead
from mail.message import write
from mail.sheets import calm
from tests.post.letters import LINK, SENDER, letter, message, values


def _part(written: EmailMessage, kind: str) -> str:
    part = written.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content


class _Reader(HTMLParser):
    """What a reader of the HTML part comes upon."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.shown: list[str] = []
        self.tables: list[str | None] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag == "table":
            self.tables.append(found.get("role"))
        if tag in {"style", "title"}:
            self._silent = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.shown.append(data)

    def text(self) -> str:
        return " ".join("".join(self.shown).split())


def test_the_headers() -> None:
    written = write(letter(), values(), sender=SENDER, head=Letterhead(support="help@acme.example"))
    assert dict(written.items()) == {
        "From": "Acme <no-reply@acme.example>",
        "To": "anna@example.org",
        "Reply-To": "help@acme.example",
        "Subject": "Mara Okafor invites you to Harbour Lane",
        "Date": "Thu, 05 Feb 2026 15:18:13 +0000",
        "Message-ID": letter().message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Type": written["Content-Type"],
        "Content-Language": "en",
    }
    assert written.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in written.iter_parts()] == ["text/plain", "text/html"]


def test_the_text_part() -> None:
    assert _part(message(), "plain") == (
        "Hello Anna,\n"
        "\n"
        "Mara Okafor has invited you to Harbour Lane.\n"
        "\n"
        "Your account will be opened for anna@example.org. All it still needs\n"
        "is a password that only you know.\n"
        "\n"
        "Choose your password:\n"
        "\n"
        f"{LINK}\n"
        "\n"
        "This link is meant for you alone and works once. It can be used\n"
        "until 12 February 2026, 15:18 UTC.\n"
        "\n"
        "Did you not expect this? Then simply leave it alone: no account is\n"
        "opened without the link, and the invitation runs out by itself.\n"
        "\n"
        "-- \n"
        "Harbour Lane\n"
        "https://id.acme.example\n"
    )


def test_the_html_part() -> None:
    html = _part(message(), "html")
    seen = _Reader(html)
    assert seen.links == [LINK, "https://id.acme.example"]  # one button, and who we are
    assert LINK not in seen.text()
    for words in (
        "Mara Okafor has invited you to Harbour Lane",
        "Hello Anna",
        "anna@example.org",
        "Choose your password",
        "12 February 2026, 15:18 UTC",
        "Did you not expect this?",
    ):
        assert words in seen.text()
    # The preview comes first, and is not the heading over again.
    assert seen.text().startswith("Choose a password and your account is open.")
    root = next(attrs for tag, attrs in seen.tags if tag == "html")
    assert (root["lang"], root["dir"]) == ("en", "ltr")
    assert set(seen.tables) == {"presentation"}
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 560px" in html
    assert not re.search(r"src=|url\(|<script|<link|@import|<img", html)  # nothing is fetched when it is read


def test_nobody_known_invited_nobody_by_name() -> None:
    written = message(inviter=None, name=None)
    assert written["Subject"] == "Your invitation to Harbour Lane"
    assert _part(written, "plain").startswith("You have been invited to Harbour Lane.\n")
    assert "You have been invited to Harbour Lane" in _Reader(_part(written, "html")).text()


def test_the_link_is_in_one_piece_for_whoever_reads_the_source() -> None:
    link = "https://id.acme.example/admin/accept-invite?token=" + "a" * 420
    for project in ("Harbour Lane", "Größe"):
        source = message(project=project, link=link).as_bytes(policy=default.clone(utf8=True))
        assert f"\n{link}\n".encode() in source


def test_a_line_too_long_for_smtp_is_folded_and_comes_back_whole() -> None:
    link = "https://id.acme.example/?" + "a" * 1200
    source = message(link=link).as_bytes()
    assert max(map(len, source.splitlines())) <= 998
    again = message_from_bytes(source, policy=default)
    assert isinstance(again, EmailMessage)
    assert link in _part(again, "plain").splitlines()


def test_markup_in_values_is_text() -> None:
    written = message(project="<b>&\"'", inviter='"><script>alert(1)</script>', link='https://x/?a="><i>')
    seen = _Reader(_part(written, "html"))
    assert not {"b", "script", "i"} & {tag for tag, _ in seen.tags}
    assert seen.links[0] == 'https://x/?a="><i>'
    assert '"><script>alert(1)</script> has invited you to <b>&"\'' in seen.text()


def test_no_value_begins_another_header() -> None:
    written = message(project="Acme\r\nBcc: eve@example.net", inviter="Mara\nX: y")
    headers = written.as_bytes().decode().partition("\r\n\r\n")[0]
    assert written["Subject"] == "Mara X: y invites you to Acme Bcc: eve@example.net"
    assert not re.search(r"^(Bcc|X):", headers, re.MULTILINE)
    with pytest.raises(ValueError, match=r"CR|LF|line"):
        write(letter(), values(), sender=Address("Acme\r\nBcc: eve@example.net", "no-reply", "acme.example"))
    with pytest.raises(BadAddress):
        message(letter(recipient="anna@example.org\r\nBcc: eve@example.net"))


def test_a_missing_value_is_a_problem_and_not_a_gap() -> None:
    without = values()
    del without["link"]
    with pytest.raises(UndefinedError):
        write(letter(), without, sender=SENDER)


def test_the_same_letter_is_written_the_same() -> None:
    first, second = (message().as_bytes() for _ in range(2))
    cut = re.compile(rb"=+\d+==")
    assert cut.sub(b"", first) == cut.sub(b"", second)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mara Okafor", "Mara Okafor"),
        ("  Mara \t\r\n Okafor ", "Mara Okafor"),
        ("Dr. J. Müller-Lüdenscheidt", "Dr. J. Müller-Lüdenscheidt"),
        ("王小明", "王小明"),
        ("Mara\u202e rofakO\u200b", "Mara rofakO"),
        ("Win at evil.example now", None),
        ("see https://evil", None),
        ("www.evil", None),
        ("mara@example.org", None),
        ("", None),
        (None, None),
        ("\u202e\x00", None),
        ("x" * 100, "x" * 79 + "…"),
    ],
)
def test_a_name_is_shown_only_as_a_name(name: str | None, shown: str | None) -> None:
    assert calm(name) == shown


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("no-reply@acme.example", "", "no-reply@acme.example"),
        ("Acme <no-reply@acme.example>", "Acme", "no-reply@acme.example"),
        ('"Acme, Inc." <no-reply@acme.example>', "Acme, Inc.", "no-reply@acme.example"),
        ("Größe <post@größe.example>", "Größe", "post@xn--gre-6ka8i.example"),
    ],
)
def test_the_sender_is_read_as_people_write_it(text: str, name: str, address: str) -> None:
    found = read_sender(text)
    assert (found.display_name, found.addr_spec) == (name, address)
    assert read_sender(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Acme",
        "Acme <>",
        "Acme <a@b",
        "a@b, c@d",
        "Ac\r\nme <a@b.example>",
        "Acme <a@b.example>\r\nBcc: c@d",
    ],
)
def test_what_is_no_sender_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadAddress) as problem:
        read_sender(text)
    assert not text or text not in str(problem.value)


def test_a_moment_in_words() -> None:
    assert in_words("2026-12-01T00:05:59.999Z") == "1 December 2026, 00:05 UTC"


def test_a_masked_address_says_whose_server_and_not_whose_mailbox() -> None:
    assert mask("anna.lindqvist@example.org") == "a***@example.org"
    assert mask("anna") == "***"
