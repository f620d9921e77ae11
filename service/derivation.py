"""Keys made of a secret: one for each purpose, which says nothing of the others nor of the secret."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret: str, purpose: str, length: int) -> bytes:
    """A key of `length` bytes (RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(secret.encode())
