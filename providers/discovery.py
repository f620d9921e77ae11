"""What an issuer publishes about itself, its metadata and keys: fetched by one caller at a time, and kept."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.util import base64_to_int
from msgspec import Meta, Struct

from providers.contract import Misconfigured, ProviderError, Unreachable
from providers.http import Outbound
from providers.signatures import UnknownKey

WELL_KNOWN = "/.well-known/openid-configuration"
LIFETIME = 3600.0  # seconds that metadata and keys are kept
RENEWAL_PAUSE = 60.0  # seconds between two fetches of the keys for the sake of an unknown key id
FAILURE_PAUSE = 3.0  # seconds in which a failed fetch is not repeated, its problem is
_MOST_KEYS = 100  # of one set
RSA_BITS = 2048  # the least that RFC 7518 section 3.3 allows

Thing = TypeVar("Thing")
Endpoint = Annotated[str, Meta(pattern=r"^https?://[^\s\\#@]+\Z", max_length=2048)]


class Metadata(Struct, frozen=True):
    """What we read of OpenID Connect Discovery 3, RFC 9207, RFC 9126 and RP-Initiated Logout. Nothing else
    of it goes anywhere: as keyword arguments of an HTTP client, which is Authlib's way, a document could even
    turn off its TLS."""

    issuer: str
    authorization_endpoint: Endpoint
    token_endpoint: Endpoint
    jwks_uri: Endpoint
    userinfo_endpoint: Endpoint | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False
    pushed_authorization_request_endpoint: Endpoint | None = None
    require_pushed_authorization_requests: bool = False
    code_challenge_methods_supported: tuple[str, ...] | None = None
    response_types_supported: tuple[str, ...] = ("code",)
    scopes_supported: tuple[str, ...] | None = None
    end_session_endpoint: Endpoint | None = None


class Issuer:
    """One issuer, known by its address or by that of its discovery document, which has to call it so too; or
    `said`, where that is a pattern of names."""

    def __init__(
        self,
        url: str,
        outbound: Outbound,
        clock: Callable[[], float] = time.monotonic,
        *,
        said: str | None = None,
    ) -> None:
        self._url, self._said = url, said
        self._outbound = outbound
        self._metadata = Kept(self._discover, clock)
        self._keys = Kept(self._fetch_keys, clock)

    async def metadata(self) -> Metadata:
        """Raises Unreachable, Misconfigured."""
        return await self._metadata.get()

    async def keys(self, *, missing: KeySet | None = None) -> KeySet:
        """The keys that sign; after a vain search in `missing` newer ones, unless they are fresh."""
        return await (self._keys.get() if missing is None else self._keys.renew(missing))

    async def _discover(self) -> Metadata:
        document = self._url if self._url.endswith(WELL_KNOWN) else self._url.rstrip("/") + WELL_KNOWN
        found = await self._outbound.fetch(document, Metadata)
        # The document's address does not tell whether the issuer ends in a slash; nothing else may differ.
        stem = document.removesuffix(WELL_KNOWN)
        expected = {stem, stem + "/"} if self._url == document else {self._url}
        if found.issuer not in ({self._said} if self._said else expected):
            several = ": it is of several tenants, which DRIVER=entra knows" if "{" in found.issuer else ""
            raise Misconfigured(
                f"The discovery document is another issuer's (OpenID Connect Discovery 4.3){several}"
            )
        if found.issuer.startswith("https:") and not found.authorization_endpoint.startswith("https:"):
            raise Misconfigured("The issuer would have people sign on over plain http")
        return found

    async def _fetch_keys(self) -> KeySet:
        published = await self._outbound.fetch((await self.metadata()).jwks_uri, PublishedKeys)
        keys = signing_keys(published.keys)
        if keys is None:
            raise Unreachable("The issuer publishes no key that could sign")
        return keys


class PublishedKeys(Struct, frozen=True):
    """A JWK Set (RFC 7517 section 5)."""

    keys: list[dict[str, Any]]


def signing_keys(published: Sequence[dict[str, Any]]) -> KeySet | None:
    """Those of the keys that could sign; None where there are none."""
    keys = [key for key in map(_import_key, published[:_MOST_KEYS]) if key is not None]
    return KeySet(keys) if keys else None


async def with_keys(keys: Callable[..., Awaitable[KeySet]], read: Callable[[KeySet], Thing]) -> Thing:
    """What `read` makes of the keys, or of newer ones (`missing`) where it finds none that fits."""
    known = await keys()
    try:
        return read(known)
    except UnknownKey:
        return read(await keys(missing=known))


def _import_key(data: dict[str, Any]) -> Key | None:
    """One key, or None: a set may hold keys of kinds that we do not know (RFC 7517 section 5)."""
    try:
        if data["kty"] not in {"RSA", "EC", "OKP"} or data.get("use", "sig") != "sig":
            return None
        if data["kty"] == "RSA" and base64_to_int(data["n"]).bit_length() < RSA_BITS:
            return None
        return JWKRegistry.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


class Kept(Generic[Thing]):
    """Something fetched and kept for LIFETIME; whoever comes during a fetch waits for its outcome."""

    def __init__(self, fetch: Callable[[], Awaitable[Thing]], clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = asyncio.Lock()
        self._thing: Thing | None = None
        self._fetched = self._renewed = float("-inf")
        self._failure: tuple[float, ProviderError] | None = None

    async def get(self) -> Thing:
        async with self._lock:
            if self._thing is None or self._clock() - self._fetched >= LIFETIME:
                return await self._load()
            return self._thing

    async def renew(self, missing: Thing) -> Thing:
        """Fetch again because of what `missing` lacked, unless that was done just now."""
        async with self._lock:
            if self._thing is not missing and self._thing is not None:
                return self._thing
            if self._clock() - self._renewed < RENEWAL_PAUSE:
                return missing
            self._renewed = self._clock()
            return await self._load()

    async def _load(self) -> Thing:
        if self._failure and self._clock() - self._failure[0] < FAILURE_PAUSE:
            problem = self._failure[1]
            raise type(problem)(problem.cause, code=problem.code)
        try:
            self._thing, self._failure = await self._fetch(), None
        except ProviderError as problem:
            self._failure = (self._clock(), problem)
            raise
        self._fetched = self._clock()
        return self._thing
