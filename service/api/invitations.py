"""Inviting over REST: `/users/invite` and `/users/invite/accept` (with the early alias of the documents)."""

from typing import Final
from urllib.parse import urlsplit

from litestar import Router, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import EMAILS, TEXT, URI_MAYBE, UUID_, expect
from service.api.calls import of
from service.users import acceptance, invitations
from service.users.problems import BadPayload

_INVITE: Final = {"email": EMAILS, "role": UUID_, "invite_url": URI_MAYBE}
_ACCEPT: Final = {"token": TEXT, "password": TEXT}


@post("/users/invite")
async def invite(scope: Scope) -> ASGIResponse:
    """Makes invited users and owes each a letter, in one commit. 204 whatever was known before."""
    call = of(scope)
    caller = await call.member_author()
    body = expect(await call.json(), _INVITE)
    url = body.get("invite_url")
    if isinstance(url, str) and not allowed(url, call.house.terms.invite_urls):
        raise BadPayload(f'Url "{url[:255]}" can\'t be used to invite users')
    emails = body["email"]
    await call.house.database.write(
        invitations.invite,
        caller,
        emails if isinstance(emails, list) else [emails],
        body["role"],
        lifetime=call.house.terms.invite_ttl,
        url=url if isinstance(url, str) else None,
        defaults=call.generation.defaults,
    )
    return answers.nothing()


def allowed(url: str, listed: tuple[str, ...]) -> bool:
    """Whether a URL leads where the administrator said: same scheme, host, port and path, no user in it."""
    given = urlsplit(url)
    if "@" in given.netloc or "\\" in url:
        return False
    return any(
        (given.scheme, given.netloc.lower(), given.path or "/")
        == (one.scheme, one.netloc.lower(), one.path or "/")
        for one in map(urlsplit, listed)
    )


@post(["/users/invite/accept", "/users/invisponse/accept"])
async def accept(scope: Scope) -> ASGIResponse:
    """The invited person sets a password and is active from now on."""
    call = of(scope)
    body = expect(await call.json(), _ACCEPT)
    house = call.house
    await acceptance.accept_with_password(
        house.database, house.tokens, house.secrets, str(body["token"]), body["password"], call.origin
    )
    return answers.nothing()


router = Router("/", route_handlers=[invite, accept], include_in_schema=False)
