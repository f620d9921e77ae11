"""Many operations in one SCIM request (RFC 7644, 3.7)."""

from typing import Final

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import bulk
from service.api import answers, scim_deferred, scim_requests
from service.api.calls import SCIM_BODY
from service.api.scim_operations import Run
from service.api.scim_requests import BASE
from service.api.scim_resources import SERVED


@post(f"{BASE}{bulk.ENDPOINT}", status_code=200)
async def run_bulk(scope: Scope) -> ASGIResponse:
    """Does what it can, in the order of the operations but for those that refer to later ones."""
    request = await scim_requests.read(scope, SERVED[0].type)
    asked = bulk.read(await request.call.json(SCIM_BODY), request.profile)
    if scim_deferred.is_wanted(request):
        return await scim_deferred.accept(request, bulk.ENDPOINT, None)
    way = Run(request, asked.accepted)
    await way.everything(asked.operations)
    return answers.scim(bulk.response(way.told))


HANDLERS: Final[list[HTTPRouteHandler]] = [run_bulk]
