"""Validates a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6): no network, fails closed."""

import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from providers.afterwards import LoggedOut
from providers.claims import is_number, is_word
from providers.contract import Untrusted
from providers.signatures import ALGORITHMS, LEEWAY, Signatures, UnknownKey

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "LOGOUT+JWT"
LONGEST = 16_384  # characters
LIFETIME = 120  # seconds since it was issued in which it counts


class Expected(Struct, frozen=True):
    """What a token must answer to. `untyped`: it may lack a `typ`, as those of older providers do."""

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]
    untyped: bool = False


def read_logout_token(
    text: str, keys: KeySet, expected: Expected, clock: Callable[[], float] = time.time
) -> LoggedOut:
    """Whose sessions have ended, says the issuer, just now. Raises Untrusted, UnknownKey."""
    if len(text) > LONGEST:
        raise Untrusted("The logout token is too long")
    try:
        token = jwt.decode(text, keys, registry=Signatures(ALGORITHMS & set(expected.algorithms)))
        return _read(token.header, token.claims, expected, clock())
    except InvalidKeyIdError as problem:
        raise UnknownKey("The logout token is signed with a key that nobody publishes") from problem
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        what = problem.error if isinstance(problem, JoseError) else "unreadable"
        raise Untrusted(f"The logout token is refused: {what}") from problem


def _read(header: dict[str, Any], claims: dict[str, Any], expected: Expected, at: float) -> LoggedOut:
    kind = header.get("typ")
    if not (kind is None and expected.untyped) and str(kind).upper() not in (TYPE, f"APPLICATION/{TYPE}"):
        raise Untrusted("The logout token is refused: it is a token of another type (RFC 8725 section 3.11)")
    if claims.get("iss") != expected.issuer:
        raise Untrusted("The logout token is another issuer's")
    audience = claims.get("aud")
    if expected.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise Untrusted("The logout token is meant for another client")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Untrusted("The logout token tells of no logout")
    if "nonce" in claims:  # what could be an ID token is none of ours
        raise Untrusted("The logout token holds a nonce")
    sid, subject = (_word(claims, name) for name in ("sid", "sub"))
    if sid is None and subject is None:
        raise Untrusted("The logout token names nobody: it has neither sub nor sid")
    token = _word(claims, "jti")
    if token is None:
        raise Untrusted("The logout token has no jti")
    return LoggedOut(token, _until(claims, at), () if sid is None else (sid,), subject)


def _until(claims: dict[str, Any], at: float) -> int:
    """Until when it is believed: `exp`, and never longer than LIFETIME from `iat`."""
    issued, ends = (claims.get(name) for name in ("iat", "exp"))
    if not is_number(issued) or not at - LIFETIME - LEEWAY < issued <= at + LEEWAY:
        raise Untrusted("The logout token was not issued just now")
    if not (is_number(ends) and ends > at - LEEWAY):
        raise Untrusted("The logout token has expired, or does not say when it does")
    return int(issued) + LIFETIME + 2 * LEEWAY


def _word(claims: dict[str, Any], name: str) -> str | None:
    """A claim that is not there is None; one that is there has to be a text that we can keep."""
    value = claims.get(name)
    if value is not None and not is_word(value):
        raise Untrusted(f"The logout token's {name} is no text of 1 to 255 characters")
    return value
