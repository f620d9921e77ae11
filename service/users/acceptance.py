"""The invitation's token, and accepting with it: verified, hashed and only then written."""

from service.database import Database
from service.tokens import Tokens
from service.users import invitations, tickets
from service.users.model import Origin
from service.users.secrets import Secrets
from service.users.tickets import Issued, Ticket


def mint(tokens: Tokens, issued: Issued) -> str:
    """The token of an invitation."""
    return tickets.mint(tokens, "invite", issued)


def read(tokens: Tokens, token: str, *, late: bool = False) -> Ticket:
    """What a token says. Raises Expired (unless `late`) and Forged."""
    return tickets.read(tokens, "invite", token, late=late)


async def accept_with_password(
    database: Database, tokens: Tokens, secrets: Secrets, token: str, password: object, origin: Origin
) -> str:
    """Accept an invitation with a password of the person's own; give the user's id.

    Raises Expired, Forged, NotInvited, WrongProvider, Invalid("password"), TooMany.
    """
    named = read(tokens, token)
    kept = await secrets.chosen(password)
    return await database.write(invitations.accept, named.project, named.id, named.email, kept, origin)
