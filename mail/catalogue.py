"""Catalogues: what is said in English, in the language of whoever reads it. A .po file for each language."""

from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mail.tongues import ENGLISH

if TYPE_CHECKING:
    from babel.support import NullTranslations

# Babel is imported where it is needed: by the first letter, or the first page.


@lru_cache(maxsize=32)
def catalogue(directory: Path, language: str) -> "NullTranslations":
    """The catalogue of `directory` for a language; that of English says everything as it is written."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import NullTranslations, Translations

    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (directory / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


@lru_cache(maxsize=32)
def direction(language: str) -> str:
    """`ltr` or `rtl`, as HTML's dir says it."""
    from babel import Locale

    return Locale.parse(language).text_direction


def in_words(moment: str, language: str = ENGLISH) -> str:
    """Write a moment for people.

    >>> in_words("2021-02-05T15:18:13.000Z")
    '5 February 2021, 15:18 UTC'
    """
    from babel.dates import format_date

    when = datetime.fromisoformat(moment).astimezone(UTC)
    locale = "en_GB" if language == ENGLISH else language
    day = format_date(when, "long", locale=locale)
    if language == "fr" and when.day == 1:
        day = day.replace("1", "1er", 1)  # which the CLDR's long form leaves out
    return f"{day}, {when:%H:%M} UTC"
