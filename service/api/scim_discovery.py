"""What the SCIM service can do, and what its resources are made of (RFC 7644, 4): without credentials."""

from functools import lru_cache
from typing import Final

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import discovery, messages
from providers.scim.events import FULL, URIS
from providers.scim.schema import Resource
from service.api import answers
from service.api.callers import bearer
from service.api.calls import Call, of
from service.api.scim_requests import BASE, base, parameters
from service.api.scim_resources import TYPES
from service.tokens import fingerprint
from service.users import connections
from service.users.problems import RouteUnknown


@get(f"{BASE}/ServiceProviderConfig")
async def read_config(scope: Scope) -> ASGIResponse:
    """What this service can do; a connection is told of events where its own are on."""
    call = of(scope)
    events = await _events(call)
    return answers.scim(
        discovery.provider_config(base(call), sort=True, cursor=True, bulk=True, events=events)
    )


@get(f"{BASE}/Schemas")
async def list_schemas(scope: Scope) -> ASGIResponse:
    """Every schema."""
    return _all(scope, _schemas(base(of(scope))))


@get(f"{BASE}/Schemas/{{urn:str}}")
async def read_schema(scope: Scope, urn: FromPath[str]) -> ASGIResponse:
    """One schema by its URN."""
    return _single(scope, discovery.schema(TYPES, urn, base(of(scope))))


@get(f"{BASE}/ResourceTypes")
async def list_resource_types(scope: Scope) -> ASGIResponse:
    """Every type of resource."""
    return _all(scope, _listed(discovery.resource_types(TYPES, base(of(scope)))))


@get(f"{BASE}/ResourceTypes/{{name:str}}")
async def read_resource_type(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """One type of resource by its name."""
    return _single(scope, discovery.resource_type(TYPES, name, base(of(scope))))


async def _events(call: Call) -> list[str]:
    token = bearer(call) if call.header(b"authorization") else None
    found = await call.house.database.read(connections.recognise, fingerprint(token)) if token else None
    if found is None or not found.connection.events:
        return []
    return [*URIS.values(), *(FULL.values() if found.connection.events_full else ())]


@lru_cache(16)
def _schemas(base: str) -> msgspec.Raw:
    """The list of schemas as it goes out: 30 kB for anybody who asks, so they are written once."""
    return msgspec.Raw(msgspec.json.encode(_listed(discovery.schemas(TYPES, base))))


def _listed(resources: list[Resource]) -> Resource:
    return messages.list_response(resources, total=len(resources))


def _all(scope: Scope, listed: Resource | msgspec.Raw) -> ASGIResponse:
    """A discovery list. A filter is refused, lest the whole list be taken for its answer (RFC 7644, 4)."""
    if parameters(of(scope)).filter is not None:
        detail = "The discovery lists cannot be filtered; leave the filter out."
        return answers.scim(messages.error(403, detail), status=403)
    return answers.scim(listed)


def _single(scope: Scope, found: Resource | None) -> ASGIResponse:
    if found is None:
        raise RouteUnknown(scope["path"])
    return answers.scim(found)


HANDLERS: Final[list[HTTPRouteHandler]] = [
    read_config,
    list_schemas,
    read_schema,
    list_resource_types,
    read_resource_type,
]
