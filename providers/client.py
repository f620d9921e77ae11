"""Authlib's OAuth 2 client, made the one way that is safe, and its problems in our words."""

from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.common.urls import add_params_to_qs
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from msgspec import Struct

from providers.assertion import KIND, sign_assertion
from providers.client_settings import ClientSettings
from providers.contract import Misconfigured, Unreachable
from providers.discovery import Metadata
from providers.http import AGENT, Outbound
from providers.redirects import refusal
from providers.secret import PrivateKey


class Server(Struct, frozen=True):
    """An authorization server; `auth_methods` are those that its token endpoint offers.

    `issuer` is its name where it has one. At `pushed` it takes the parameters of a departure before the
    browser leaves (RFC 9126); `wants_pushed`: it takes them nowhere else. Without `takes_verifier` it refuses
    PKCE.
    """

    authorization_endpoint: str
    token_endpoint: str
    auth_methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post", "none")
    issuer: str = ""
    pushed: str | None = None
    wants_pushed: bool = False
    takes_verifier: bool = True


def server_of(metadata: Metadata) -> Server:
    """The server that an issuer's document describes."""
    return Server(
        metadata.authorization_endpoint,
        metadata.token_endpoint,
        metadata.token_endpoint_auth_methods_supported,
        metadata.issuer,
        metadata.pushed_authorization_request_endpoint,
        metadata.require_pushed_authorization_requests,
    )


def open_client(
    outbound: Outbound, settings: ClientSettings, server: Server, *, scope: str, redirect_uri: str = ""
) -> AsyncOAuth2Client:
    """A client for one departure, arrival or renewal.

    PKCE with S256 always, no proxies or netrc from the environment, no refreshing behind our back.
    Raises Misconfigured when the endpoint offers no way for what we have.
    """
    secret = settings.secret()
    client = AsyncOAuth2Client(
        client_id=settings.client_id,
        client_secret=secret.reveal() if secret else None,
        token_endpoint_auth_method=choose_auth_method(settings, server.auth_methods),
        scope=scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        leeway=0,
        transport=outbound,
        trust_env=False,
        headers={"User-Agent": AGENT},
    )
    client.register_client_auth_method(("client_secret_basic", _authenticate))
    if settings.client_private_keys is not None:
        assertion = _Assertion(settings.client_private_keys, server.issuer or server.token_endpoint)
        client.register_client_auth_method(("private_key_jwt", assertion))
    return client


def choose_auth_method(settings: ClientSettings, offered: Collection[str]) -> str:
    """How we prove who we are: as told, else with the best of what we have. Raises Misconfigured."""
    secret = settings.secret()
    methods = ["client_secret_basic", "client_secret_post"] if secret else []
    if secret and any(quote_plus(text) != text for text in (settings.client_id, secret.reveal())):
        methods.reverse()  # not every server decodes what RFC 6749 section 2.3.1 has us encode for Basic
    if settings.client_private_keys:
        methods.insert(0, "private_key_jwt")
    told = settings.client_token_endpoint_auth_method
    if told is not None:
        if told != "none" and told not in methods:
            raise Misconfigured(f"{told} is to be used, and what it needs is not set")
        return told
    for method in methods:
        if method in offered:
            return method
    if methods:
        raise Misconfigured(
            "The token endpoint takes neither our secret nor our key (token_endpoint_auth_methods_supported)"
        )
    return "none"


def _authenticate(client: Any, method: str, uri: str, headers: Any, body: bytes) -> tuple[str, Any, bytes]:
    """HTTP Basic with both halves form-encoded, which Authlib leaves out (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


class _Assertion:
    """A client authentication method of Authlib's: a signed assertion in the body."""

    def __init__(self, key: PrivateKey, audience: str) -> None:
        self._key, self._audience = key, audience

    def __call__(self, client: Any, method: str, uri: str, headers: Any, body: bytes) -> tuple[str, Any, str]:
        signed = sign_assertion(self._key, client.client_id, self._audience)
        proof = [
            ("client_id", client.client_id),
            ("client_assertion_type", KIND),
            ("client_assertion", signed),
        ]
        text: str = add_params_to_qs(body.decode(), proof)
        return uri, headers, text


@contextmanager
def in_our_words() -> Iterator[None]:
    """Authlib's and httpx2's problems as ours; theirs may quote an answer, so only a status is passed on."""
    try:
        yield
    except OAuthError as problem:
        raise refusal(problem.error, problem.description) from problem
    except httpx2.HTTPStatusError as problem:
        raise Unreachable(f"The provider answered with status {problem.response.status_code}") from problem
    except (httpx2.HTTPError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Unreachable("The provider answered with something that cannot be read") from problem
