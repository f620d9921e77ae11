"""What every sign-on by redirect shares: the state that ties both halves together, refusals, a deadline."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hmac import compare_digest
from secrets import token_urlsafe
from urllib.parse import urlencode

from providers.contract import Misconfigured, ProviderError, Refused, Unreachable, Untrusted

DEADLINE = 5.0  # seconds for a whole departure or arrival, whatever the provider's servers do

# RFC 6749 sections 4.1.2.1 and 5.2; OpenID Connect Core 3.1.2.6. Anything else counts as a refusal.
_DOWN = {"server_error", "temporarily_unavailable"}
_WRONGLY_SET_UP = {
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "request_not_supported",
    "request_uri_not_supported",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
}


def random_text() -> str:
    """43 characters out of 256 random bits: a state, a nonce, a PKCE verifier (RFC 7636 section 4.1)."""
    return token_urlsafe(32)


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """An address with these parameters behind those that it has."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def check_state(query: Mapping[str, str], memory: Mapping[str, str]) -> None:
    """Refuse an answer to another question than the one we remember (RFC 9700 section 4.7)."""
    asked, answered = memory.get("state", ""), query.get("state", "")
    if not asked or not compare_digest(asked.encode(), answered.encode(errors="replace")):
        raise Untrusted("The answer belongs to another sign-on: its state is not ours")


def read_code(query: Mapping[str, str]) -> str:
    """The code that the provider sent the browser back with; raises what it sent instead."""
    if "error" in query:
        raise refusal(query["error"], query.get("error_description"))
    code = query.get("code", "")
    if not re.fullmatch(r"[ -~]{1,4096}", code):  # VSCHAR, RFC 6749 appendix A.11
        raise Untrusted("The answer holds neither a code nor an error")
    return code


def refusal(code: object, description: object) -> ProviderError:
    """The problem that an OAuth error code stands for."""
    word = shown(code)
    cause = f"The provider said {word or 'no'}" + (f": {shown(description)}" if description else "")
    if word in _DOWN:
        return Unreachable(cause, code=word)
    if word in _WRONGLY_SET_UP:
        return Misconfigured(cause, code=word)
    return Refused(cause, code=word)


def shown(text: object) -> str:
    """Somebody else's words, fit for a log: printable ASCII on one line, 200 characters at most."""
    return "".join(c for c in str(text)[:200] if " " <= c <= "~")


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """A deadline around everything that one departure or arrival does."""
    try:
        async with asyncio.timeout(DEADLINE):
            yield
    except TimeoutError as problem:
        raise Unreachable(f"The provider did not answer within {DEADLINE:.0f} seconds") from problem
