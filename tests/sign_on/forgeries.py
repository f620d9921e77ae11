"""ID tokens that no honest issuer would make, and some that one might."""

import time
from collections.abc import Callable
from hashlib import sha256, sha512
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from tests.sign_on.issuer import KEYS, Issuer, part, sign

Forge = Callable[[Issuer, str], object]
NOW = time.time


def claiming(**changes: Any) -> Forge:
    return lambda issuer, nonce: sign(issuer.claims(nonce, **changes))


def signed(header: dict[str, Any], key: Any = KEYS["rsa"]) -> Forge:
    return lambda issuer, nonce: sign(issuer.claims(nonce), header, key)


def half_hash(digest: bytes) -> str:
    return part(digest[: len(digest) // 2])


def unsigned(issuer: Issuer, nonce: str) -> str:
    _, claims, _ = sign(issuer.claims(nonce)).split(".")
    head = part(b'{"alg":"none"}')
    return f"{head}.{claims}."


def stripped(issuer: Issuer, nonce: str) -> str:
    return sign(issuer.claims(nonce)).rpartition(".")[0] + "."


def changed(issuer: Issuer, nonce: str) -> str:
    head, _, signature = sign(issuer.claims(nonce)).split(".")
    _, claims, _ = sign(issuer.claims(nonce, sub="grace")).split(".")
    return f"{head}.{claims}.{signature}"


def signed_with_the_public_key(issuer: Issuer, nonce: str) -> str:
    public = KEYS["rsa"].as_bytes("DER", private=False)
    return sign(issuer.claims(nonce), {"alg": "HS256"}, public)


def bringing_its_own_key(issuer: Issuer, nonce: str) -> str:
    mine = RSAKey.generate_key(2048)
    return sign(issuer.claims(nonce), {"jwk": mine.as_dict(private=False)}, mine)


def nameless(issuer: Issuer, nonce: str) -> str:
    """Signed with a published key that the header does not name."""
    text = part(b'{"alg":"RS256"}') + "." + sign(issuer.claims(nonce)).split(".")[1]
    return f"{text}.{part(JWSRegistry.algorithms['RS256'].sign(text.encode(), KEYS['rsa']))}"


def weak(issuer: Issuer, nonce: str) -> str:
    breakable = generate_private_key(65537, 1024)  # noqa: S505  # that is the point
    key = RSAKey(breakable, None, {"kid": "weak", "use": "sig"})
    issuer.keys.append(key.as_dict(private=False))
    return sign(issuer.claims(nonce), {"kid": "weak"}, key)


def meant_for_encryption(issuer: Issuer, nonce: str) -> str:
    key = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    issuer.keys.append(key.as_dict(private=False))
    signing = RSAKey.import_key({**key.as_dict(private=True), "use": "sig"})
    return sign(issuer.claims(nonce), {"kid": "enc"}, signing)


FORGED: dict[str, Forge] = {
    "alg none": unsigned,
    "signature taken off": stripped,
    "claims changed": changed,
    "HS256 with the public key": signed_with_the_public_key,
    "HS256 with the client id": signed({"alg": "HS256"}, b"me"),
    "its own key in the header": bringing_its_own_key,
    "another key under the same id": signed({}, RSAKey.generate_key(2048)),
    "a key id that is not published": signed({"kid": "other"}),
    "no key id where there are several keys": nameless,
    "a key id that is no text": signed({"kid": None}),
    "a key of another kind": signed({"alg": "ES256", "kid": "rsa"}, ECKey.generate_key("P-256")),
    "a key of 1024 bits": weak,
    "a key for encryption": meant_for_encryption,
    "an algorithm that is not announced": signed({"alg": "PS256"}),
    "a critical header that we do not know": signed({"crit": ["exp"], "exp": 1}),
    "another token type": signed({"typ": "at+jwt"}),
    "a logout token": signed({"typ": "logout+jwt"}),
    "issuer wrong": claiming(iss="https://evil.example"),
    "issuer with a slash more": lambda issuer, nonce: sign(issuer.claims(nonce, iss=issuer.url + "/")),
    "issuer missing": claiming(iss=None),
    "issuer as a list": lambda issuer, nonce: sign(issuer.claims(nonce, iss=[issuer.url])),
    "audience wrong": claiming(aud="other"),
    "audience wrong, authorized party right": claiming(aud="other", azp="me"),
    "audience missing": claiming(aud=None),
    "audience empty": claiming(aud=[]),
    "audience not of texts": claiming(aud=["me", 1]),
    "audience as a prefix": claiming(aud="me2"),
    "several audiences, no authorized party": claiming(aud=["me", "other"]),
    "several audiences, another authorized party": claiming(aud=["me", "other"], azp="other"),
    "another authorized party": claiming(azp="other"),
    "nonce wrong": claiming(nonce="another"),
    "nonce missing": lambda issuer, _: sign(issuer.claims("", nonce=None)),
    "nonce empty": claiming(nonce=""),
    "nonce in a list": lambda issuer, nonce: sign(issuer.claims(nonce, nonce=[nonce])),
    "expired beyond the leeway": claiming(exp=int(NOW()) - 31),
    "expiry missing": claiming(exp=None),
    "expiry as a text": claiming(exp="9999999999"),
    "expiry as true": claiming(exp=True),
    "issued in the future": claiming(iat=int(NOW()) + 3600, exp=int(NOW()) + 7200),
    "issued long ago": claiming(iat=int(NOW()) - 700),
    "issued a year ago": claiming(iat=int(NOW()) - 31_536_000),
    "issue date missing": claiming(iat=None),
    "issue date as a text": claiming(iat=str(int(NOW()))),
    "not valid yet": claiming(nbf=int(NOW()) + 3600),
    "subject missing": claiming(sub=None),
    "subject empty": claiming(sub=""),
    "subject a number": claiming(sub=1),
    "subject an object": claiming(sub={"a": 1}),
    "subject with a NUL": claiming(sub="a\x00b"),
    "subject of 300 characters": claiming(sub="a" * 300),
    "hash of another access token": claiming(at_hash=half_hash(sha256(b"b").digest())),
    "hash of no text": claiming(at_hash=7),
    "methods not in a list": claiming(amr="pwd"),
    "time of sign-on not a number": claiming(auth_time="now"),
    "not an object": lambda issuer, nonce: sign(b"[1]"),
    "not JSON": lambda issuer, nonce: sign(b"{"),
    "nested 60,000 deep": lambda issuer, nonce: sign(b"[" * 60_000),
    "of 200 KB": claiming(padding="a" * 200_000),
    "no token at all": lambda issuer, nonce: "",
    "two parts": lambda issuer, nonce: "a.b",
    "five parts, as if encrypted": lambda issuer, nonce: "a.b.c.d.e",
    "not a text": lambda issuer, nonce: {"a": 1},
    "not there": lambda issuer, nonce: None,
    "not ASCII": lambda issuer, nonce: "é.é.é",
}


def the_only_key(issuer: Issuer, nonce: str) -> str:
    issuer.keys = issuer.keys[:1]
    return nameless(issuer, nonce)


HONEST: dict[str, Forge] = {
    "the plain one": claiming(),
    "ES256": signed({"alg": "ES256", "kid": "ec"}, KEYS["ec"]),
    "EdDSA": signed({"alg": "EdDSA", "kid": "ed"}, KEYS["ed"]),
    "Ed25519": signed({"alg": "Ed25519", "kid": "ed"}, KEYS["ed"]),
    "typ JWT": signed({"typ": "JWT"}),
    "no key id where there is one key": the_only_key,
    "several audiences and the authorized party": claiming(aud=["other", "me"], azp="me"),
    "an audience in a list": claiming(aud=["me"]),
    "a slow clock": lambda issuer, nonce: sign(issuer.claims(nonce, exp=int(NOW()) - 5)),  # when it is asked
    "a fast clock": lambda issuer, nonce: sign(issuer.claims(nonce, iat=int(NOW()) + 15)),
    "hash of the access token": claiming(at_hash=half_hash(sha256(b"a").digest())),
    "hash of the access token, Ed25519": lambda issuer, nonce: sign(
        issuer.claims(nonce, at_hash=half_hash(sha512(b"a").digest())),
        {"alg": "Ed25519", "kid": "ed"},
        KEYS["ed"],
    ),
}
