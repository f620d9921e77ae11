"""Takes secrets out of what is logged: by the name beside them, by their looks, and by known values."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

MASK = "**********"
LONGEST = 65_536  # characters looked at; what follows is cut off, not passed on
DEEPEST = 8
SHORTEST_VALUE = 6  # a known secret shorter than this would tear holes into ordinary words

_WORDS = r"password|passwd|secret|token|cookie|authorization|assertion|verifier|private_?key|api_?key"
_WHOLE = (
    r"code|state|otp|nonce|saml_?response|saml_?request|relay_?state|logout_token"
    # What browsers say of passkeys: it tells people apart, and may still be good.
    r"|credential|challenge|client_?data_?json|attestation_?object|authenticator_?data|user_?handle"
)
_START = r"(?:(?<![A-Za-z0-9])|(?<=%3F)|(?<=%26)|(?<=%23))"  # %3F: a query within a query
_NAME = rf"{_START}(?:[A-Za-z0-9_-]{{0,40}}?(?:{_WORDS})|(?<!_)(?:{_WHOLE}))"
_BETWEEN = r"""(?:\\*["']\s*,|\\*["']?\s*(?:=>|[=:]|%3[AD]))\s*"""
_QUOTED = r"""b?(?P<quote>\\*["']).*?(?:(?<!\\)(?P=quote)|\Z)"""
# A header's value holds blanks and semicolons: it goes on to the end of its line.
_HEADER = rf"(?P<header>{_START}[a-z-]{{0,20}}?(?:cookie|authorization){_BETWEEN})(?:{_QUOTED}|[^\r\n\"']+)"
_FIELD = rf"(?P<field>{_NAME}{_BETWEEN})(?:{_QUOTED.replace('quote', 'mark')}|[^\s\"'&]+)"
_LABELLED = re.compile(rf"{_HEADER}|{_FIELD}", re.IGNORECASE | re.DOTALL)

_LOOKS = re.compile(
    r"(?P<keep>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{4,}"  # RFC 6750, RFC 7617
    r"|\beyJ[\w-]{4,}\.[\w-]*\.[\w-]*"  # a JWT, signed or not
    r"|\bidb_[a-z]+_[\w-]{16,}"  # our opaque tokens
    r"|(?P<url>://[^\s/:@]{0,200}:)[^\s/@]+(?=@)"  # the password of an address
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z -]*|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# `code` is also the word for what servers answer: 404, 550, 5.7.1 (RFC 3463). No OAuth code is so short.
_STATUS_CODE = re.compile(r"""code\W{1,12}(?:\d{3}|\d\.\d{1,3}\.\d{1,3})\W*""", re.IGNORECASE)
_SECRET_NAME = re.compile(rf".*(?:{_WORDS})|{_WHOLE}", re.IGNORECASE | re.DOTALL)

_known: set[str] = set()
_known_pattern: re.Pattern[str] | None = None


def hide(values: Iterable[str | None]) -> None:
    """Let these values never be logged, however they get there: plain, in an address, or inside JSON."""
    global _known_pattern  # noqa: PLW0603  # the log is one for the process, and so is what it must not say
    for value in values:
        if value and len(value) >= SHORTEST_VALUE:
            _known.update(form for form in map(_bare, _forms(value)) if len(form) >= SHORTEST_VALUE)
    if _known:
        _known_pattern = re.compile("|".join(re.escape(one) for one in sorted(_known, key=len, reverse=True)))


def _forms(value: str) -> tuple[str, ...]:
    return value, quote(value), quote(value, safe=""), quote_plus(value), repr(value), json.dumps(value)


def _bare(form: str) -> str:
    return form.strip("'\"")


def redact(text: str) -> str:
    """Give the text with each secret in it replaced by asterisks."""
    text = text[:LONGEST]
    if _known_pattern is not None:
        text = _known_pattern.sub(MASK, text)
    text = _LABELLED.sub(_mask, text)
    return _LOOKS.sub(lambda found: (found["keep"] or found["url"] or "") + MASK, text)


def _mask(found: re.Match[str]) -> str:
    return found[0] if _STATUS_CODE.fullmatch(found[0]) else (found["header"] or found["field"]) + MASK


def clean(value: object, name: str = "", depth: int = 0) -> object:
    """Give a value, nested or not, as JSON can hold it, without what its names or its looks call secret."""
    if name and _SECRET_NAME.fullmatch(name.replace("-", "_")):
        return value if value is None or _STATUS_CODE.fullmatch(f"{name}={value}") else MASK
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if depth >= DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {redact(str(key)): clean(inner, str(key), depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return _clean_many(list(value), depth)
    return redact(_text(value))


def _clean_many(values: list[object], depth: int) -> object:
    if len(values) == 2 and isinstance(values[0], str | bytes):  # a header, or what a mapping's items() gives
        name = _text(values[0])
        return [redact(name), clean(values[1], name, depth + 1)]
    return [clean(value, "", depth + 1) for value in values]


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[:LONGEST]).decode("utf-8", "backslashreplace")
    return str(value)
