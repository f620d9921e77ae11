"""From what a provider said of somebody to an Identity: pure extraction, nothing trusted twice."""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.contract import Identity, Refused, Tokens, Unreachable, Untrusted

LIMIT = 65_536  # bytes of a profile as JSON
DEPTH = 32  # containers within containers
NO_TOKENS = Tokens()

# Claims about one token or one sign-on, not about the person: they would change auth_data each time.
_PASSING = frozenset(
    "acr amr at_hash aud auth_time azp c_hash exp iat jti nbf nonce s_hash sid".split()  # noqa: SIM905  # reads better
)


def read_identity(
    provider: str,
    claims: Mapping[str, Any],
    userinfo: Mapping[str, Any],
    *,
    identifier_key: str = "sub",
    tokens: Tokens = NO_TOKENS,
) -> Identity:
    """The person of a validated ID token and, where there is one, the userinfo answer of the same subject.

    Facts about the session come from the signed token alone (OpenID Connect Core 2). E-mail address and its
    verification are taken together, from one of the two: neither may vouch for the other's address.
    """
    said = {**claims, **userinfo, "iss": claims["iss"], "sub": claims["sub"]}
    profile = {name: value for name, value in said.items() if name not in _PASSING}
    check_storable(profile)
    email, verified = _email(userinfo if "email" in userinfo else claims)
    if identifier_key == "email" and not verified:
        raise Refused("The e-mail address is the identifier here, and it is not verified")
    return Identity(
        provider=provider,
        external_identifier=_identifier(profile, identifier_key),
        email=email,
        email_verified=verified,
        first_name=_text(profile.get("given_name")),
        last_name=_text(profile.get("family_name")),
        profile=profile,
        tokens=tokens,
        auth_time=_whole(claims.get("auth_time")),
        acr=_word(claims.get("acr")),
        amr=tuple(filter(_word, claims.get("amr") or ())),
        sid=_word(claims.get("sid")),
    )


def read_email(value: object) -> str | None:
    """An e-mail address as it was given, or None for what cannot be one (RFC 5321 section 4.5.3.1)."""
    if not isinstance(value, str) or not 3 <= len(value) <= 254 or not value.isprintable():
        return None
    local, at, domain = value.rpartition("@")
    return value if local and at and domain and " " not in value else None


def check_storable(profile: Mapping[str, Any]) -> None:
    """Refuse what a database cannot hold: too much, too deep, NUL, lone surrogates."""
    try:
        text = msgspec.json.encode(profile)
        good = len(text) <= LIMIT and b"\\u0000" not in text and _depth(profile) <= DEPTH
    except (ValueError, RecursionError):
        good = False
    if not good:
        raise Unreachable(
            "The provider describes the person with more, or with other characters, than can be kept"
        )


def _identifier(profile: Mapping[str, Any], key: str) -> str:
    """The claim called `key`, or the one at the dotted path `key`; there is no other to fall back to."""
    value: Any = profile.get(key)
    if value is None:
        value = profile
        for step in key.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    identifier = _word(value)
    if identifier is None:
        raise Untrusted(
            f"The provider named nobody: {key} is missing, or is not a text of 1 to 255 characters"
        )
    return identifier


def _email(source: Mapping[str, Any]) -> tuple[str | None, bool]:
    email, verified = read_email(source.get("email")), source.get("email_verified")
    return email, email is not None and (verified is True or verified == "true")  # Amazon Cognito's is a text


def _text(value: object) -> str | None:
    return value[:255] if isinstance(value, str) and value else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and 1 <= len(value) <= 255 and value.isprintable() else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
