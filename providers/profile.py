"""From what a provider said of somebody to an Identity: pure extraction, nothing trusted twice."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from providers.claims import is_number, word
from providers.contract import Identity, Refused, Tokens, Unreachable, Untrusted
from providers.words import OPENID, Said, Words, find, read_groups

LIMIT = 65_536  # bytes of a profile as JSON
DEPTH = 32  # containers within containers
NO_TOKENS = Tokens()
_LAST = 253_402_300_799  # the end of the year 9999

# Claims about one token or one sign-on, not about the person: they would change auth_data each time.
_PASSING = frozenset(
    "acr amr at_hash aud auth_time azp c_hash exp iat jti nbf nonce s_hash session_expiry sid".split()  # noqa: SIM905  # reads better
)


def read_identity(
    provider: str,
    claims: Said,
    userinfo: Said,
    *,
    words: Words = OPENID,
    tokens: Tokens = NO_TOKENS,
) -> Identity:
    """The person of a validated ID token and, where there is one, the userinfo answer of the same subject.

    Facts about the session come from the signed token alone (OpenID Connect Core 2). E-mail address and its
    verification are taken together, from one of the two: neither may vouch for the other's address.
    """
    said = {**claims, **userinfo, "iss": claims["iss"], "sub": claims["sub"]}
    source = userinfo if find(userinfo, words.email) is not None else claims
    person = read_person(provider, said, words, tokens=tokens, source=source)
    amr = claims.get("amr")
    return replace(
        person,
        auth_time=_whole(claims.get("auth_time")),
        acr=word(claims.get("acr")),
        amr=tuple(filter(word, amr)) if isinstance(amr, list) else (),
        sid=word(claims.get("sid")),
        subject=word(claims.get("sub")),
        ends_at=_whole(claims.get("session_expiry")),  # IPSIE SL1
    )


def read_person(
    provider: str, said: Said, words: Words, *, tokens: Tokens = NO_TOKENS, source: Said | None = None
) -> Identity:
    """The person of a profile that no signature covers; `source` is the part that tells the address."""
    profile = {name: value for name, value in said.items() if name not in _PASSING}
    check_storable(profile)
    email, verified = _email(profile if source is None else source, words)
    if words.identifier == (words.email,) and not verified:
        raise Refused("The e-mail address is the identifier here, and it is not verified")
    return Identity(
        provider=provider,
        external_identifier=_identifier(profile, words.identifier),
        email=email,
        email_verified=verified,
        first_name=_text(find(profile, words.first_name)),
        last_name=_text(find(profile, words.last_name)),
        groups=read_groups(find(profile, words.groups)),
        profile=profile,
        tokens=tokens,
    )


def read_email(value: object) -> str | None:
    """An e-mail address as it was given, or None for what cannot be one (RFC 5321 section 4.5.3.1)."""
    if not isinstance(value, str) or not 3 <= len(value) <= 254 or not value.isprintable():
        return None
    local, at, domain = value.rpartition("@")
    return value if local and at and domain and " " not in value else None


def check_storable(profile: Said) -> None:
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


def _identifier(profile: Said, names: Sequence[str]) -> str:
    """What the first of these names, or dotted paths, holds; there is nothing else to fall back to."""
    found = (find(profile, name) for name in names)
    value = next((one for one in found if one is not None), None)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    identifier = word(value)
    if identifier is None:
        raise Untrusted(
            f"The provider named nobody: {' or '.join(names)} is missing, "
            "or is not a text of 1 to 255 characters"
        )
    return identifier


def _email(source: Said, words: Words) -> tuple[str | None, bool]:
    email, verified = read_email(find(source, words.email)), find(source, words.verified)
    return email, email is not None and (verified is True or verified == "true")  # Amazon Cognito's is a text


def _text(value: object) -> str | None:
    return value[:255] if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    """Seconds since 1970 that a clock can show; NaN is none."""
    return int(value) if is_number(value) and 0 <= value <= _LAST else None


def _depth(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
