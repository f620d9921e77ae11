"""The languages that we speak: English, and each that has a catalogue."""

from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
LETTERS: Final = Path(__file__).with_name("languages")
LANGUAGES: Final = (ENGLISH, *sorted(file.stem for file in LETTERS.glob("*.po")))


def nearest(*wanted: str | None) -> str:
    """The first language that we speak, of tags such as `de-AT`; English when we speak none of them.

    >>> nearest(None, "tlh", "de-AT")
    'de'
    """
    for tag in wanted:
        primary = (tag or "").replace("_", "-").partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return ENGLISH
