"""The tokens that letters carry: signed for one purpose, the same for every attempt to send one letter."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from service.tokens import LetterPurpose, TokenExpired, TokenInvalid, Tokens
from service.users.checks import is_uuid
from service.users.model import LOCAL
from service.users.problems import Expired, Forged

# The documented claim `scope` of each.
SCOPES: Final[Mapping[LetterPurpose, str]] = {
    "invite": "invite",
    "reset": "password-reset",
    "verify": "pending-registration",
}


class Issued(Protocol):
    """What a token stands for, as its row keeps it; moments as texts."""

    @property
    def project(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def issued_at(self) -> str: ...
    @property
    def expires_at(self) -> str: ...


class Presented(NamedTuple):
    """What a token says: `id` is its row's key, `bound` the state that it dies with, where it does."""

    project: str
    id: str
    email: str
    user: str
    bound: str
    expires_at: int


def mint(tokens: Tokens, purpose: LetterPurpose, issued: Issued, **more: str) -> str:
    """Sign the token; the project is named only where it is not the default, so that links stay short."""
    claims = {"jti": issued.id, "email": issued.email, "scope": SCOPES[purpose], **more}
    if issued.project != LOCAL:
        claims["project"] = issued.project
    issued_at, expires_at = (
        int(datetime.fromisoformat(at).timestamp()) for at in (issued.issued_at, issued.expires_at)
    )
    return tokens.sign(purpose, claims, expires_at=expires_at, issued_at=issued_at)


def read(tokens: Tokens, purpose: LetterPurpose, token: str, *, late: bool = False) -> Presented:
    """What a token says. Raises Expired and Forged; whether it is still good, only the database knows.

    `late`: one past its time is read as well, so that its page can tell since when, and whom to ask.
    """
    try:
        claims = tokens.verify(purpose, token)
    except TokenExpired as problem:
        if not late:
            raise Expired from None
        claims = problem.claims
    except TokenInvalid:
        raise Forged from None
    key = str(claims["jti"])
    if not is_uuid(key):
        raise Forged
    email, user, bound = (str(claims.get(name, "")) for name in ("email", "id", "hash"))
    return Presented(str(claims.get("project", LOCAL)), key, email, user, bound, int(claims["exp"]))
