"""Validates an ID token (OpenID Connect Core 3.1.3.7, RFC 8725): no network, no state, fails closed."""

import time
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from providers.contract import Untrusted
from providers.signatures import ALGORITHMS, LEEWAY, Signatures, UnknownKey

TENANT = "{tenantid}"  # as Microsoft writes it
OLDEST = 600  # seconds since a token was issued: it was asked for just now


class Expected(Struct, frozen=True):
    """What a token must answer to. `algorithms`: what the issuer announces; ALGORITHMS bounds it.

    An issuer of several tenants is a pattern that names a claim of theirs, `tid`: `{tenantid}`.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: tuple[str, ...]


def read_id_token(text: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that is signed, expected and at most 10 minutes old. Raises Untrusted."""
    try:
        token = jwt.decode(text, keys, registry=Signatures(ALGORITHMS & set(expected.algorithms)))
        _check_claims(token.header, token.claims, expected, _named(expected.issuer, token.claims))
        if TENANT in expected.issuer:
            _check_key(keys, token.header, token.claims)
    except InvalidKeyIdError as problem:
        raise UnknownKey("The ID token is signed with a key that the issuer does not publish") from problem
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        what = problem.error if isinstance(problem, JoseError) else "unreadable"
        claim = problem.claim if isinstance(problem, ClaimError) else ""
        raise Untrusted(f"The ID token is refused: {what} {claim}".rstrip()) from problem
    return token.claims


def _named(issuer: str, claims: dict[str, Any]) -> str:
    """The one name of the pattern that these claims may carry."""
    tenant = claims.get("tid")
    return issuer.replace(TENANT, tenant) if isinstance(tenant, str) and "{" not in tenant else issuer


def _check_key(keys: KeySet, header: dict[str, Any], claims: dict[str, Any]) -> None:
    """Of several tenants a key may say for which it signs; one's is not another's (the vendor's page
    "claims-validation", signing key issuer)."""
    for key in keys.keys:
        owner = key.as_dict(private=False).get("issuer") if key.kid == header.get("kid") else None
        if isinstance(owner, str) and _named(owner, claims) != claims["iss"]:
            raise Untrusted("The ID token is refused: its key signs for another issuer")


def _check_claims(header: dict[str, Any], claims: dict[str, Any], expected: Expected, issuer: str) -> None:
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise Untrusted("The ID token is refused: it is a token of another type (RFC 8725 section 3.11)")
    # Made anew each time: Authlib takes things out of it.
    options = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
    }
    asked = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    # Authlib knows the hash of at_hash by the older name only.
    named = {**header, "alg": "EdDSA"} if header["alg"] == "Ed25519" else header
    CodeIDToken(claims, named, options, asked).validate(leeway=LEEWAY)
    if claims["iat"] < time.time() - OLDEST:
        raise Untrusted("The ID token is refused: it was issued long ago")
