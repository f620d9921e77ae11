"""The form of a message, made without Python's parser, says what that parser reads in it."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mail.envelope import POLICY, envelop, for_wire, wire
from mail.letterhead import paint
from mail.sheets import render
from tests.post.letters import values

HTML = "<p>Übermäßig = lang</p> \n" * 20 + "." + "<a href='x'>" + "y" * 300


def _made(text: str = "Hello\n", html: str = HTML, **headers: str) -> EmailMessage:
    made = EmailMessage(policy=POLICY)
    for name, value in headers.items():
        made[name] = value
    envelop(made, text, html)
    return made


def _sent(made: EmailMessage, *, utf8: bool = False, eight: bool = True) -> EmailMessage:
    content = wire(made, utf8, eight)
    assert content == made.as_bytes(policy=for_wire(utf8, eight))
    assert all(
        len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in content.split(b"\r\n")
    )
    assert utf8 or eight or content.isascii()
    return message_from_bytes(content, policy=SMTP)  # type: ignore[arg-type]  # a policy that makes EmailMessage


def _parts(read: EmailMessage) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in read.iter_parts()]


@pytest.mark.parametrize("eight", [True, False])
@pytest.mark.parametrize(
    "text", ["plain\n", "Grüße, 山田\n", "x" * 2000 + "\n", "ü" * 900 + "\n", " \n\t\n", "From me\n.\n..\n"]
)
def test_both_parts_come_back_as_they_went(text: str, eight: bool) -> None:
    read = _sent(_made(text), eight=eight)
    assert not read.defects
    assert _parts(read) == [text, HTML]


def test_a_text_that_says_our_boundary_does_not_end_its_part() -> None:
    text = "--=_letter\n\n--=_letter--\n"
    assert _parts(_sent(_made(text)))[0] == text


@pytest.mark.parametrize(
    "subject", ["Plain", "Grüße", "=?utf-8?q?forged?=", "x" * 200, "ü " * 100, "a  b", "tab\tin it"]
)
@pytest.mark.parametrize("utf8", [True, False])
def test_a_header_is_read_as_python_s_own_would_be(subject: str, utf8: bool) -> None:
    usual = EmailMessage(policy=SMTP)
    usual["Subject"] = subject
    policy = SMTP.clone(utf8=utf8)
    expected = message_from_bytes(usual.as_bytes(policy=policy), policy=policy)["Subject"]
    assert _sent(_made(subject=subject), utf8=utf8)["Subject"] == expected


@pytest.mark.parametrize("value", ["a\r\nBcc: b@example.org", "a\nb", "a\rb"])
def test_a_header_stays_on_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="line"):
        _made(subject=value)


def test_what_fills_a_hole_is_text_and_fills_no_other() -> None:
    name = "\ue000link\ue001<b>&amp;"
    given = values(own_text="", own_subject="", support=None, message=None, logo=None, name=name)
    given["paint"] = paint(None)
    _, _, html = render("invitation", given, "en")
    assert "\ue000link\ue001&lt;b&gt;&amp;amp;" in html
    assert html.count("\ue000") == 1
