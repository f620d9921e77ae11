"""How those variables read that are more than numbers and flags: addresses, networks, secrets, senders."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from mail.addresses import BadAddress, read_sender
from service.config.environment import words
from service.database.url import sqlite_path

SHORTEST_SECRET = (
    32  # characters: an HS256 key has 256 bits (RFC 7518 section 3.2), and hex digits are 128 there
)
SHORTEST_PASSWORD = 8
_ADDRESS = "must be an address such as https://id.example.com, without a user's name in it"
EMAIL = re.compile(r"[^\s@<>\",;:\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def secrets(text: str) -> tuple[str, ...]:
    """Read the list of secrets, the one that signs first."""
    found = words(text)
    if not found or min(map(len, found)) < SHORTEST_SECRET:
        raise ValueError(
            f"needs at least {SHORTEST_SECRET} characters each; make one with: openssl rand -hex 32"
        )
    return found


def database(text: str) -> str:
    """Read an address that the database's room knows how to open."""
    sqlite_path(text)  # its ValueError says what to write
    return text


def public_url(text: str) -> str:
    """Read our own address as browsers see it, without a slash at its end."""
    parts = _http(text)
    if parts.query or parts.fragment:
        raise ValueError("must be an address without ? and #, such as https://id.example.com")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def allowed_urls(text: str) -> tuple[str, ...]:
    """Read a list of absolute addresses; where one is allowed, its origin and path are."""
    found = words(text)
    for one in found:
        _http(one)
    return found


def origins(text: str) -> tuple[str, ...]:
    """Read a list of origins as browsers write them: scheme, host and port, nothing behind."""
    found = words(text)
    for one in found:
        parts = _http(one)
        if one != f"{parts.scheme}://{parts.netloc}".lower():
            raise ValueError("must name each origin, such as https://app.example.com, without a path")
    return found


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine: localhost, any name below it, 127.0.0.0/8, ::1."""
    return is_loopback_host(urlsplit(url).hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether a host's name or address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def email(text: str) -> str:
    """Read one bare e-mail address."""
    if len(text) > 254 or not EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address, such as admin@example.com")
    return text


def sender(text: str) -> str:
    """Read the address that letters come from, with a name before it or not."""
    try:
        read_sender(text)
    except BadAddress as problem:
        raise ValueError(
            f"must be an e-mail address, such as: Our App <no-reply@example.com>; {problem}"
        ) from problem
    return text


def key(text: str) -> str:
    """Read the key of a row, such as a role's."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a key such as 0190163d-8694-739b-aea5-966c26f8ad91") from None


def password(text: str) -> str:
    """Read a password for somebody."""
    if len(text) < SHORTEST_PASSWORD:
        raise ValueError(f"needs at least {SHORTEST_PASSWORD} characters")
    return text


def static_token(text: str) -> str:
    """Read a token as it stands in an Authorization header (RFC 6750 section 2.1)."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]{1,255}=*", text):
        raise ValueError("must be letters, digits and - . _ ~ + / only: it travels in a header")
    return text


def host(text: str) -> str:
    """Read the name or the address of a machine."""
    try:
        return str(ip_address(text))
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9._-]{1,253}", text):
            return text
    raise ValueError("must be a name or an address of a machine, without a port")


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read a list of addresses and networks."""
    try:
        return tuple(ip_network(one) for one in words(text))
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.1.0.0/16, separated by commas") from None


def proxies(text: str) -> tuple[str, ...]:
    """Read the networks whose word about a client's address counts; nobody's is the default."""
    return () if text.lower() == "false" else tuple(str(network) for network in networks(text))


def provider_names(text: str) -> tuple[str, ...]:
    """Read the names of sign-on providers; each is part of addresses, cookies and variables."""
    found = words(text)
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name) for name in found):
        raise ValueError("must be names of letters, digits, - and _, separated by commas")
    if len({name.upper().replace("-", "_") for name in (*found, "default", "passkey")}) < len(found) + 2:
        raise ValueError(
            "must not name a provider twice, nor call one default or passkey: those sign-ins are our own"
        )
    return found


def _http(text: str) -> SplitResult:
    try:
        parts, port = urlsplit(text), urlsplit(text).port
    except ValueError:  # whose sentence would repeat the port, which may be somebody's password
        raise ValueError(_ADDRESS) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(_ADDRESS)
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>') or port == 0:
        raise ValueError("must be an address of plain letters, without blanks; write others as %20")
    return parts
