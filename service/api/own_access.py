"""What lets a person in, and where they are in: `identities` and `sessions` of `/users/:id`, or of `me`."""

from typing import Final

from litestar import Router, delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import ProviderError
from service.api import answers, cookies, doors
from service.api.bodies import PROOF, TEXT, TEXT_MAYBE, expect, text_of
from service.api.calls import Call, of
from service.api.house import Door
from service.api.keys import key_of
from service.api.landing import landing
from service.api.leaving import Left, leave
from service.users import session_list, sign_in, ways_in
from service.users.last_way import Open
from service.users.model import Caller
from service.users.problems import BadPayload, Forbidden, RouteUnknown

_LINK: Final = {"provider": TEXT, **PROOF, "redirect": TEXT_MAYBE}


@get("/users/{key:str}/sessions")
async def list_sessions(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Where somebody is signed in."""
    call = of(scope)
    caller, user = await whose(call, key)
    return answers.data(await call.house.database.read(session_list.look, caller, user))


@delete("/users/{key:str}/sessions", status_code=200)
async def end_others(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Ends all of somebody's sessions but the one that asks."""
    call = of(scope)
    caller, user = await whose(call, key)
    await call.house.database.write(session_list.end_others, caller, user)
    return answers.nothing()


@delete("/users/{key:str}/sessions/{session:str}", status_code=200)
async def end_one(scope: Scope, key: FromPath[str], session: FromPath[str]) -> ASGIResponse:
    """Ends one session."""
    call = of(scope)
    caller, user = await whose(call, key)
    await call.house.database.write(session_list.end, caller, user, key_of(session))
    return answers.nothing()


@get("/users/{key:str}/identities")
async def list_identities(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """With what somebody signs on."""
    call = of(scope)
    caller, user = await whose(call, key)
    return answers.data(await call.house.database.read(ways_in.look, caller, user))


@post("/users/{key:str}/identities")
async def link_identity(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Says where to send this very browser, so that whoever signs on there becomes one with the caller.

    It takes a session, and a fresh proof: the password, or a sign-on that is minutes old.
    """
    call = of(scope)
    body = expect(await call.json(), _LINK)
    caller = await signed_in(call, key, "An identity is linked")
    wanted, password = str(body["provider"]), text_of(body, "password")
    left = await link(call, caller, wanted, password, text_of(body, "redirect"))
    return answers.data({"redirect": left.url}, headers=[left.cookie])


@delete("/users/{key:str}/identities/{identity:str}", status_code=200)
async def unlink_identity(scope: Scope, key: FromPath[str], identity: FromPath[str]) -> ASGIResponse:
    """Takes an identity away, and every session that began with it; never the last way in.

    Of one's own it takes the fresh proof that linking one does: it may be what a thief has not got.
    """
    call = of(scope)
    body = expect(await call.json(), PROOF)
    caller, user = await whose(call, key)
    if caller.user == user:
        await prove(call, caller, text_of(body, "password"))
    await unlink(call, caller, user, identity)
    return answers.nothing()


async def link(call: Call, caller: Caller, provider: str, password: str | None, redirect: str | None) -> Left:
    """Where the caller goes to prove what is to be linked, and the cookie of this departure.

    Raises BadPayload, WrongCredentials, TooMany, Unreachable.
    """
    door = _door(call, provider)
    if redirect is not None:
        redirect = landing(call, door.policy.redirect_allow_list, redirect)
    await prove(call, caller, password)
    try:
        return await leave(call, door, redirect, link=str(caller.session))
    except ProviderError as problem:
        raise doors.told(problem, door.provider.name) from problem


async def prove(call: Call, caller: Caller, password: str | None) -> None:
    """A fresh proof that it is the caller who asks. Raises WrongCredentials, BadPayload, TooMany."""
    await sign_in.confirm_password(call.house.database, call.house.hasher, caller, password)


async def unlink(call: Call, caller: Caller, user: str, identity: str) -> None:
    """Take the identity away. Raises Forbidden, Unprocessable."""
    await call.house.database.write(ways_in.unlink, caller, user, identity, open_ways(call))


def open_ways(call: Call) -> Open:
    """What people of the call's project may sign in with."""
    names = {door.provider.name for door in doors.of_project(call)}
    return Open(not call.house.terms.disable_default, names)


def _door(call: Call, name: str) -> Door:
    try:
        return doors.find(call, name)
    except RouteUnknown:
        raise BadPayload('"provider" must be the name of a provider') from None


async def signed_in(call: Call, key: str, deed: str) -> Caller:
    """The caller, who speaks of themselves and has signed in; others are told of the deed what it takes.

    Raises NotSignedIn, Forbidden, BadPayload.
    """
    cookies.same_site(call)
    caller, user = await whose(call, key)
    if caller.user != user:  # nobody proves anything for somebody else
        raise Forbidden
    if caller.session is None:
        raise BadPayload(f"{deed} by who has signed in; this token belongs to no session")
    return caller


async def whose(call: Call, key: str) -> tuple[Caller, str]:
    """Who asks, and about whom: `me` or a key. Raises NotSignedIn, Forbidden."""
    if key == "me":
        _, user = await call.person()
        return await call.author(), user
    return await call.member_author(), key_of(key)


router = Router(
    "/",
    route_handlers=[
        list_sessions,
        end_others,
        end_one,
        list_identities,
        link_identity,
        unlink_identity,
    ],
    include_in_schema=False,
)
