"""Mail addresses: read from settings, made fit for an SMTP command, masked for a log."""

import unicodedata
from email.headerregistry import Address
from functools import lru_cache

import idna

LONGEST = 254  # octets: RFC 5321 section 4.5.3.1.3 allows a path of 256, two of them the brackets


class BadAddress(ValueError):
    """Not one plain address; the text says why and never repeats the address."""


def read_sender(text: str) -> Address:
    """Read `Name <mailbox@domain>` or `mailbox@domain`, as EMAIL_FROM has it. Raises BadAddress.

    >>> read_sender("Acme, Inc. <no-reply@acme.example>").display_name
    'Acme, Inc.'
    """
    text = text.strip()
    name, bracket, rest = text.rpartition("<")
    if not bracket:
        return Address("", *_split(mailbox(text)))
    if not rest.endswith(">"):
        raise BadAddress("the address lacks its closing bracket")
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"')
    if any(unicodedata.category(sign) == "Cc" for sign in name):
        raise BadAddress("the name has a control character in it")
    return Address(name, *_split(mailbox(rest[:-1])))


@lru_cache(maxsize=256)  # asked when a letter is written, and again when it is sent
def mailbox(address: str) -> str:
    """Give `address` as it goes into an SMTP command: its domain in ASCII (RFC 5891). Raises BadAddress.

    aiosmtplib would send to the part before a line break; quoted local parts, which may hold anything, and
    address literals are nobody's here.
    """
    if any(sign.isspace() or unicodedata.category(sign)[0] == "C" for sign in address):
        raise BadAddress("the address has a space or a control character in it")
    if any(sign in '<>()[]",:;\\' for sign in address):
        raise BadAddress("the address has a character in it that only a quoted one may have")
    local, at, domain = address.rpartition("@")
    if not (at and local and domain) or "@" in local:
        raise BadAddress("the address is not of the form name@domain")
    if local[0] == "." or local[-1] == "." or ".." in local:
        raise BadAddress("the address has a dot too many before the @")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as problem:
            raise BadAddress("the domain of the address is not one that the DNS can hold") from problem
    found = f"{local}@{domain}"
    if len(found.encode()) > LONGEST:
        raise BadAddress(f"the address is longer than {LONGEST} octets")
    return found


def mask(address: str) -> str:
    """Give enough of an address to follow it through a log: `a***@acme.example`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"


def _split(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain
