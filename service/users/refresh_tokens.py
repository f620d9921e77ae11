"""Refresh tokens: 64 characters that carry the session's id and 256 random bits, each good for one use.

A token whose answer was lost may be sent again: its successor is kept sealed under the token itself, of which
we keep only the hash, so whoever reads the database cannot open it.
"""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LENGTH: Final = 64  # characters: the id's 16 bytes and 32 random ones in base64url
_NONCE: Final = 12


def make(session: str) -> str:
    """A fresh token of this session."""
    return urlsafe_b64encode(UUID(session).bytes + os.urandom(32)).decode()


def session_of(token: object) -> str | None:
    """The session that a token belongs to; None for anything that cannot be one."""
    if not isinstance(token, str) or len(token) != LENGTH or not token.isascii():
        return None
    try:
        return str(UUID(bytes=urlsafe_b64decode(token)[:16]))
    except ValueError:
        return None


def seal(successor: str, token: str) -> str:
    """The successor, to be opened by who holds the token."""
    nonce = os.urandom(_NONCE)
    return urlsafe_b64encode(nonce + AESGCM(_key(token)).encrypt(nonce, successor.encode(), None)).decode()


def open_successor(sealed: str, token: str) -> str:
    """The successor again; the hash of `token` has been compared before."""
    raw = urlsafe_b64decode(sealed)
    return AESGCM(_key(token)).decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()


def _key(token: str) -> bytes:
    return hashlib.sha256(b"idbridge refresh successor " + token.encode()).digest()
