"""Validates an ID token (OpenID Connect Core 3.1.3.7, RFC 8725): no network, no state, fails closed."""

import time
from collections.abc import Collection
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct

from providers.contract import Untrusted

LEEWAY = 30  # seconds by which two clocks may differ
OLDEST = 600  # seconds since a token was issued: it was asked for just now

# Asymmetric ones only: with a symmetric one, whoever knows the public key or the client secret could sign.
ALGORITHMS = frozenset(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)) | {
    "EdDSA",
    "Ed25519",
}  # RFC 9864 names the second, providers still sign with the first


class UnknownKey(Untrusted):
    """Signed with a key that is not among those given; the issuer may have newer ones."""


class Expected(Struct, frozen=True):
    """What a token must answer to. `algorithms`: what the issuer announces; ALGORITHMS bounds it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: tuple[str, ...]


def read_id_token(text: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that is signed, expected and at most 10 minutes old. Raises Untrusted."""
    try:
        token = jwt.decode(text, keys, registry=Signatures(ALGORITHMS & set(expected.algorithms)))
        _check_claims(token.header, token.claims, expected)
    except InvalidKeyIdError as problem:
        raise UnknownKey("The ID token is signed with a key that the issuer does not publish") from problem
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        what = problem.error if isinstance(problem, JoseError) else "unreadable"
        claim = problem.claim if isinstance(problem, ClaimError) else ""
        raise Untrusted(f"The ID token is refused: {what} {claim}".rstrip()) from problem
    return token.claims


def _check_claims(header: dict[str, Any], claims: dict[str, Any], expected: Expected) -> None:
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise Untrusted("The ID token is refused: it is a token of another type (RFC 8725 section 3.11)")
    # Made anew each time: Authlib takes things out of it.
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
    }
    asked = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    # Authlib knows the hash of at_hash by the older name only.
    named = {**header, "alg": "EdDSA"} if header["alg"] == "Ed25519" else header
    CodeIDToken(claims, named, options, asked).validate(leeway=LEEWAY)
    if claims["iat"] < time.time() - OLDEST:
        raise Untrusted("The ID token is refused: it was issued long ago")


class Signatures(JWSRegistry):
    """joserfc's algorithms without its warning about the name EdDSA, which providers go on using."""

    def __init__(self, algorithms: Collection[str]) -> None:
        # An empty collection would mean "the recommended ones" to joserfc, HS256 among them.
        super().__init__(algorithms=algorithms or {"nothing"}, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name == "EdDSA" and name in (self.allowed or ()):
            return self.algorithms[name]
        return super().get_alg(name)
