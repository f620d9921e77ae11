"""Keeps secrets at rest: AES-256-GCM bound to the table, row and column of the text, with key rotation."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.derivation import derive

KEY_ID = 4  # bytes
NONCE = 12  # bytes, random: safe for 2^32 texts a key (NIST SP 800-38D section 8.3)
TAG = 16


class SealBroken(Exception):
    """Not sealed by us, sealed for another place, changed since, or sealed under a secret that is gone."""


class Place(NamedTuple):
    """Where a sealed text lies; opening it anywhere else is refused. `row` is the row's whole key as text."""

    table: str
    row: str
    column: str


class Sealer:
    """Seals under the first of the secrets and opens under all of them.

    A sealed text is base64url of key id (4 bytes), nonce (12), ciphertext and tag (16).
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._first = _key_id(secrets[0])
        self._keys = {_key_id(secret): AESGCM(derive(secret, "idbridge sealing", 32)) for secret in secrets}

    def seal(self, text: str, place: Place) -> str:
        """Encrypt a text for its place; the same text never gives the same answer twice."""
        nonce = os.urandom(NONCE)
        sealed = self._keys[self._first].encrypt(nonce, text.encode(), _address(place))
        return urlsafe_b64encode(self._first + nonce + sealed).decode()

    def renew(self, sealed: str, place: Place) -> str:
        """Give what a text is under the first of the secrets: itself, if it is. Raises SealBroken."""
        text = self.open(sealed, place)
        return sealed if urlsafe_b64decode(sealed)[:KEY_ID] == self._first else self.seal(text, place)

    def open(self, sealed: str, place: Place) -> str:
        """Give the text back. Raises SealBroken, for whatever reason."""
        try:
            raw = urlsafe_b64decode(sealed)
            if len(raw) < KEY_ID + NONCE + TAG:
                raise SealBroken
            key = self._keys[raw[:KEY_ID]]
            nonce, body = raw[KEY_ID : KEY_ID + NONCE], raw[KEY_ID + NONCE :]
            return key.decrypt(nonce, body, _address(place)).decode()
        except (ValueError, KeyError, InvalidTag) as problem:
            raise SealBroken from problem


def _address(place: Place) -> bytes:
    return msgspec.json.encode(place)  # unambiguous, whatever characters a part holds


def _key_id(secret: str) -> bytes:
    return derive(secret, "idbridge sealing key id", KEY_ID)
