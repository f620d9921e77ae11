"""The authorization code flow with PKCE (RFC 6749, 7636, 9126, 9700), which both protocols share."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx2
import msgspec
from authlib.integrations.httpx_client import AsyncOAuth2Client

from providers.client import Server, in_our_words, open_client
from providers.client_settings import ClientSettings
from providers.contract import Departure, Misconfigured, Prompt, ProviderError, Refused, Unreachable
from providers.http import AGENT, Outbound
from providers.redirects import in_time, random_text, refusal, with_query
from providers.secret import Secret

Kind = TypeVar("Kind", bound=ClientSettings)


class Pushed(msgspec.Struct, frozen=True):
    """The answer of RFC 9126 section 2.2."""

    request_uri: str


class CodeFlow(Generic[Kind]):
    """One client at one server. Subclasses say which server, and read who came back."""

    driver = ""
    lands_at = "callback"
    remembers: tuple[str, ...] = ("state", "code_verifier")

    def __init__(self, name: str, settings: Kind, scope: str, outbound: Outbound) -> None:
        self.name, self._settings, self._scope, self._outbound = name, settings, scope, outbound
        self.label, self.icon = settings.label or name, settings.icon

    async def server(self) -> Server:
        """Where to go. Raises ProviderError."""
        raise NotImplementedError(f"{self.driver} says where its server is")

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        async with in_time():
            server = await self.server()
            memory = {name: random_text() for name in self.remembers}
            if not server.takes_verifier:
                del memory["code_verifier"]
            wishes = {"login_hint": login_hint, "prompt": prompt}
            given = {name: wish for name, wish in wishes.items() if wish is not None}
            asked = {**self._settings.params, **self._settings.extras(), **given, **memory}
            async with self._client(server, return_url) as client:
                url, _ = client.create_authorization_url(server.authorization_endpoint, **asked)
                if server.pushed is not None:
                    url = await self._push(client, server, url)
        return Departure(url, {**memory, "redirect_uri": return_url, "issuer": server.issuer})

    async def renew(self, refresh_token: Secret) -> Secret | None:
        async with in_time():
            server = await self.server()
            # No scope: a renewal that names one may only narrow the grant (RFC 6749 section 6).
            async with open_client(self._outbound, self._settings, server, scope="") as client:
                with in_our_words():
                    renewed = await client.refresh_token(
                        server.token_endpoint, refresh_token=refresh_token.reveal()
                    )
        newer = secret_of(renewed.get("refresh_token"))
        return None if newer == refresh_token else newer

    async def _exchange(
        self, client: AsyncOAuth2Client, server: Server, code: str, memory: Mapping[str, str]
    ) -> dict[str, Any]:
        """The tokens for a code. Raises ProviderError."""
        verifier = {"code_verifier": memory["code_verifier"]} if "code_verifier" in memory else {}
        with in_our_words():
            tokens: dict[str, Any] = await client.fetch_token(server.token_endpoint, code=code, **verifier)
            if not isinstance(tokens.get("access_token"), str):
                raise Unreachable("The token endpoint gave no access token")
        return tokens

    def _client(self, server: Server, return_url: str) -> AsyncOAuth2Client:
        return open_client(self._outbound, self._settings, server, scope=self._scope, redirect_uri=return_url)

    async def _push(self, client: AsyncOAuth2Client, server: Server, url: str) -> str:
        """The short address in place of `url`, whose parameters only the two servers have seen.

        Where pushing is merely offered, and we are refused, the browser carries them itself.
        """
        asked = dict(parse_qsl(urlsplit(url).query))
        try:
            with in_our_words():
                answer = await client.post(
                    server.pushed or "",
                    data=asked,
                    auth=client.client_auth(client.token_endpoint_auth_method),
                    headers={"Accept": "application/json"},
                )
                if answer.status_code not in {200, 201}:
                    said = answer.json()
                    raise refusal(said.get("error"), said.get("error_description"))
                uri = msgspec.json.decode(answer.content, type=Pushed).request_uri
        except (Refused, Misconfigured) as problem:
            if server.wants_pushed:
                raise Misconfigured(problem.cause, code=problem.code) from problem
            return url
        except ProviderError:
            if server.wants_pushed:
                raise
            return url
        named = {"client_id": self._settings.client_id, "request_uri": uri}
        return with_query(server.authorization_endpoint, named)


async def ask(outbound: Outbound, url: str, access_token: str) -> Any:
    """The JSON answer to a person's access token; None where the token may not ask (403, 404)."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}", "User-Agent": AGENT}
    with in_our_words():
        answer = await outbound.handle_async_request(httpx2.Request("GET", url, headers=headers))
        if answer.status_code in {403, 404}:
            return None
        if answer.status_code != 200:
            raise Unreachable(f"The provider answered with status {answer.status_code}")
        if answer.headers.get("Content-Type", "").startswith("application/jwt"):
            raise Misconfigured("The issuer signs its userinfo answers for this client; plain JSON is needed")
        return msgspec.json.decode(answer.content)


def secret_of(text: object) -> Secret | None:
    """A token, if that is what it is."""
    return Secret(text) if isinstance(text, str) and text else None
