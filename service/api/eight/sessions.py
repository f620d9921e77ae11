"""Where people are signed in, in the 8 generation: `/auth/sessions`, and `/auth/logout/:user`."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.calls import of
from service.api.eight import public
from service.api.eight.addresses import named
from service.api.keys import key_of
from service.database import Transaction
from service.dialects.fields import seconds
from service.users import model, numbers, session_list
from service.users.model import Caller


@get("/auth/sessions")
async def list_sessions(scope: Scope) -> ASGIResponse:
    """Where the caller is signed in, the last used first; no token is told."""
    call = of(scope)
    caller, user = await call.person()
    return answers.data(await call.house.database.read(_look, caller, user))


async def _look(tx: Transaction, caller: Caller, user: str) -> list[dict[str, object]]:
    number = (await numbers.of(tx, caller.project, model.USERS, {user}))[user]
    return [
        {
            "id": one["id"],
            "user": number,
            "ip_address": one["ip"],
            "user_agent": one["user_agent"],
            "created_on": seconds(one["created_at"]),
            "last_used_on": seconds(one["used_at"]),
            "token_expired_at": seconds(one["expires_at"]),
            "current": one["current"],
        }
        for one in await session_list.look(tx, caller, user)
    ]


@post("/auth/logout/{key:str}", status_code=200)
async def end_all(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Ends every session of a person: the caller's own, or for administrators anybody's."""
    call = of(scope)
    caller = await call.member_author()
    await call.house.database.write(session_list.end_all, caller, named(key))
    return public.done()


@post("/auth/logout/{key:str}/{session:str}", status_code=200)
async def end_one(scope: Scope, key: FromPath[str], session: FromPath[str]) -> ASGIResponse:
    """Ends one session of a person."""
    call = of(scope)
    caller = await call.member_author()
    ended = key_of(session)
    await call.house.database.write(session_list.end, caller, named(key), ended)
    return public.done()


HANDLERS: Final = (list_sessions, end_all, end_one)
