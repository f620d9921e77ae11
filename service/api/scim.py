"""SCIM 2.0 at `/scim/v2` (RFC 7644): an identity provider brings people in with its connection's token.

One set of handlers serves every type of resource: what differs stands in the rows of `scim_resources`.
"""

from contextlib import suppress
from typing import NoReturn

from litestar import HttpMethod, Router, delete, get, patch, post, put, route
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import messages, search
from service.api import (
    answers,
    scim_bulk,
    scim_conditions,
    scim_deferred,
    scim_discovery,
    scim_lists,
    scim_me,
    scim_requests,
    scim_search,
)
from service.api.calls import SCIM_BODY, of
from service.api.keys import key_of
from service.api.scim_requests import BASE, Request
from service.api.scim_resources import SERVED, TYPES, Served, addressed
from service.database import new_key
from service.users.problems import NotSignedIn, RouteUnknown, WrongCredentials

_LISTS = [f"{BASE}{type_.endpoint}" for type_ in TYPES]
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_ONES = [f"{path}/{{key:str}}" for path in _LISTS]


async def _asked(scope: Scope) -> tuple[Served, Request]:
    served = addressed(scope["path"])
    return served, await scim_requests.read(scope, served.type)


@get(_LISTS)
async def list_resources(scope: Scope) -> ASGIResponse:
    """A page of the connection's resources of one type, in the order in which they came."""
    served, request = await _asked(scope)
    return scim_lists.answer(request, await served.page(request))


@post([f"{path}/.search" for path in _LISTS], status_code=200)
async def search_resources(scope: Scope) -> ASGIResponse:
    """The same for what is too long for an address, or does not belong into one (RFC 7644, 3.4.3)."""
    served, request = await _asked(scope)
    request = request.about(search.of_body(await request.call.json(SCIM_BODY), request.profile))
    return scim_lists.answer(request, await served.page(request))


@get(BASE)
async def list_everything(scope: Scope) -> ASGIResponse:
    """A page over all types, one after the other (RFC 7644, 3.4.2.1)."""
    return await _everything(await scim_requests.read(scope, SERVED[0].type))


@post(f"{BASE}/.search", status_code=200)
async def search_everything(scope: Scope) -> ASGIResponse:
    """The same for what is too long for an address."""
    request = await scim_requests.read(scope, SERVED[0].type)
    return await _everything(
        request.about(search.of_body(await request.call.json(SCIM_BODY), request.profile))
    )


async def _everything(request: Request) -> ASGIResponse:
    found, total = await scim_search.everything(request)
    return answers.scim(messages.list_response(found, total=total, start=request.asked.page.start))


@get(_ONES)
async def read_resource(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One resource. With If-None-Match of the newest version, 304."""
    served, request = await _asked(scope)
    return request.found(await served.read(request, key_of(key)))


@post(_LISTS)
async def create_resource(scope: Scope) -> ASGIResponse:
    """A resource that belongs to this connection from now on."""
    served, request = await _asked(scope)
    body = await request.call.json(SCIM_BODY)
    if scim_deferred.is_wanted(request):
        return await scim_deferred.accept(request, served.type.endpoint, None)
    return request.answer(await served.create(request, body, new_key()), status=201)


@put(_ONES)
async def replace_resource(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The whole resource anew."""
    served, request = await _asked(scope)
    body, condition = await request.call.json(SCIM_BODY), scim_conditions.of_headers(request.call)
    if scim_deferred.is_wanted(request):
        return await scim_deferred.accept(request, served.type.endpoint, key_of(key))
    return request.answer(await served.replace(request, key_of(key), body, condition))


@patch(_ONES)
async def change_resource(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes a resource by operations: all of them or none. 200 with the whole resource, or 204."""
    served, request = await _asked(scope)
    operations = messages.operations(await request.call.json(SCIM_BODY), request.profile)
    if scim_deferred.is_wanted(request):
        return await scim_deferred.accept(request, served.type.endpoint, key_of(key))
    condition = scim_conditions.of_headers(request.call)
    made = await served.change(request, key_of(key), operations, condition)
    return answers.nothing() if made is None else request.answer(made)


@delete(_ONES, status_code=200)
async def delete_resource(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes a resource for good; activity and revisions stay."""
    served, request = await _asked(scope)
    if scim_deferred.is_wanted(request):
        return await scim_deferred.accept(request, served.type.endpoint, key_of(key))
    await served.remove(request, key_of(key), scim_conditions.of_headers(request.call))
    return answers.nothing()


@route(f"{BASE}/{{rest:path}}", http_method=[HttpMethod(name) for name in _METHODS], status_code=200)
async def find_nothing(scope: Scope) -> NoReturn:
    """404; in the log of the connection, if one asks: its administrator may have given a wrong base URL."""
    call = of(scope)
    with suppress(NotSignedIn, WrongCredentials):
        await call.house.connecting.connection(call)
    raise RouteUnknown(call.address)


router = Router(
    "/",
    route_handlers=[
        list_resources,
        search_resources,
        list_everything,
        search_everything,
        read_resource,
        create_resource,
        replace_resource,
        change_resource,
        delete_resource,
        find_nothing,
        *scim_bulk.HANDLERS,
        *scim_me.HANDLERS,
        *scim_discovery.HANDLERS,
    ],
    include_in_schema=False,
)
