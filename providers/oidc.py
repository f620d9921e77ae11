"""OpenID Connect: the authorization code flow with PKCE, hardened as RFC 9700 asks."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from authlib.integrations.httpx_client import AsyncOAuth2Client
from msgspec import Meta

from providers.contract import Departure, Identity, Misconfigured, Prompt, Tokens, Untrusted
from providers.discovery import Issuer, Metadata
from providers.http import Outbound
from providers.id_token import Expected, UnknownKey, read_id_token
from providers.oauth2 import in_our_words, open_client
from providers.profile import read_identity
from providers.redirects import check_state, in_time, random_text, read_code
from providers.secret import Secret
from providers.settings import Common, Url

ClientId = Annotated[
    str, Meta(pattern=r"^[!-~]{1,255}\Z", description="the client id given out by the issuer")
]
ClientSecret = Annotated[Secret | None, Meta(description="the client secret given out by the issuer")]
Scope = Annotated[
    str,
    Meta(
        pattern=r"^([!-~]+ )*openid( [!-~]+)*\Z", description="scopes separated by spaces, openid among them"
    ),
]
ClaimName = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z", description="a claim's name, or a dotted path")]
# The parameters that are ours, and the names that Authlib's functions give to their own arguments.
_OURS = "client_id|code_challenge|code_challenge_method|code_verifier|nonce|redirect_uri|request|request_uri"
_OURS += "|response_mode|response_type|scope|self|state|uri|url"
Params = Annotated[
    dict[Annotated[str, Meta(pattern=rf"^(?!({_OURS})\Z)[A-Za-z0-9_.-]+\Z")], str],
    Meta(description="a JSON object of texts, with none of the parameters that the protocol needs"),
]


class OpenIDSettings(Common, frozen=True, kw_only=True, tag_field="driver", tag="openid"):
    """`issuer_url` is the issuer or its discovery document. Without a secret the client is a public one."""

    client_id: ClientId
    client_secret: ClientSecret = None
    issuer_url: Url
    scope: Scope = "openid profile email"
    identifier_key: ClaimName = "sub"
    params: Params = msgspec.field(default_factory=dict)

    def open(self, name: str, outbound: Outbound) -> "OpenID":
        return OpenID(name, self, outbound)


class OpenID:
    """One client at one issuer."""

    def __init__(self, name: str, settings: OpenIDSettings, outbound: Outbound) -> None:
        self.name, self.driver = name, settings.driver()
        self.label, self.icon = settings.label or name, settings.icon
        self._settings, self._outbound = settings, outbound
        self._issuer = Issuer(settings.issuer_url, outbound)

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        async with in_time():
            metadata = await self._issuer.metadata()
        memory = {name: random_text() for name in ("state", "nonce", "code_verifier")}
        wishes = {"login_hint": login_hint, "prompt": prompt}
        given = {name: wish for name, wish in wishes.items() if wish is not None}
        async with self._client(metadata, return_url) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, **{**self._settings.params, **given, **memory}
            )
        return Departure(url, {**memory, "redirect_uri": return_url, "issuer": metadata.issuer})

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state(query, memory)
        async with in_time():
            metadata = await self._issuer.metadata()
            _check_issuer(query, memory, metadata)
            code = read_code(query)
            async with self._client(metadata, memory["redirect_uri"]) as client:
                with in_our_words():
                    tokens = await client.fetch_token(
                        metadata.token_endpoint, code=code, code_verifier=memory["code_verifier"]
                    )
                claims = await self._validate(tokens, memory["nonce"], metadata)
                userinfo = await _fetch_userinfo(client, tokens, claims["sub"], metadata)
        return read_identity(
            self.name,
            claims,
            userinfo,
            identifier_key=self._settings.identifier_key,
            tokens=Tokens(_secret(tokens.get("refresh_token")), _secret(tokens["id_token"])),
        )

    def _client(self, metadata: Metadata, redirect_uri: str) -> AsyncOAuth2Client:
        return open_client(
            self._outbound,
            client_id=self._settings.client_id,
            client_secret=self._settings.client_secret,
            auth_methods=metadata.token_endpoint_auth_methods_supported,
            scope=self._settings.scope,
            redirect_uri=redirect_uri,
        )

    async def _validate(self, tokens: Mapping[str, Any], nonce: str, metadata: Metadata) -> dict[str, Any]:
        text, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(text, str) or not isinstance(access_token, str):
            raise Untrusted("The issuer sent no ID token with its access token")
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self._settings.client_id,
            nonce=nonce,
            access_token=access_token,
            algorithms=metadata.id_token_signing_alg_values_supported,
        )
        keys = await self._issuer.keys()
        try:
            return read_id_token(text, keys, expected)
        except UnknownKey:
            return read_id_token(text, await self._issuer.keys(missing=keys), expected)


async def _fetch_userinfo(
    client: AsyncOAuth2Client, tokens: Mapping[str, Any], subject: str, metadata: Metadata
) -> dict[str, Any]:
    """What the userinfo endpoint says of `subject`, or nothing where there is no such endpoint."""
    if metadata.userinfo_endpoint is None:
        return {}
    # Without its lifetime, or Authlib would refresh a short-lived token behind our back.
    client.token = {"access_token": tokens["access_token"], "token_type": "Bearer"}
    with in_our_words():
        answer = await client.get(metadata.userinfo_endpoint, headers={"Accept": "application/json"})
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").startswith("application/jwt"):
            raise Misconfigured("The issuer signs its userinfo answers for this client; plain JSON is needed")
        userinfo = msgspec.json.decode(answer.content, type=dict[str, Any])
    if userinfo.get("sub") != subject:
        raise Untrusted("The userinfo answer is about somebody else (OpenID Connect Core 5.3.2)")
    return userinfo


def _check_issuer(query: Mapping[str, str], memory: Mapping[str, str], metadata: Metadata) -> None:
    """Refuse an answer that another issuer's server may have sent (RFC 9207 section 2.4)."""
    said = query.get("iss")
    if said is None and metadata.authorization_response_iss_parameter_supported:
        raise Untrusted("The answer names no issuer, although the issuer promises to")
    if not memory.get("issuer") == metadata.issuer == (metadata.issuer if said is None else said):
        raise Untrusted("The answer comes from another issuer than the one that was asked")


def _secret(text: object) -> Secret | None:
    return Secret(text) if isinstance(text, str) and text else None
