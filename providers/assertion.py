"""Proving who we are with a key instead of a secret: private_key_jwt (RFC 7523, OpenID Connect Core 9)."""

import time
from secrets import token_urlsafe

from joserfc import jwt

from providers.secret import PrivateKey

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = 60  # seconds


def sign_assertion(key: PrivateKey, client_id: str, audience: str) -> str:
    """An assertion for one request. `audience` is the issuer and nothing else: another server's endpoint
    could have us sign for it otherwise (draft-ietf-oauth-rfc7523bis).
    """
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": token_urlsafe(16),
        "iat": now,
        "exp": now + LIFETIME,
    }
    header = {"alg": key.algorithm} | ({"kid": key.key.kid} if key.key.kid else {})
    return jwt.encode(header, claims, key.key, [key.algorithm])
