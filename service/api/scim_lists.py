"""Lists over SCIM: a page of all, a page of those that a filter finds, or the few that it names."""

from collections.abc import Sequence

from litestar.response.base import ASGIResponse

from providers.scim import messages
from providers.scim.matching import satisfies
from providers.scim.schema import Resource
from providers.scim.user import USER
from service.api import answers
from service.api.scim_requests import Request
from service.dialects import question, scim_filters
from service.dialects.question import Question
from service.dialects.scim_filters import Asked
from service.users import access


async def page(request: Request) -> tuple[list[Resource], int]:
    """The page that the request asks for, and how many there are in all."""
    text, asked_page = request.asked.filter, request.asked.page
    asked = None if text is None else scim_filters.read(text, request.profile, request.type)
    if asked is not None and asked.by_key:
        known = await _named(request, asked)
        return known[asked_page.start - 1 :][: asked_page.count], len(known)
    return await _page(request, asked)


def answer(request: Request, found: Sequence[Resource], total: int) -> ASGIResponse:
    """The list of these resources."""
    resources = [request.resource(one) for one in found]
    return answers.scim(messages.list_response(resources, total=total, start=request.asked.page.start))


async def _page(request: Request, asked: Asked | None) -> tuple[list[Resource], int]:
    """The resources and how many there are in all; a page that is not full has told that already."""
    page, database = request.asked.page, request.call.house.database
    asking = _question(request, asked, limit=page.count, offset=page.start - 1)
    lane = database.read if question.bounded(asking) else database.scan
    rows = await lane(question.rows, asking) if page.count else []
    found = [question.resource(asking, row) for row in rows]
    if len(found) < page.count and (found or page.start == 1):
        return found, page.start - 1 + len(found)
    return found, await database.scan(question.count, asking, filtered=True)


async def _named(request: Request, asked: Asked) -> list[Resource]:
    """Those that a filter names by a key. A connection that adopts finds users of nobody by userName."""
    found = await _all(request, asked, adopting=False)
    if not found and request.caller.adopt and asked.name is not None:
        found = await _all(request, scim_filters.of_nobody(asked.name), adopting=True)
    return [one for one in found if asked.rest is None or satisfies(one, asked.rest, request.type)]


async def _all(request: Request, asked: Asked, *, adopting: bool) -> list[Resource]:
    asking = _question(request, asked, adopting=adopting)
    return [
        question.resource(asking, row)
        for row in await request.call.house.database.read(question.rows, asking)
    ]


def _question(
    request: Request,
    asked: Asked | None,
    *,
    adopting: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> Question:
    collection = scim_filters.COLLECTIONS[request.type.name]
    users = request.type is USER
    return question.ask(
        request.caller,
        "scim",
        collection,
        ("groups",) if users and request.shown.shows("groups") else (),
        where=asked.where if asked else None,
        operands=asked.values if asked else None,
        limit=limit,
        offset=offset,
        scope=access.scope(request.caller, adopting=adopting) if users else None,
    )
