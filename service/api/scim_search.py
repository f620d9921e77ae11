"""A question to all types of resources at once, at the root (RFC 7644, 3.4.2.1 and 3.4.3)."""

import msgspec

from providers.scim.paging import Page
from providers.scim.problems import InvalidFilter
from providers.scim.schema import Resource
from service.api.scim_requests import Request
from service.api.scim_resources import SERVED


async def everything(request: Request) -> tuple[list[Resource], int]:
    """A page of the resources of all types as they are answered, type after type, and how many there are.

    A type that has none of the attributes that the filter names has nothing to answer. Raises InvalidFilter
    where that is so of all of them.
    """
    found: list[Resource] = []
    total, refused = 0, []
    page = request.asked.page
    for served in SERVED:
        one = request.of(served.type)
        rest = Page(max(page.start - total, 1), page.count - len(found))
        asked = msgspec.structs.replace(one, asked=one.asked.on(rest))
        try:
            resources, many = await served.page(asked)
        except InvalidFilter as problem:
            refused.append(problem)
            continue
        found += [asked.resource(made) for made in resources]
        total += many
    if len(refused) == len(SERVED):
        raise refused[0]
    return found, total
