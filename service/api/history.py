"""The REST languages' rooms `/activity` and `/revisions`, and the way back to a revision."""

from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading
from service.api.calls import Call, of
from service.dialects import grants
from service.users import reverting

ACTIVITY: Final = "directus_activity"
REVISIONS: Final = "directus_revisions"


@get("/activity")
async def list_activity(scope: Scope) -> ASGIResponse:
    """A page of what happened."""
    return await _list(of(scope), ACTIVITY)


@get("/activity/{key:str}")
async def read_activity(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One thing that happened."""
    return await _read(of(scope), ACTIVITY, key)


@get("/revisions")
async def list_revisions(scope: Scope) -> ASGIResponse:
    """A page of the revisions."""
    return await _list(of(scope), REVISIONS)


@get("/revisions/{key:str}")
async def read_revision(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One revision."""
    return await _read(of(scope), REVISIONS, key)


@post("/utils/revert/{key:str}")
async def revert(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Makes an item again what it was after a revision."""
    call = of(scope)
    caller = await call.author()
    await call.house.database.write(
        reverting.revert, caller, int(many.known_key(key, REVISIONS)), grants.check
    )
    return answers.nothing()


async def _list(call: Call, collection: str) -> ASGIResponse:
    caller = await call.caller()
    return await reading.answer_many(call, reading.many(call, caller, collection))


async def _read(call: Call, collection: str, key: str) -> ASGIResponse:
    caller = await call.caller()
    return await reading.answer_one(
        call, reading.one(call, caller, collection, many.known_key(key, collection))
    )


HANDLERS: Final = (list_activity, read_activity, list_revisions, read_revision, revert)
