"""What a browser is asked when a passkey is made or shown (WebAuthn 5.4, 5.5), as the JSON that it reads.

A challenge is a token of ours, bound to the session or the browser that it was made for, which runs out by
itself: asking writes nothing down. Whoever takes an answer has to spend its challenge.
"""

import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from service.database import new_key
from service.tokens import Tokens, binding

LIFETIME: Final = 300  # seconds between a question and its answer
# EdDSA, ES256 and RS256, as we like them best (RFC 9053, RFC 8812); Windows Hello may have the last alone.
ALGORITHMS: Final = (-8, -7, -257)

Json = dict[str, Any]


class Site(msgspec.Struct, frozen=True):
    """Who asks, as browsers check it: the host that a passkey is for, and the origin of our pages."""

    id: str
    origin: str


def site(public_url: str) -> Site | None:
    """The site at our address; None where browsers keep no passkeys: at an address of numbers."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return Site(host, f"{parts.scheme}://{host}{port}")
    return None


def challenge(tokens: Tokens, bound: str) -> str:
    """A challenge for whom `bound` names."""
    claims = {"jti": new_key(), "bound": binding(bound)}
    return tokens.sign("passkey", claims, expires_at=int(time.time()) + LIFETIME)


def creation(site: Site, challenge: str, *, place: str, user: str, name: str, known: Sequence[Json]) -> Json:
    """PublicKeyCredentialCreationOptionsJSON for a passkey that tells by itself whose it is.

    `place` is what people call us; `known` are the passkeys that the person has already.
    """
    return {
        "rp": {"id": site.id, "name": place},
        "user": {"id": handle(user), "name": name, "displayName": name},
        "challenge": encoded(challenge.encode()),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": LIFETIME * 1000,
        "excludeCredentials": list(known),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request(site: Site, challenge: str, known: Sequence[Json] = ()) -> Json:
    """PublicKeyCredentialRequestOptionsJSON, for any passkey of the site or for the `known` of one person."""
    return {
        "rpId": site.id,
        "challenge": encoded(challenge.encode()),
        "timeout": LIFETIME * 1000,
        "allowCredentials": list(known),
        "userVerification": "required",
    }


def handle(user: str) -> str:
    """What authenticators know a user by: the bytes of the key, which say nothing of the person (14.6.1)."""
    return encoded(bytes.fromhex(user.replace("-", "")))


def encoded(value: bytes) -> str:
    """Bytes as WebAuthn writes them into JSON: base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()
