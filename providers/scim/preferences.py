"""What a client would rather have: the Prefer header (RFC 7240), as far as RFC 9967, 2.5.1.1 speaks of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_WORD: Final = rf'(?:{_NAME}|"(?:[^"\\]|\\.)*")'
_PREFERENCE: Final = re.compile(
    rf"\s*({_NAME})(?:\s*=\s*({_WORD})?)?(?:\s*;\s*(?:{_NAME}(?:\s*=\s*{_WORD}?)?)?)*\s*(?:,|\Z)"
)
_LONGEST: Final = 1024  # characters; who would rather have more than that is not understood


@dataclass(frozen=True, slots=True)
class Preferences:
    """`asynchronous`: to be told of the outcome later, once `wait` seconds are over."""

    asynchronous: bool = False
    wait: int = 0


NONE: Final = Preferences()


def read(lines: Sequence[str]) -> Preferences:
    """What the lines of the header say. Of what is said twice the first counts (RFC 7240, 2); what is not
    understood is passed over."""
    text, said = ",".join(lines), dict[str, str]()
    if len(text) > _LONGEST:
        return NONE
    for found in _PREFERENCE.finditer(text):
        said.setdefault(found[1].lower(), (found[2] or "").strip('"'))
    wait = said.get("wait", "")
    return Preferences("respond-async" in said, int(wait[:9]) if wait.isascii() and wait.isdigit() else 0)
