"""The form of a message: its headers and its two parts, made without parsing what we have just written.

Python's email package parses each header when it is set and writes it anew when it is sent, which costs more
than the rest of a letter. What is plain and short is kept as it stands, and parsed only for whoever asks.
"""

from binascii import b2a_qp
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from functools import lru_cache
from re import compile as pattern
from secrets import token_hex
from typing import Any

LONGEST_LINE = 998  # octets: RFC 5322 section 2.1.1
_FOLDS_FROM = 78
# Whoever reads the source should not take it for an encoded word (RFC 2047) that nobody meant.
_PLAIN = pattern(r"(?!.*=\?)[!-~](?:[ -~]*[!-~])?")
_END = b"\r\n"
_BOUNDARY = "=_letter"  # "=_" is never in quoted-printable: RFC 2045 section 6.7


class Lean(EmailPolicy):
    """The policy of SMTP for headers that we wrote ourselves."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Keep what is plain ASCII and fits on a line; the others are parsed, and encoded when sent."""
        if isinstance(value, str) and not hasattr(value, "name"):
            if len(name) + 2 + len(value) <= _FOLDS_FROM and _PLAIN.fullmatch(value):
                return name, value
            return name, _parsed(name, value)
        return super().header_store_parse(name, value)

    def header_max_count(self, name: str) -> int | None:
        """How often a header may stand in a message."""
        return _most(name.lower())

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        """What `message[name]` gives: the same as from any other policy."""
        return value if hasattr(value, "name") else _parsed(name, value)


@lru_cache(maxsize=256)
def _parsed(name: str, value: str) -> Any:
    if "\r" in value or "\n" in value:
        raise ValueError("a header stays on its line")
    return SMTP.header_factory(name, value)


@lru_cache(maxsize=64)
def _most(name: str) -> int | None:
    return SMTP.header_max_count(name)  # makes a class each time that it is asked


POLICY = Lean(linesep="\r\n")


@lru_cache(maxsize=4)
def for_wire(utf8: bool, eight: bool) -> Lean:
    """How a message is written to a server that takes UTF-8 in headers, and eight bits, or does not."""
    return POLICY.clone(utf8=utf8, cte_type="8bit" if eight else "7bit")


def wire(message: EmailMessage, utf8: bool, eight: bool) -> bytes:
    """The message as it goes to such a server; what `as_bytes` gives, in a quarter of the time."""
    policy = for_wire(utf8, eight)
    pieces: list[bytes] = []
    plainly = _write(message, policy, pieces)
    return b"".join(pieces) if plainly else message.as_bytes(policy=policy)


def _write(part: EmailMessage, policy: Lean, pieces: list[bytes]) -> bool:
    """False for what only email's generator can write: parts without a boundary, text to be recoded."""
    pieces += [_line(policy, name, value) for name, value in part.raw_items()]
    pieces.append(_END)
    payload: object = part.get_payload()
    if isinstance(payload, str):
        if policy.cte_type == "7bit" and not payload.isascii():
            return False
        pieces.append(payload.encode().replace(b"\n", _END))  # whatever is not ASCII here is ours, in UTF-8
        return True
    boundary = part.get_boundary()
    if boundary is None or not isinstance(payload, list):
        return False
    between = f"--{boundary}\r\n".encode()
    for inner in payload:
        pieces.append(between)
        if not _write(inner, policy, pieces):
            return False
        pieces.append(_END)
    pieces.append(f"--{boundary}--\r\n".encode())
    return True


def _line(policy: Lean, name: str, value: Any) -> bytes:
    if type(value) is str:  # kept as it stands: there is nothing to fold
        return f"{name}: {value}\r\n".encode("ascii")
    return policy.fold_binary(name, value)


def envelop(message: EmailMessage, text: str, html: str) -> None:
    """Put the two parts, text first, into a message that has neither."""
    boundary = _BOUNDARY
    while f"--{boundary}" in text:
        boundary = f"=_{token_hex(16)}"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    message.set_payload([_part("plain", *_plain(text)), _part("html", _quoted(html), "quoted-printable")])


def _plain(text: str) -> tuple[str, str]:
    """Eight bits leave the link in one piece for who reads the source; the sender recodes where it must."""
    content = text.encode()
    if any(len(line) > LONGEST_LINE for line in content.splitlines()):
        return _quoted(text), "quoted-printable"
    return content.decode("ascii", "surrogateescape"), "7bit" if text.isascii() else "8bit"


def _quoted(text: str) -> str:
    return b2a_qp(text.encode(), istext=True).decode("ascii")


def _part(subtype: str, content: str, encoding: str) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(content)
    return part
