"""In which language a page speaks: the one that the browser asks for, of those that we have."""

from pathlib import Path
from typing import Final

from mail.catalogue import catalogue
from mail.tongues import nearest
from service.api.calls import Call

PAGES: Final = Path(__file__).with_name("languages")
_MOST: Final = 20  # of the languages that a header may name


def tongue(call: Call) -> str:
    """The person's language, by Accept-Language (RFC 9110 section 12.5.4), else English."""
    header = call.header(b"accept-language") or ""
    ranked = sorted(map(_ranked, header[:500].split(",")[:_MOST]), key=lambda pair: -pair[1])
    return nearest(*(tag for tag, weight in ranked if weight > 0))


def say(call: Call, sentence: str, **facts: object) -> str:
    """A sentence in the person's language, with the facts that it names in braces."""
    return str(catalogue(PAGES, tongue(call)).gettext(sentence)).format(**facts)


def _ranked(part: str) -> tuple[str, float]:
    tag, _, weight = part.partition(";")
    _, _, number = weight.partition("q=")
    try:
        return tag.strip(), float(number) if number.strip() else 1.0
    except ValueError:
        return tag.strip(), 0.0
