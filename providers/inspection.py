"""Finding out, without a person, whether a client and its server are set up rightly: sentences for people."""

import httpx2
import msgspec

from providers.client import Server, choose_auth_method, in_our_words, open_client
from providers.client_settings import ClientSettings
from providers.contract import Misconfigured, ProviderError
from providers.discovery import Metadata
from providers.http import Outbound
from providers.redirects import random_text, shown, with_query
from providers.signatures import ALGORITHMS

# Words of a token endpoint that has recognised the client, and found our made-up code to be none.
_RECOGNISED = {"invalid_grant", "bad_verification_code", "invalid_request", "invalid_code"}


def inspect_metadata(metadata: Metadata, scope: str) -> list[str]:
    """What an issuer says of itself that does not fit."""
    found = []
    if not ALGORITHMS & set(metadata.id_token_signing_alg_values_supported):
        found.append(
            "The issuer signs ID tokens with no algorithm that we accept: choose RS256, ES256 or EdDSA."
        )
    methods = metadata.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        found.append(
            "The issuer does not offer PKCE with S256: codes that are stolen on the way could be used."
        )
    if "code" not in metadata.response_types_supported:
        found.append("The issuer does not offer the authorization code flow (response_types_supported).")
    offered = metadata.scopes_supported
    missing = [one for one in scope.split() if offered is not None and one not in offered]
    if missing:
        found.append(f"The issuer does not offer the scope {' '.join(missing)}: SCOPE asks for it.")
    return found


async def inspect_client(
    outbound: Outbound, settings: ClientSettings, server: Server, return_url: str
) -> list[str]:
    """Whether the server knows the client and its address: it is sent a code that cannot be one."""
    try:
        choose_auth_method(settings, server.auth_methods)
    except Misconfigured as problem:
        return [f"{problem.cause}."]
    return [
        *await _try_code(outbound, settings, server, return_url),
        *await _try_departure(outbound, settings, server, return_url),
    ]


async def _try_code(
    outbound: Outbound, settings: ClientSettings, server: Server, return_url: str
) -> list[str]:
    async with open_client(outbound, settings, server, scope="", redirect_uri=return_url) as client:
        try:
            with in_our_words():
                await client.fetch_token(
                    server.token_endpoint, code=random_text(), code_verifier=random_text()
                )
        except ProviderError as problem:
            if problem.code in _RECOGNISED:
                return []
            if problem.code in {"invalid_client", "unauthorized_client", "incorrect_client_credentials"}:
                return [
                    "The token endpoint does not know the client, or its secret or key is wrong: compare "
                    "CLIENT_ID and CLIENT_SECRET with what the provider shows."
                ]
            return [f"The token endpoint does not work for this client: {problem.cause}."]
    return ["The token endpoint gave tokens for a code that was made up: it is not one to trust."]


async def _try_departure(
    outbound: Outbound, settings: ClientSettings, server: Server, return_url: str
) -> list[str]:
    asked = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": return_url,
        "scope": getattr(settings, "scope", ""),
        "state": random_text(),
        "nonce": random_text(),
        "code_challenge": random_text(),
        "code_challenge_method": "S256",
    }
    try:
        with in_our_words():
            request = httpx2.Request("GET", with_query(server.authorization_endpoint, asked))
            answer = await outbound.handle_async_request(request)
    except ProviderError as problem:
        return [f"The address where people sign in does not answer: {problem.cause}."]
    if answer.status_code < 400:
        return []
    return [
        f"The provider refuses to sign people on ({_reason(answer)}): register {return_url} as a redirect "
        "address of this client there."
    ]


def _reason(answer: httpx2.Response) -> str:
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, object])
        return shown(said.get("error_description") or said["error"])
    except (msgspec.MsgspecError, KeyError, UnicodeError, RecursionError):
        return f"status {answer.status_code}"
