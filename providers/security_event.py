"""Validates a Security Event Token (RFC 8417, Shared Signals Framework 1.0): no network, fails closed."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from providers.claims import is_number, is_word, word
from providers.contract import Untrusted
from providers.signatures import ALGORITHMS, LEEWAY, Signatures, UnknownKey

LONGEST = 65_536  # characters
OLDEST = 7 * 86_400  # seconds since it was issued: transmitters deliver again what could not be delivered
_MOST = 20  # events in one token
_TYPES = {"SECEVENT+JWT", "APPLICATION/SECEVENT+JWT"}


class Subject(Struct, frozen=True):
    """Whom an event is about (RFC 9493): `format` is iss_sub, email or opaque; `session` is the IdP's."""

    format: str
    value: str
    issuer: str = ""
    session: str | None = None


class SecurityEvents(Struct, frozen=True):
    """What a transmitter tells: `token` names the message, `events` are what happened, by their addresses.

    `until` (seconds since 1970) it would be believed. `subject` is None where nobody is meant that we know.
    """

    token: str
    until: int
    subject: Subject | None
    events: Mapping[str, Mapping[str, object]]


def read_security_events(
    text: str, keys: KeySet, issuer: str, audience: str, clock: Callable[[], float] = time.time
) -> SecurityEvents:
    """What the transmitter `issuer` tells us, whom it calls `audience`.

    Raises Untrusted, with the code of RFC 8935 section 2.4, and UnknownKey.
    """
    if len(text) > LONGEST:
        raise Untrusted("The event token is too long", code="invalid_request")
    try:
        token = jwt.decode(text, keys, registry=Signatures(ALGORITHMS))
        return _read(token.header, token.claims, issuer, audience, clock())
    except InvalidKeyIdError as problem:
        raise UnknownKey("The event token is signed with an unknown key", code="invalid_key") from problem
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        what = problem.error if isinstance(problem, JoseError) else "unreadable"
        raise Untrusted(f"The event token is refused: {what}", code="invalid_request") from problem


def _read(
    header: dict[str, Any], claims: dict[str, Any], issuer: str, audience: str, at: float
) -> SecurityEvents:
    if str(header.get("typ")).upper() not in _TYPES:
        raise Untrusted("The token is no event token (RFC 8725 section 3.11)", code="invalid_request")
    if claims.get("iss") != issuer:
        raise Untrusted("The event token is another transmitter's", code="invalid_issuer")
    meant = claims.get("aud")
    if audience not in (meant if isinstance(meant, list) else [meant]):
        raise Untrusted("The event token is meant for another receiver", code="invalid_audience")
    token, issued, events = (claims.get(name) for name in ("jti", "iat", "events"))
    if not is_word(token):
        raise Untrusted("The event token has no jti", code="invalid_request")
    if not is_number(issued) or not at - OLDEST < issued <= at + LEEWAY:
        raise Untrusted("The event token is of no time that we believe", code="invalid_request")
    if "sub" in claims or "exp" in claims:  # what could be an ID token or an access token is none of ours
        raise Untrusted("The event token holds sub or exp (Shared Signals 1.0)", code="invalid_request")
    if (
        not isinstance(events, dict)
        or not 1 <= len(events) <= _MOST
        or not all(map(_is_object, events.values()))
    ):
        raise Untrusted("The event token tells of no event", code="invalid_request")
    return SecurityEvents(token, int(at) + OLDEST + 2 * LEEWAY, _subject(claims.get("sub_id")), events)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _subject(said: object) -> Subject | None:
    """A subject that can be somebody of ours; of a complex one the user, and their session."""
    if not isinstance(said, dict):
        return None
    if said.get("format") == "complex":
        user, session = _subject(said.get("user")), said.get("session")
        known = session.get("id") if isinstance(session, dict) and session.get("format") == "opaque" else None
        if session is not None and (user is None or word(known) is None):
            return None
        return user and Subject(user.format, user.value, user.issuer, word(known))
    named = {"iss_sub": "sub", "email": "email", "opaque": "id"}.get(str(said.get("format")))
    value = None if named is None else word(said.get(named))
    return None if value is None else Subject(str(said["format"]), value, word(said.get("iss")) or "")
