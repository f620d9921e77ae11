"""Letters in six languages and in a project's own dress; every catalogue says everything."""

from base64 import b64encode

import pytest

from mail.catalogue import direction, in_words
from mail.letterhead import LEAST, Letterhead, contrast, paint
from mail.message import write
from mail.tongues import LANGUAGES, LETTERS, nearest
from service.letters import samples
from tests.post.catalogues import OTHERS, assert_says, in_templates
from tests.post.letters import SENDER, letter, values

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def test_there_are_six_languages() -> None:
    assert len(LANGUAGES) == 6
    assert LANGUAGES[0] == "en"


@pytest.mark.parametrize("language", OTHERS)
def test_every_catalogue_says_everything_and_nothing_else(language: str) -> None:
    assert_says(LETTERS, language, set(in_templates(LETTERS.parent / "templates")))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", samples.KINDS)
def test_each_kind_can_be_written_in_each_language(kind: str, language: str) -> None:
    more = {"old": "a@example.org", "new": "b@example.org", "provider": "Okta", "when": "today"}
    more["passkey"] = "Work laptop"
    written = write(letter(kind=kind), values(**more), sender=SENDER, lang=language)
    html = written.get_body(("html",))
    assert html is not None
    assert f'lang="{language}" dir="{direction(language)}"' in html.get_content()
    assert written["Content-Language"] == language
    assert "%(" not in written.as_string()
    assert html.get_content().count('class="key') == 1  # one button


def test_a_language_is_found_by_its_tag() -> None:
    assert nearest("de-AT") == nearest("de_CH") == nearest("DE") == "de"
    assert nearest(None, "", "tlh", "fr") == "fr"
    assert nearest() == nearest("xx") == "en"


def test_a_moment_is_told_as_the_language_does() -> None:
    at = "2026-12-01T00:05:59.999Z"
    assert in_words(at, "de") == "1. Dezember 2026, 00:05 UTC"
    assert in_words(at, "es") == "1 de diciembre de 2026, 00:05 UTC"
    assert in_words(at, "fr") == "1er décembre 2026, 00:05 UTC"
    assert in_words(at.replace("-01T", "-21T"), "fr") == "21 décembre 2026, 00:05 UTC"


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffcc00", "#3a47c4", "#777777", "#ff0000"])
def test_any_colour_becomes_one_that_can_be_read(colour: str) -> None:
    made = paint(colour)
    for ground, ink, paper in (
        (made.light, made.on_light, "#ffffff"),
        (made.dark, made.on_dark, "#191c26"),
    ):
        assert contrast(ground, ink) >= LEAST
        assert contrast(ground, paper) >= LEAST


def test_a_letterhead_brings_colour_logo_support_and_wording() -> None:
    wording = {"invitation": {"subject": "Join {project}", "text": "{inviter} wants <b>you</b>, {name}."}}
    head = Letterhead("#0a7d5a", PNG, "image/png", "help@acme.example", None, wording)
    written = write(letter(), values(), sender=SENDER, head=head)
    html, text = written.get_body(("html",)), written.get_body(("plain",))
    assert html is not None and text is not None
    assert written["Subject"] == "Join Harbour Lane"
    assert "Mara Okafor wants &lt;b&gt;you&lt;/b&gt;, Anna." in html.get_content()
    assert "Mara Okafor wants <b>you</b>, Anna." in text.get_content()
    assert 'bgcolor="#0a7d5a"' in html.get_content()
    assert 'src="cid:logo@letterhead"' in html.get_content()
    assert "help@acme.example" in text.get_content()
    source = written.as_string().replace("\n", "").replace("\r", "")
    assert b64encode(PNG).decode() in source
    assert "Content-ID: <logo@letterhead>" in source


def test_what_the_inviter_says_is_quoted_and_never_markup() -> None:
    written = write(letter(), values(message="Welcome <script>\naboard"), sender=SENDER)
    html, text = written.get_body(("html",)), written.get_body(("plain",))
    assert html is not None and text is not None
    assert "Welcome &lt;script&gt;\naboard" in html.get_content()
    assert "> Welcome <script>\n> aboard\n" in text.get_content()
