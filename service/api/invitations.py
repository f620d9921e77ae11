"""Inviting over REST: `/users/invite`, listed, again, withdrawn; accepting, with the early alias."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar
from urllib.parse import urlsplit

from litestar import Router, delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import EMAILS, TEXT, TEXT_MAYBE, URI_MAYBE, UUID_, expect
from service.api.calls import of
from service.api.letters import paging
from service.api.many import known_key
from service.users import acceptance, invitations, renewals
from service.users.invitations import Terms
from service.users.problems import BadPayload, RouteUnknown, Taken

T = TypeVar("T")

_INVITE: Final = {"email": EMAILS, "role": UUID_, "invite_url": URI_MAYBE, "message": TEXT_MAYBE}
LONGEST_MESSAGE: Final = 2000  # characters
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
    emails, role, message = body["email"], body["role"], body.get("message")
    if isinstance(message, str) and len(message) > LONGEST_MESSAGE:
        raise BadPayload(f'"message" may have {LONGEST_MESSAGE} characters at most')
    terms = Terms(
        call.house.terms.invite_ttl,
        url=url if isinstance(url, str) else None,
        message=message if isinstance(message, str) else None,
        defaults=call.generation.defaults(call),
    )
    people = emails if isinstance(emails, list) else [emails]
    await sent(partial(call.house.database.write, invitations.invite, caller, people, role, terms))
    return answers.nothing()


async def sent(sending: Callable[[], Awaitable[T]]) -> T:
    """Sends invitations; once more where somebody else made a user of the same address at this moment, for
    whom the second time there is an answer."""
    try:
        return await sending()
    except Taken as problem:
        if problem.field != "email":
            raise
        return await sending()


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
    house = call.house
    if house.terms.disable_default:
        raise RouteUnknown(call.prefix + call.path)
    body = expect(await call.json(), _ACCEPT)
    await acceptance.accept_with_password(
        house.database, house.tokens, house.secrets, str(body["token"]), body["password"], call.origin
    )
    return answers.nothing()


@get("/users/invite")
async def list_invitations(scope: Scope) -> ASGIResponse:
    """The newest invitations and how each stands: open, used, voided or expired; `before` turns the page."""
    call = of(scope)
    caller = await call.member()
    # Those of one inviter are looked for among all: a matter for the door of long reads.
    read = call.house.database.read if caller.admin else call.house.database.scan
    return answers.data(await read(renewals.page, caller, *paging(call)))


@post("/users/invite/{key:str}/resend")
async def resend(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Sends an invitation again, to who still waits; the link in the older letter dies."""
    call = of(scope)
    caller = await call.member_author()
    lifetime = call.house.terms.invite_ttl
    made = await call.house.database.write(renewals.again, caller, known_key(key), lifetime)
    return answers.data({"id": made})


@delete("/users/invite/{key:str}", status_code=200)
async def withdraw(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Withdraws an invitation: its link no longer works. The invited user stays."""
    call = of(scope)
    caller = await call.member_author()
    await call.house.database.write(renewals.cancel, caller, known_key(key))
    return answers.nothing()


router = Router(
    "/", route_handlers=[invite, accept, list_invitations, resend, withdraw], include_in_schema=False
)
