"""An access token for ourselves, such as for sending mail: RFC 6749, 4.4 (client) and 6 (refresh)."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import httpx2
import msgspec

from providers.contract import Misconfigured, Unreachable
from providers.http import Outbound
from providers.secret import Secret

LONGEST: Final = 600.0  # seconds that a token is kept: one that was revoked is not used for ever
MARGIN: Final = 60.0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """By what right we ask: a refresh token that somebody gave us, else as the client that we are."""

    token_url: str
    client_id: str
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    scope: str | None = None

    def form(self) -> dict[str, str]:
        """What is posted to the token endpoint."""
        fields = {"grant_type": "client_credentials", "client_id": self.client_id}
        if self.client_secret is not None:
            fields["client_secret"] = self.client_secret.reveal()
        if self.refresh_token is not None:
            fields |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token.reveal()}
        if self.scope is not None:
            fields["scope"] = self.scope
        return fields


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = LONGEST


class AccessToken:
    """Asks for a token when there is none that is good, once for all who wait for it."""

    def __init__(self, grant: Grant, outbound: Outbound, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._outbound = outbound
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._good_until = 0.0

    async def give(self) -> str:
        """A token. Raises Unreachable, and Misconfigured when the grant is refused."""
        async with self._lock:
            if self._clock() >= self._good_until:
                granted = await self._ask()
                self._token = granted.access_token
                self._good_until = self._clock() + min(LONGEST, max(granted.expires_in - MARGIN, 1))
            return self._token

    async def _ask(self) -> _Granted:
        request = httpx2.Request(
            "POST",
            self._grant.token_url,
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            content=urlencode(self._grant.form()).encode(),
        )
        response = await self._outbound.handle_async_request(request)
        host = request.url.host
        if response.status_code in {400, 401, 403}:
            raise Misconfigured(f"{host} refuses to give us an access token")
        if response.status_code != 200:
            raise Unreachable(f"{host} answered with status {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=_Granted)
        except (msgspec.MsgspecError, RecursionError):
            raise Unreachable(f"{host} gives tokens that cannot be read") from None
