"""A transmitter of Shared Signals: its metadata and keys, and the events that it keeps where it is asked."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

import httpx2
import msgspec

from providers.client import in_our_words
from providers.client_assertion import ClientKeys
from providers.contract import Misconfigured, Unreachable
from providers.discovery import Endpoint, Kept, with_keys
from providers.http import AGENT, Outbound
from providers.redirects import in_time
from providers.security_event import SecurityEvents, read_security_events
from providers.settings import Signals

WELL_KNOWN = "/.well-known/ssf-configuration"
_AT_ONCE = 50  # events of one answer


class Configuration(msgspec.Struct, frozen=True):
    """What we read of Shared Signals Framework 1.0, section 7.1."""

    issuer: str
    jwks_uri: Endpoint


class Polled(msgspec.Struct, frozen=True):
    """The answer of RFC 8936 section 2.3: tokens by their jti."""

    sets: Mapping[str, str] = {}
    moreAvailable: bool = False  # noqa: N815  # the standard's name


class Transmitter:
    """One transmitter, which calls us `audience`; `settings` name it."""

    def __init__(
        self,
        settings: Signals,
        audience: str,
        outbound: Outbound,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._issuer = str(settings.ssf_issuer)
        self._audience = settings.ssf_audience or audience
        self._outbound = outbound
        self._keys = ClientKeys(outbound, clock)
        self._configuration = Kept(self._configure, clock)

    async def read(self, token: str) -> SecurityEvents:
        """What a token tells. Raises ProviderError; its code is that of RFC 8935 section 2.4."""
        async with in_time():
            uri = (await self._configuration.get()).jwks_uri
            return await with_keys(
                partial(self._keys.read, uri),
                lambda keys: read_security_events(token, keys, self._issuer, self._audience),
            )

    async def poll(self, done: list[str], refused: Mapping[str, Mapping[str, str]]) -> Polled:
        """The tokens that wait, after saying which are done and which refused, by jti (RFC 8936)."""
        token = self.settings.ssf_poll_token
        asked = {"maxEvents": _AT_ONCE, "returnImmediately": True, "ack": done, "setErrs": refused}
        headers = {"content-type": "application/json", "accept": "application/json", "user-agent": AGENT}
        if token is not None:
            headers["authorization"] = f"Bearer {token.reveal()}"
        body = msgspec.json.encode(asked)
        async with in_time():
            with in_our_words():
                request = httpx2.Request(
                    "POST", str(self.settings.ssf_poll_url), content=body, headers=headers
                )
                answer = await self._outbound.handle_async_request(request)
                if answer.status_code != 200:
                    raise Unreachable(f"The transmitter answered with status {answer.status_code}")
                return msgspec.json.decode(await answer.aread(), type=Polled)

    async def _configure(self) -> Configuration:
        parts = urlsplit(self._issuer)
        where = f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"
        found = await self._outbound.fetch(where, Configuration)
        if found.issuer != self._issuer:
            raise Misconfigured("The transmitter's configuration is another issuer's")
        return found
