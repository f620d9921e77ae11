"""Inviting over REST: `/users/invite`, listed, again, withdrawn; accepting, with the early alias."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from litestar import Router, delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, doors, listed_urls
from service.api.bodies import EMAILS, TEXT, TEXT_MAYBE, URI_MAYBE, UUID_, expect, text_of
from service.api.calls import of
from service.api.keys import key_of
from service.api.letters import paging
from service.users import acceptance, invitations, renewals
from service.users.invitations import Terms
from service.users.problems import BadPayload, Taken

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
    url = listed_urls.take(body, "invite_url", call.house.terms.invite_urls, "invite users")
    emails, message = body["email"], text_of(body, "message")
    if message is not None and len(message) > LONGEST_MESSAGE:
        raise BadPayload(f'"message" may have {LONGEST_MESSAGE} characters at most')
    terms = Terms(
        call.house.terms.invite_ttl,
        url=url,
        message=message,
        defaults=call.generation.defaults(call),
    )
    people = emails if isinstance(emails, list) else [emails]
    await sent(partial(call.house.database.write, invitations.invite, caller, people, body["role"], terms))
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


@post(["/users/invite/accept", "/users/invisponse/accept"])
async def accept(scope: Scope) -> ASGIResponse:
    """The invited person sets a password and is active from now on."""
    call = of(scope)
    house = call.house
    doors.check_ours(call)
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
    made = await call.house.database.write(renewals.again, caller, key_of(key), lifetime)
    return answers.data({"id": made})


@delete("/users/invite/{key:str}", status_code=200)
async def withdraw(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Withdraws an invitation: its link no longer works. The invited user stays."""
    call = of(scope)
    caller = await call.member_author()
    await call.house.database.write(renewals.cancel, caller, key_of(key))
    return answers.nothing()


router = Router(
    "/", route_handlers=[invite, accept, list_invitations, resend, withdraw], include_in_schema=False
)
