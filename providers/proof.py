"""What an answer has to prove: which issuer it comes from, how and when the person showed who they are."""

import time
from collections.abc import Mapping, Sequence

from providers.claims import is_number
from providers.contract import Untrusted
from providers.discovery import Metadata
from providers.signatures import LEEWAY

OLDEST = "oldest"  # what a departure remembers: the last moment (seconds since 1970) that is too long ago


def remember_age(max_age: int | None) -> dict[str, str]:
    """What to remember of a departure that asks for a proof at most `max_age` seconds old."""
    return {} if max_age is None else {OLDEST: str(int(time.time()) - max_age)}


def check_proof(claims: Mapping[str, object], memory: Mapping[str, str], wanted: Sequence[str]) -> None:
    """Refuse who has not proven themselves in one of the `wanted` ways (acr), or as lately as was asked.

    `claims` are those of the validated ID token of this very departure. Raises Untrusted.
    """
    if wanted and claims.get("acr") not in wanted:
        raise Untrusted("The provider did not have the person prove themselves as ACR_VALUES wants (acr)")
    oldest, proven = memory.get(OLDEST), claims.get("auth_time")
    if oldest is not None and not (is_number(proven) and proven >= float(oldest) - LEEWAY):
        raise Untrusted("The person proved themselves too long ago, or nobody says when (auth_time)")


def check_issuer(query: Mapping[str, str], memory: Mapping[str, str], metadata: Metadata) -> None:
    """Refuse an answer that another issuer's server may have sent (RFC 9207 section 2.4)."""
    said = query.get("iss")
    if said is None and metadata.authorization_response_iss_parameter_supported:
        raise Untrusted("The answer names no issuer, although the issuer promises to")
    if not memory.get("issuer") == metadata.issuer == (metadata.issuer if said is None else said):
        raise Untrusted("The answer comes from another issuer than the one that was asked")
