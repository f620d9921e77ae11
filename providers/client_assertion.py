"""A client proves itself with its private key (RFC 7523, 2.2): its keys, and what its assertion must say."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from providers.claims import is_number, is_word
from providers.contract import Misconfigured, Unreachable, Untrusted
from providers.discovery import Kept, PublishedKeys, signing_keys
from providers.http import Outbound
from providers.signatures import ALGORITHMS, LEEWAY, Signatures, UnknownKey

LIFETIME = 60  # seconds that an assertion may live; it is made for one call
LONGEST = 8192  # characters
_MOST = 1000  # clients whose published keys are kept
_TYPES = {"JWT", "CLIENT-AUTHENTICATION+JWT"}  # the second is rfc7523bis'


class _Said(msgspec.Struct):
    sub: str


class ClientKeys:
    """The keys that clients publish, fetched through the outbound guard and kept; one per process."""

    def __init__(self, outbound: Outbound, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._kept: dict[str, Kept[KeySet]] = {}

    async def read(self, uri: str, *, missing: KeySet | None = None) -> KeySet:
        """The keys at `uri`; after a vain search in `missing` newer ones. Raises ProviderError."""
        if uri not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[uri] = Kept(lambda: self._fetch(uri), self._clock)
        kept = self._kept[uri]
        return await (kept.get() if missing is None else kept.renew(missing))

    async def _fetch(self, uri: str) -> KeySet:
        published = await self._outbound.fetch(uri, PublishedKeys)
        try:
            return key_set({"keys": published.keys})
        except Misconfigured as problem:
            raise Unreachable("The client publishes no key that could sign") from problem


def key_set(jwks: Mapping[str, Any]) -> KeySet:
    """The keys of a JWK Set that could sign. Raises Misconfigured when there is none."""
    keys = signing_keys(jwks["keys"])
    if keys is None:
        raise Misconfigured("The client has no key that could sign")
    return keys


def client_of(assertion: str) -> str:
    """Whose an assertion says that it is, before anything of it is believed. Raises Untrusted."""
    if len(assertion) > LONGEST:
        raise Untrusted("The assertion is too long")
    try:
        return str(msgspec.json.decode(jws.extract_compact(assertion.encode()).payload, type=_Said).sub)
    except (JoseError, msgspec.MsgspecError, ValueError, TypeError, AttributeError) as problem:
        raise Untrusted("The assertion cannot be read") from problem


def read_client_assertion(
    assertion: str, keys: KeySet, client_id: str, audience: str, clock: Callable[[], float] = time.time
) -> str:
    """The jti of an assertion that this client has signed for us just now. Raises Untrusted, UnknownKey."""
    try:
        token = jwt.decode(assertion, keys, registry=Signatures(ALGORITHMS))
        _check(token.header, token.claims, client_id, audience, clock())
    except InvalidKeyIdError as problem:
        raise UnknownKey("The assertion is signed with a key that the client does not publish") from problem
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Untrusted("The assertion's signature is not the client's") from problem
    return str(token.claims["jti"])


def _check(header: dict[str, Any], claims: dict[str, Any], client_id: str, audience: str, at: float) -> None:
    if str(header.get("typ", "JWT")).upper() not in _TYPES:
        raise Untrusted("The assertion is a token of another type (RFC 8725 section 3.11)")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise Untrusted("The assertion's iss and sub have to be the client_id")
    if claims.get("aud") not in (audience, [audience]):
        raise Untrusted(f"The assertion's aud has to be {audience} alone")
    if not is_word(claims.get("jti")):
        raise Untrusted("The assertion has no jti")
    exp = claims.get("exp")
    if not is_number(exp) or not at - LEEWAY < exp <= at + LIFETIME + LEEWAY:
        raise Untrusted(f"The assertion's exp has to be within the next {LIFETIME} seconds")
    for name in ("iat", "nbf"):
        if name in claims and not (is_number(claims[name]) and claims[name] <= at + LEEWAY):
            raise Untrusted(f"The assertion's {name} lies in the future")
