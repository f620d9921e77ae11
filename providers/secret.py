"""A text that no log, traceback or repr shows, and a key that is such a text."""

from collections.abc import Mapping
from hmac import compare_digest

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey


class Secret:
    """Holds a secret text; only `reveal()` gives it back."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash of a short secret gives it away


class PrivateKey(Secret):
    """A private key that signs for us: PEM, a JWK, or the first of a JWK Set (RFC 7517).

    RSA of 2048 bits or more, or the curve P-256. Raises ValueError for anything else.
    """

    __slots__ = ("algorithm", "key")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        try:
            self.key = _import(text)
        except (JoseError, ValueError, TypeError, KeyError, IndexError, RecursionError) as problem:
            raise ValueError("no private key that can be used") from problem
        curve = self.key.as_dict(private=False).get("crv")
        if not self.key.is_private or curve not in {None, "P-256"}:
            raise ValueError("no private key that can be used")
        if isinstance(self.key, RSAKey) and self.key.public_key.key_size < 2048:
            raise ValueError("no private key that can be used")
        self.algorithm = "RS256" if isinstance(self.key, RSAKey) else "ES256"


_KINDS: Mapping[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}


def _import(text: str) -> RSAKey | ECKey:
    text = text.removeprefix("json:").replace("\\n", "\n").strip()
    if text.startswith("-----BEGIN"):
        raw = text.encode()
        return ECKey.import_key(raw) if _is_curve(raw) else RSAKey.import_key(raw)
    said = msgspec.json.decode(text)
    if isinstance(said, dict) and "keys" in said:
        said = said["keys"]
    one = said[0] if isinstance(said, list) else said
    return _KINDS[one["kty"]].import_key(one)


def _is_curve(pem: bytes) -> bool:
    return isinstance(load_pem_private_key(pem, None), EllipticCurvePrivateKey)
