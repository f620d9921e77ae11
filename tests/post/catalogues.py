"""What a room says in its templates, and whether a catalogue says all of it in another language."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from mail.tongues import LANGUAGES

OTHERS = [language for language in LANGUAGES if language != "en"]
_HOLES = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def in_templates(directory: Path) -> Iterator[str]:
    for file in directory.iterdir():
        if file.suffix in {".html", ".txt", ".jinja"}:
            options = {"trimmed": "true", "extensions": "jinja2.ext.i18n"}
            for _, _, words, _ in babel_extract(BytesIO(file.read_bytes()), ("_",), (), options):
                yield words if isinstance(words, str) else words[0]


def assert_says(directory: Path, language: str, said: set[str]) -> None:
    """The catalogue says all of `said`, nothing else, and keeps the holes that facts go into."""
    with (directory / f"{language}.po").open("rb") as file:
        kept = {str(one.id): str(one.string) for one in read_po(file) if one.id}
    assert kept.keys() == said
    for english, other in kept.items():
        assert other
        assert sorted(_HOLES.findall(other)) == sorted(_HOLES.findall(english)), english
