"""The two sheets of a letter: text first, HTML beside it, from one template of words in any language."""

import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from re import compile as pattern
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup, escape

from mail.catalogue import catalogue, direction
from mail.tongues import LETTERS

if TYPE_CHECKING:  # both are imported by the first letter
    from css_inline import CSSInliner
    from jinja2 import Environment

Sheet = Literal["html", "txt"]
WIDTH = 68  # characters of a line of text
LONGEST_NAME = 80
_TEMPLATES = Path(__file__).with_name("templates")

# What many letters of a project have in common; the rest is another in each of them.
FIXED = frozenset({"lang", "dir", "paint", "logo", "support", "way"})
_MOMENTS = ("until", "when")
_TIE = "\N{NO-BREAK SPACE}"
_HOLE = pattern("\ue000([a-z_]+)\ue001")  # private characters, which no template says

# Mail programs make a link of "evil.example" in the middle of a sentence.
_LIKE_A_LINK = pattern(r"://|@|\bwww\.|[^\W\d_]\.[^\W\d_]{2,}")


def render(kind: str, values: Mapping[str, object], language: str) -> tuple[str, str, str]:
    """Give the subject, the text and the HTML of a letter of this kind."""
    project = str(values["project"])
    given = {**values, "lang": language, "dir": direction(language), "initial": project[:1].upper()}
    words = _environment("txt", language).get_template(f"{kind}.jinja", globals={"layout": "layout.txt"})
    subject = given.get("own_subject")
    if not subject:
        subject = "".join(words.blocks["subject"](words.new_context(given)))
    given["subject"] = subject
    varies = {name: str(value) for name, value in given.items() if name not in FIXED and value}
    fixed = {name: value for name, value in given.items() if name not in varies}
    html = _framed(kind, language, tuple(sorted(varies)), tuple(sorted(fixed.items())))
    filled = _HOLE.sub(lambda hole: escape(varies[hole[1]]), html)
    whole = {name: _tied(given[name]) for name in _MOMENTS if given.get(name)}
    return str(subject), words.render(given | whole).replace(_TIE, " "), filled


@lru_cache(maxsize=256)
def _framed(kind: str, language: str, names: tuple[str, ...], fixed: tuple[tuple[str, object], ...]) -> str:
    """The HTML, its style inlined, with a hole for each name: made once, filled in for each letter."""
    marked = _environment("html", language).get_template(f"{kind}.jinja", globals={"layout": "layout.html"})
    return _inliner().inline(marked.render(dict(fixed) | {name: f"\ue000{name}\ue001" for name in names}))


def _tied(moment: object) -> str:
    """A moment that no line of text ends within."""
    return str(moment).replace(" ", _TIE)


def calm(name: str | None) -> str | None:
    """Give a person's or project's name as a letter may show it, None when there is nothing fit to show.

    Whoever may choose a name would else write the letter: links, addresses, line breaks, reversed text.
    """
    seen = "".join(" " if sign.isspace() else sign for sign in unicodedata.normalize("NFC", name or ""))
    seen = " ".join("".join(sign for sign in seen if unicodedata.category(sign)[0] != "C").split())
    if not seen or _LIKE_A_LINK.search(seen):
        return None
    return seen if len(seen) <= LONGEST_NAME else seen[: LONGEST_NAME - 1].rstrip() + "…"


@lru_cache(maxsize=32)
def _environment(sheet: Sheet, language: str) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=sheet == "html",  # noqa: S701  # the other sheet is text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    words = catalogue(LETTERS, language)
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    environment.filters.update(_FILTERS[sheet])
    return environment


def _strong(text: object) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def _mailto(address: object) -> Markup:
    return Markup('<a href="mailto:{0}">{0}</a>').format(address)


def _wrapped(text: str) -> str:
    lines = [""]
    for word in text.replace("\n", " ").split(" "):  # not at a space that holds its words together
        if word and lines[-1] and len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append(word)
        elif word:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _quoted(text: object) -> str:
    paragraphs = (textwrap.wrap(line, WIDTH - 2, break_long_words=False) for line in str(text).splitlines())
    return "\n".join(f"> {line}".rstrip() for lines in paragraphs for line in lines or [""])


_FILTERS: Mapping[Sheet, Mapping[str, Callable[[str], str]]] = {
    "html": {"strong": _strong, "mailto": _mailto, "wrapped": escape, "quoted": escape},
    "txt": {"strong": str, "mailto": str, "wrapped": _wrapped, "quoted": _quoted},
}


@lru_cache(maxsize=1)
def _inliner() -> "CSSInliner":
    from css_inline import CSSInliner

    # Mail programs drop <style>, yet the rules for dark and for narrow screens can stand nowhere else.
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
