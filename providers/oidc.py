"""OpenID Connect: the authorization code flow with PKCE, hardened as RFC 9700 asks."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from providers import logout_token
from providers.afterwards import LoggedOut
from providers.client import Server, server_of
from providers.client_settings import ClaimName, ClientSettings
from providers.code_flow import CodeFlow, ask, secret_of
from providers.contract import (
    Departure,
    Identity,
    Prompt,
    Provider,
    Tokens,
    Unreachable,
    Untrusted,
)
from providers.discovery import Issuer, Metadata, with_keys
from providers.http import Outbound
from providers.id_token import Expected, read_id_token
from providers.inspection import inspect_client, inspect_metadata
from providers.profile import read_identity
from providers.proof import check_issuer, check_proof, remember_age
from providers.redirects import check_state, in_time, read_code, with_query
from providers.secret import Secret
from providers.settings import ContextClasses, Flag, Span, Url, seconds
from providers.words import Words

Scope = Annotated[
    str,
    Meta(
        pattern=r"^([!-~]+ )*openid( [!-~]+)*\Z", description="scopes separated by spaces, openid among them"
    ),
]


class OpenIDClient(ClientSettings, frozen=True, kw_only=True):
    """What a kind of provider answers: who its issuer is, and in which words it describes people.

    `max_age` is how long ago people may have proven themselves there, `acr_values` are the ways of doing so
    that will do: both are asked for, and held against the signed answer. `backchannel_logout_untyped` takes
    logout tokens without a `typ`.
    """

    scope: Scope = "openid profile email"
    identifier_key: ClaimName = "sub"
    max_age: Span = None
    acr_values: ContextClasses = ()
    backchannel_logout_untyped: Flag = False

    def extras(self) -> Mapping[str, str]:
        asked = {"max_age": str(seconds(self.max_age))} if self.max_age else {}
        return asked | ({"acr_values": " ".join(self.acr_values)} if self.acr_values else {})

    def issuer(self) -> str:
        """The issuer, or the address of its discovery document."""
        raise NotImplementedError(f"{self.driver()} says who its issuer is")

    def issuer_said(self) -> str | None:
        """What the discovery document calls the issuer, where that is no name but a pattern of names."""
        return None

    def asks_userinfo(self) -> bool:
        """Whether the userinfo endpoint knows more than the ID token."""
        return True

    def check(self, claims: Mapping[str, object]) -> None:
        """Raises Untrusted for claims that this kind of provider does not make."""

    def words(self) -> Words:
        """In which words the claims are written."""
        return Words(identifier=(self.identifier_key,), groups=self.group_claim_name)

    def open(self, name: str, outbound: Outbound) -> Provider:
        return OpenID(name, self, self.scope, outbound)


class OpenIDSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="openid"):
    """`issuer_url` is the issuer or its discovery document."""

    issuer_url: Url

    def issuer(self) -> str:
        return self.issuer_url


class OpenID(CodeFlow[OpenIDClient]):
    """One client at one issuer."""

    driver = "openid"
    remembers = ("state", "nonce", "code_verifier")

    def __init__(self, name: str, settings: OpenIDClient, scope: str, outbound: Outbound) -> None:
        super().__init__(name, settings, scope, outbound)
        self._issuer = Issuer(settings.issuer(), outbound, said=settings.issuer_said())

    async def server(self) -> Server:
        return server_of(await self._issuer.metadata())

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state(query, memory)
        async with in_time():
            metadata = await self._issuer.metadata()
            check_issuer(query, memory, metadata)
            code, server = read_code(query), server_of(metadata)
            async with self._client(server, memory["redirect_uri"]) as client:
                tokens = await self._exchange(client, server, code, memory)
            claims = await self._validate(tokens, memory["nonce"], metadata)
            self._settings.check(claims)
            check_proof(claims, memory, self._settings.acr_values)
            userinfo = await self._ask_userinfo(tokens, claims["sub"], metadata)
        return read_identity(
            self.name,
            self._settings.describe(claims, query),
            self._settings.describe(userinfo, query) if userinfo else userinfo,
            words=self._settings.words(),
            tokens=Tokens(secret_of(tokens.get("refresh_token")), secret_of(tokens["id_token"])),
        )

    async def inspect(self, return_url: str) -> list[str]:
        async with in_time():
            metadata = await self._issuer.metadata()
            await self._issuer.keys()
            found = inspect_metadata(metadata, self._scope)
            return found + await inspect_client(
                self._outbound, self._settings, server_of(metadata), return_url
            )

    async def _validate(self, tokens: Mapping[str, Any], nonce: str, metadata: Metadata) -> dict[str, Any]:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise Untrusted("The issuer sent no ID token with its access token")
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self._settings.client_id,
            nonce=nonce,
            access_token=tokens["access_token"],
            algorithms=metadata.id_token_signing_alg_values_supported,
        )
        return await with_keys(self._issuer.keys, lambda keys: read_id_token(text, keys, expected))

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        departure = await super().depart(return_url, login_hint=login_hint, prompt=prompt)
        span = self._settings.max_age
        asked = remember_age(seconds(span) if span else None)
        return Departure(departure.url, {**departure.memory, **asked})

    async def leave(self, hint: Secret | None, return_url: str) -> str | None:
        async with in_time():
            endpoint = (await self._issuer.metadata()).end_session_endpoint
        if endpoint is None:
            return None
        asked = {"client_id": self._settings.client_id, "post_logout_redirect_uri": return_url}
        hinted = {"id_token_hint": hint.reveal()} if hint else {}
        return with_query(endpoint, {**hinted, **asked})

    async def hear_logout(self, token: str) -> LoggedOut:
        async with in_time():
            metadata = await self._issuer.metadata()
            expected = logout_token.Expected(
                issuer=metadata.issuer,
                client_id=self._settings.client_id,
                algorithms=metadata.id_token_signing_alg_values_supported,
                untyped=self._settings.backchannel_logout_untyped,
            )
            return await with_keys(
                self._issuer.keys, lambda keys: logout_token.read_logout_token(token, keys, expected)
            )

    async def _ask_userinfo(
        self, tokens: Mapping[str, Any], subject: str, metadata: Metadata
    ) -> dict[str, Any]:
        """What the userinfo endpoint says of `subject`, or nothing where there is no such endpoint."""
        if metadata.userinfo_endpoint is None or not self._settings.asks_userinfo():
            return {}
        userinfo = await ask(self._outbound, metadata.userinfo_endpoint, tokens["access_token"])
        if not isinstance(userinfo, dict):
            raise Unreachable("The userinfo endpoint describes nobody")
        if userinfo.get("sub") != subject:
            raise Untrusted("The userinfo answer is about somebody else (OpenID Connect Core 5.3.2)")
        return userinfo
