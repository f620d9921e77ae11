"""Signs and verifies our JWTs, one typ, audience and key per purpose; makes, fingerprints opaque tokens."""

import hashlib
import secrets as randomness
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry
from msgspec import Struct

from service.derivation import derive

ISSUER = "directus"  # the documented value: clients of the users API look for it
LONGEST = 4096  # characters; ours have about 300, so nothing longer is worth the parsing
SKEW = 60  # seconds that another replica's clock may be ahead when it writes `iat`
REMEMBERED = 8192  # verdicts; about 1 KiB each
ALGORITHM = "HS256"

LetterPurpose = Literal["invite", "reset", "verify"]
PurposeName = Literal["access", "passkey", "request"] | LetterPurpose


class TokenInvalid(Exception):
    """Not a token that we signed, or one that lacks what its purpose demands."""


class TokenExpired(TokenInvalid):
    """Ours, for this purpose, and past its `exp`; `claims` are for telling people so, and open nothing."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        super().__init__()  # the claims stay out of every traceback
        self.claims = claims


class TokenForeign(TokenInvalid):
    """Ours, but signed for another purpose (RFC 8725 section 3.12)."""


class Purpose(Struct, frozen=True):
    """What tokens of one purpose carry: an explicit typ (RFC 8725 section 3.11), `aud`, and needed claims."""

    typ: str
    audience: str
    needs: tuple[str, ...]


PURPOSES: Mapping[PurposeName, Purpose] = MappingProxyType(
    {
        "access": Purpose("at+jwt", "access", ("id", "session")),
        "invite": Purpose("invite+jwt", "invite", ("jti",)),
        "passkey": Purpose("passkey+jwt", "passkey", ("jti", "bound")),  # a challenge (WebAuthn 13.4.3)
        "reset": Purpose("reset+jwt", "reset", ("jti",)),
        "verify": Purpose("verify+jwt", "verify", ("jti",)),
        "request": Purpose("request+jwt", "request", ("jti",)),
    }
)


class Tokens:
    """Signs under the first of the secrets, verifies under all of them; `kid` says which it was.

    `clock` gives seconds since 1970, as time.time does.
    """

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kid = _kid(secrets[0])
        self._keys = {
            (purpose.typ, _kid(secret)): _key(secret, name)
            for secret in secrets
            for name, purpose in PURPOSES.items()
        }
        self._rules = {name: _Rules(purpose, self._now) for name, purpose in PURPOSES.items()}
        self._verdicts: dict[tuple[PurposeName, str], Mapping[str, Any]] = {}

    def sign(
        self,
        purpose: PurposeName,
        claims: Mapping[str, object],
        *,
        expires_at: int,
        issued_at: int | None = None,
    ) -> str:
        """Give the token for these claims; `iss`, `aud`, `iat`, `exp` are added. Moments: seconds since 1970.

        The same claims, moments and secret give the same token, so a letter sent twice carries one token.
        """
        kind = PURPOSES[purpose]
        missing = [name for name in kind.needs if claims.get(name) is None]
        if missing:
            raise ValueError(f"a token for {purpose} needs {', '.join(missing)}")
        issued_at = self._now() if issued_at is None else issued_at
        body = {**claims, "iat": issued_at, "exp": expires_at, "iss": ISSUER, "aud": kind.audience}
        header = {"alg": ALGORITHM, "typ": kind.typ, "kid": self._kid}
        return jwt.encode(header, body, self._keys[kind.typ, self._kid], [ALGORITHM])

    def verify(self, purpose: PurposeName, token: str) -> Mapping[str, Any]:
        """Give the claims of a token that we signed for this purpose.

        Raises TokenForeign, TokenExpired or TokenInvalid. Good signatures are remembered, so that only the
        first look at a token costs one; whether the session still lives is for the caller to ask, every time.
        """
        claims = self._verdicts.get((purpose, token))
        if claims is None:
            claims = self._examine(purpose, token)
            if len(self._verdicts) >= REMEMBERED:
                del self._verdicts[next(iter(self._verdicts))]
            self._verdicts[purpose, token] = claims
        elif claims["exp"] <= self._clock():
            self._verdicts.pop((purpose, token), None)
            raise TokenExpired(claims)
        return claims

    def _examine(self, purpose: PurposeName, token: str) -> Mapping[str, Any]:
        if len(token) > LONGEST:
            raise TokenInvalid
        kind = PURPOSES[purpose]
        try:
            found = jwt.decode(token, self._find, [ALGORITHM])
            if found.header["typ"] != kind.typ or found.claims.get("aud") != kind.audience:
                raise TokenForeign
            self._rules[purpose].validate(found.claims)
        except ExpiredTokenError as problem:
            raise TokenExpired(MappingProxyType(found.claims)) from problem
        except (JoseError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as problem:
            # joserfc lets through what a header that is JSON, but no object, makes Python raise.
            raise TokenInvalid from problem
        return MappingProxyType(found.claims)

    def _find(self, token: GuestProtocol) -> OctKey:
        header = token.headers()
        key = self._keys.get((header["typ"], header["kid"]))
        if key is None:
            raise TokenInvalid
        return key

    def _now(self) -> int:
        return int(self._clock())


def new_secret(prefix: str) -> str:
    """Make an opaque token: 256 random bits behind a prefix for secret scanners, such as `idb_scim_`."""
    return prefix + randomness.token_urlsafe(32)


def random_text(length: int) -> str:
    """Make a text of this many letters, digits, `-` and `_`, each with six random bits."""
    return randomness.token_urlsafe(length)[:length]


def fingerprint(token: str) -> str:
    """Give what is kept of an opaque token: sha256 in hex. 256 random bits need no salt and no stretching."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def binding(state: str | None) -> str:
    """Give what a token carries of the state that it dies with, such as the password's hash."""
    return fingerprint(state or "")[:32]


class _Rules(JWTClaimsRegistry):
    """What the claims of one purpose must say; joserfc passes over absent claims, so all are essential."""

    def __init__(self, purpose: Purpose, now: Callable[[], int]) -> None:
        super().__init__(now)
        names = ("iss", "aud", "iat", "exp", *purpose.needs)
        self.options: dict[str, ClaimsOption] = {name: {"essential": True} for name in names}
        self.options["iss"]["value"] = ISSUER
        self.options["aud"]["value"] = purpose.audience

    def validate_iat(self, value: object) -> None:
        """Let another replica's clock be a little ahead, without making any token live longer."""
        if not isinstance(value, int) or value > self.now + SKEW:
            raise InvalidClaimError("iat")


def _key(secret: str, name: str) -> OctKey:
    return OctKey.import_key(derive(secret, f"idbridge token {name}", 32))


def _kid(secret: str) -> str:
    return urlsafe_b64encode(derive(secret, "idbridge key id", 6)).decode()
