"""A request in SCIM: whose connection it is, what it asks for, on what condition, and how it is answered."""

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import projection
from providers.scim.group import GROUP
from providers.scim.projection import Projection
from providers.scim.schema import Resource, ResourceType, Value
from providers.scim.search import Search
from providers.scim.tolerance import PROFILES, Profile
from providers.scim.user import USER
from service.api import answers, scim_conditions, scim_parameters
from service.api.calls import Call, of
from service.api.house import House
from service.api.scim_conditions import bare, tag
from service.users.connections import Connection
from service.users.model import Caller
from service.users.problems import WrongCredentials

_log: Final = logging.getLogger(__name__)

BASE: Final = "/scim/v2"
# What in a resource refers to others: to groups, but for entries of these types.
_REFERENCES: Final[Mapping[str, Mapping[object, str]]] = {
    "groups": {},
    "members": {USER.name: USER.endpoint},
}


class Request(msgspec.Struct, frozen=True):
    """Who asks, how tolerant we are with them, for what type of resource, and what of it they want to see."""

    type: ResourceType
    call: Call
    connection: Connection
    caller: Caller
    profile: Profile
    asked: Search
    shown: Projection

    def about(self, asked: Search) -> "Request":
        """The same request, of which the body says what is asked."""
        return msgspec.structs.replace(self, asked=asked, shown=shown(self.type, asked))

    def of(self, type_: ResourceType) -> "Request":
        """The same request for another type of resource."""
        return msgspec.structs.replace(self, type=type_, shown=shown(type_, self.asked))

    def putting(self) -> "Request":
        """The same request, as one that sends the whole of a resource."""
        return msgspec.structs.replace(self, caller=msgspec.structs.replace(self.caller, puts=True))

    @property
    def base(self) -> str:
        """The address that the client uses, before `/Users`."""
        return base(self.call)

    def resource(self, made: Resource) -> Resource:
        """A resource as it is answered, at its address, with the addresses of what it refers to."""
        meta = made["meta"]
        if isinstance(meta, dict):
            meta["location"] = self._location(made)
        for name, types in _REFERENCES.items():
            if name in made:
                self._refer(made[name], types)
        return self.shown.apply(made)

    def _refer(self, listed: Value, types: Mapping[object, str]) -> None:
        """Gives what refers to a resource its address; `types` leads elsewhere than to groups."""
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                one["$ref"] = f"{self.base}{types.get(one.get('type'), GROUP.endpoint)}/{one['value']}"

    def found(self, made: Resource) -> ASGIResponse:
        """One resource to who reads it; with If-None-Match of the newest version, 304."""
        condition, newest = scim_conditions.of_headers(self.call), bare(tag(made))
        condition.check(newest)
        if condition.knows(newest):
            return ASGIResponse(status_code=304, headers=self.headers(made))
        return self.answer(made)

    def answer(self, made: Resource, *, status: int = 200) -> ASGIResponse:
        """One resource, with its entity tag and its address in the headers too (RFC 7643, 3.1)."""
        headers = self.headers(made)
        return answers.scim(self.resource(made), status=status, headers=headers)

    def headers(self, made: Resource) -> list[tuple[str, str]]:
        """The headers that tell of a resource what its `meta` tells."""
        place = self._location(made)
        return [("etag", tag(made)), ("location", place), ("content-location", place)]

    def _location(self, made: Resource) -> str:
        return f"{self.base}{self.type.endpoint}/{made['id']}"

    def note(self, dropped: Sequence[str]) -> None:
        """Lets the administrator find out what a provider sends in vain: names, never values."""
        if not dropped:
            return
        if self.call.entry is not None:
            self.call.entry.drop(dropped)
        else:  # the connection keeps no log of its own
            extra: dict[str, Any] = {"provider": self.connection.provider, "attributes": list(dropped)}
            _log.info("attributes of no schema were dropped", extra=extra)


async def read(scope: Scope, type_: ResourceType) -> Request:
    """The request. Raises NotSignedIn and WrongCredentials before anything else is looked at, ScimProblem."""
    call = of(scope)
    connection = await call.house.connecting.connection(call)
    if call.prefix and connection.project != call.project:
        raise WrongCredentials
    return of_connection(call, connection, type_, parameters(call))


def of_connection(call: Call, connection: Connection, type_: ResourceType, asked: Search) -> Request:
    """The request of a connection that asks for this."""
    doing = None if call.entry is None else call.entry.doing
    caller = connection.caller(call.origin, doing, call.txn if connection.events else None)
    return Request(type_, call, connection, caller, PROFILES[connection.profile], asked, shown(type_, asked))


def base(call: Call) -> str:
    """The address that the client uses, before `/Users`."""
    return base_of(call.house, call.prefix)


def base_of(house: House, prefix: str) -> str:
    """The same, by what stands before a path that every project has."""
    return f"{house.terms.public_url}{prefix}{BASE}"


def parameters(call: Call) -> Search:
    """What the query string asks for."""
    return scim_parameters.read(call.scope["query_string"])


_NAMES: Final = 512  # characters of names of attributes that are worth remembering
_shown = lru_cache(256)(projection.projection)


def shown(type_: ResourceType, asked: Search) -> Projection:
    """What of a resource is answered."""
    short = sum(map(len, (*asked.attributes, *asked.excluded))) <= _NAMES
    make = _shown if short else projection.projection
    return make(type_, asked.attributes, asked.excluded)
