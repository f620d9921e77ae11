"""A question to all types of resources at once, at the root (RFC 7644, 3.4.2.1 and 3.4.3)."""

import msgspec

from providers.scim.paging import Page
from providers.scim.problems import InvalidCursor, InvalidValue
from providers.scim.schema import Resource
from service.api.scim_requests import Request
from service.api.scim_resources import SERVED


async def everything(request: Request) -> tuple[list[Resource], int]:
    """A page of the resources of all types as they are answered, type after type, and how many there are.

    Raises InvalidFilter, and InvalidCursor and InvalidValue for what only one type can be asked.
    """
    if request.asked.cursor is not None:
        raise InvalidCursor("Over all types ask for pages by startIndex; by cursor, for one type at a time.")
    if request.asked.sort_by is not None:
        raise InvalidValue("Over all types there is no order to sort by; ask for one type at a time.")
    found: list[Resource] = []
    total = 0
    page = request.asked.page
    for served in SERVED:
        one = request.of(served.type)
        rest = Page(max(page.start - total, 1), page.count - len(found))
        asked = msgspec.structs.replace(one, asked=one.asked.on(rest))
        listed = await served.page(asked)
        found += [asked.resource(made) for made in listed.resources]
        total += listed.total
    return found, total
