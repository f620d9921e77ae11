"""The invitation's token, and accepting with it: verified, hashed and only then written."""

from datetime import datetime
from typing import NamedTuple, Protocol

from service.database import Database
from service.tokens import TokenExpired, TokenInvalid, Tokens
from service.users import invitations
from service.users.model import LOCAL, Origin
from service.users.problems import Expired, Forged
from service.users.secrets import Secrets


class Named(NamedTuple):
    """What an invitation's token says."""

    project: str
    id: str
    email: str


class Issued(Protocol):
    """An invitation as its row keeps it; moments as texts."""

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


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of an invitation: the same for every attempt to send its letter."""
    claims = {"jti": issued.id, "email": issued.email, "scope": "invite"}
    if issued.project != LOCAL:
        claims["project"] = issued.project
    return tokens.sign(
        "invite", claims, expires_at=_seconds(issued.expires_at), issued_at=_seconds(issued.issued_at)
    )


def read(tokens: Tokens, token: str, *, late: bool = False) -> Named:
    """What a token says. Raises Expired and Forged; whether it is still open, only the database knows.

    `late`: one past its time is read as well, so that its page can tell since when, and whom to ask.
    """
    try:
        claims = tokens.verify("invite", token)
    except TokenExpired as problem:
        if not late:
            raise Expired from None
        claims = problem.claims
    except TokenInvalid:
        raise Forged from None
    return Named(str(claims.get("project", LOCAL)), str(claims["jti"]), str(claims.get("email", "")))


async def accept_with_password(
    database: Database, tokens: Tokens, secrets: Secrets, token: str, password: object, origin: Origin
) -> str:
    """Accept an invitation with a password of the person's own; give the user's id.

    Raises Expired, Forged, NotInvited, Invalid("password"), TooMany.
    """
    named = read(tokens, token)
    kept = await secrets.chosen(password)
    return await database.write(invitations.accept, named.project, named.id, named.email, kept, origin)


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())
