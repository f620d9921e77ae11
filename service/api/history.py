"""The REST languages' rooms `/activity` and `/revisions`, and the way back to a revision."""

from typing import Final

from litestar import post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, items
from service.api.calls import of
from service.api.keys import item_of
from service.dialects import grants
from service.users import reverting

ACTIVITY: Final = "directus_activity"
REVISIONS: Final = "directus_revisions"

ACTIVITY_DOORS: Final = items.read_only("/activity", ACTIVITY)
REVISIONS_DOORS: Final = items.read_only("/revisions", REVISIONS)


@post("/utils/revert/{key:str}")
async def revert(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Makes an item again what it was after a revision."""
    call = of(scope)
    caller = await call.author()
    revision = int(item_of(REVISIONS, key))
    await call.house.database.write(reverting.revert, caller, revision, grants.check)
    return answers.nothing()


HANDLERS: Final = (*ACTIVITY_DOORS.handlers, *REVISIONS_DOORS.handlers, revert)
