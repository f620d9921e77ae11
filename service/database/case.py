"""Upper and lower case as one, letter by letter, alike on both databases and whatever their locale says.

Each letter is folded to one letter (Unicode's simple case folding), so that texts keep their lengths: both
sharp s are one, all three sigmas are one, a sharp s is not ss, and a capital I with a dot is only itself.
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, bindparam, func

from service.database.shapes import Kind

FOLD: Final = "fold_case"  # the function of our own that connections to SQLite know
_PLANES: Final = 0x20000  # no letter beyond has a case


def _fold_letter(letter: str) -> str:
    for folded in (letter.casefold(), letter.lower()):
        if len(folded) == 1:
            return folded
    return letter


@cache
def _table() -> dict[int, str]:
    letters = map(chr, range(_PLANES))
    return {ord(letter): folded for letter in letters if (folded := _fold_letter(letter)) != letter}


@cache
def _variants() -> dict[str, str]:
    """The other letters that fold to a letter."""
    found: dict[str, str] = {}
    for code, folded in _table().items():
        found[folded] = found.get(folded, "") + chr(code)
    return found


def fold_case(text: str | None) -> str | None:
    """The text with one letter for each letter and its other cases."""
    if text is None:
        return None
    return text.lower() if text.isascii() else text.translate(_table())


def sought(text: str) -> tuple[str, str, str]:
    """The folded text, and for it to be found, the letters to be replaced and those to put in their places.

    Only the letters that the text has need folding for it to be found, so a few are enough.
    """
    folded = fold_case(text) or ""
    pairs = [(other, letter) for letter in dict.fromkeys(folded) for other in _variants().get(letter, "")]
    return folded, "".join(other for other, _ in pairs), "".join(letter for _, letter in pairs)


def folded_column(column: ColumnElement[Any], kind: Kind, given: str, instead: str) -> ColumnElement[str]:
    """The column as a text of `sought` can be found in it; `given` and `instead` name the binds of letters.

    PostgreSQL's lower() asks the locale of the server, so `translate` is told the letters; SQLite has our own
    function.
    """
    if kind == "sqlite":
        return func.fold_case(column, type_=Text())
    letters = [bindparam(name, type_=Text()) for name in (given, instead)]
    return func.translate(column, *letters, type_=Text())
