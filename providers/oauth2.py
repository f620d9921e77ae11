"""Authlib's OAuth 2 client, made the one way that is safe, and its problems in our words."""

from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

from providers.contract import Misconfigured, Unreachable
from providers.http import Outbound
from providers.redirects import refusal
from providers.secret import Secret


def open_client(
    outbound: Outbound,
    *,
    client_id: str,
    client_secret: Secret | None,
    auth_methods: Collection[str],
    scope: str,
    redirect_uri: str,
) -> AsyncOAuth2Client:
    """A client for one departure or arrival; `auth_methods` are those that the token endpoint offers.

    PKCE with S256 always, no proxies or netrc from the environment, no refreshing behind our back.
    Raises Misconfigured when the endpoint offers no way for what we have.
    """
    secret = client_secret.reveal() if client_secret else None
    client = AsyncOAuth2Client(
        client_id=client_id,
        client_secret=secret,
        token_endpoint_auth_method=_choose_auth_method(client_id, secret, auth_methods),
        scope=scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        leeway=0,
        transport=outbound,
        trust_env=False,
        headers={"User-Agent": "idbridge"},
    )
    client.register_client_auth_method(("client_secret_basic", _authenticate))
    return client


def _choose_auth_method(client_id: str, secret: str | None, offered: Collection[str]) -> str:
    if secret is None:
        return "none"
    methods = ["client_secret_basic", "client_secret_post"]
    if any(quote_plus(text) != text for text in (client_id, secret)):
        methods.reverse()  # not every server decodes what RFC 6749 section 2.3.1 has us encode for Basic
    for method in methods:
        if method in offered:
            return method
    raise Misconfigured("The token endpoint takes no client secret (token_endpoint_auth_methods_supported)")


def _authenticate(client: Any, method: str, uri: str, headers: Any, body: bytes) -> tuple[str, Any, bytes]:
    """HTTP Basic with both halves form-encoded, which Authlib leaves out (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


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
