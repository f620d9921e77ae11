"""A request in SCIM: whose connection it is, what it asks for, on what condition, and how it is answered."""

from typing import Final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import projection, search
from providers.scim.projection import Projection
from providers.scim.schema import Resource
from providers.scim.search import Search
from providers.scim.tolerance import PROFILES, Profile
from providers.scim.user import USER
from service.api import answers, query_string
from service.api.calls import Call, of
from service.users.connections import Connection
from service.users.model import Caller
from service.users.problems import Stale

BASE: Final = "/scim/v2"
_WHOLE: Final = projection.projection(USER)


class Condition(msgspec.Struct, frozen=True):
    """If-Match and If-None-Match, as entity tags without what makes them weak; None where not asked."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def check(self, version: str) -> None:
        """Raises Stale for a version that the client did not mean (RFC 9110, 13.1.1)."""
        if self.match is not None and self.match.isdisjoint(("*", version)):
            raise Stale

    def knows(self, version: str) -> bool:
        """Whether the client has this version already, or wants none (13.1.2)."""
        return self.none_match is not None and not self.none_match.isdisjoint(("*", version))


class Request(msgspec.Struct, frozen=True):
    """Who asks, how tolerant we are with them, and what of a resource they want to see."""

    call: Call
    connection: Connection
    caller: Caller
    profile: Profile
    asked: Search
    shown: Projection

    def about(self, asked: Search) -> "Request":
        """The same request, of which the body says what is asked."""
        return msgspec.structs.replace(self, asked=asked, shown=_shown(asked))

    def condition(self) -> Condition:
        """On what condition the request is to be done.

        Tags are compared as weak ones, those of If-Match too: RFC 7644, 3.14 has clients send `meta.version`.
        """
        return Condition(_tags(self.call, b"if-match"), _tags(self.call, b"if-none-match"))

    def resource(self, made: Resource) -> Resource:
        """A resource as it is answered, at its address."""
        meta = made["meta"]
        if isinstance(meta, dict):
            meta["location"] = self._location(made)
        return self.shown.apply(made)

    def answer(self, made: Resource, *, status: int = 200) -> ASGIResponse:
        """One resource, with its entity tag and its address in the headers too (RFC 7643, 3.1)."""
        headers = self.headers(made)
        return answers.scim(self.resource(made), status=status, headers=headers)

    def headers(self, made: Resource) -> list[tuple[str, str]]:
        """The headers that tell of a resource what its `meta` tells."""
        place = self._location(made)
        return [("etag", tag(made)), ("location", place), ("content-location", place)]

    def _location(self, made: Resource) -> str:
        return f"{self.call.house.terms.public_url}{BASE}/Users/{made['id']}"


async def read(scope: Scope) -> Request:
    """The request. Raises NotSignedIn and WrongCredentials before anything else is looked at, ScimProblem."""
    call = of(scope)
    connection = await call.house.connecting.connection(call)
    asked = parameters(call)
    profile = PROFILES[connection.profile]
    caller = connection.caller(call.origin, None if call.entry is None else call.entry.doing)
    return Request(call, connection, caller, profile, asked, _shown(asked))


def parameters(call: Call) -> Search:
    """What the query string asks for.

    Who writes spaces as %20 means a plus by `+`, as RFC 3986 does, and not the space of HTML forms: to read
    `anna+test@example.com` with a space in it would answer that there is no such user.
    """
    raw = call.scope["query_string"]
    if b"+" in raw and b"%20" in raw:
        return search.of_parameters(query_string.read(raw.replace(b"+", b"%2B")))
    return search.of_parameters(call.query)


def _shown(asked: Search) -> Projection:
    if not asked.attributes and not asked.excluded:
        return _WHOLE
    return projection.projection(USER, asked.attributes, asked.excluded)


def tag(made: Resource) -> str:
    """The entity tag of a resource."""
    meta = made["meta"]
    return str(meta["version"]) if isinstance(meta, dict) else ""


def version(made: Resource) -> str:
    """What of the tag a Condition looks at."""
    return _bare(tag(made))


def _tags(call: Call, name: bytes) -> frozenset[str] | None:
    """The entity tags of a header, on however many lines; None when there is none."""
    lines = [value.decode("latin-1") for header, value in call.scope["headers"] if header == name]
    tags = frozenset(_bare(text) for line in lines for text in line.split(",") if text.strip())
    return tags or None


def _bare(text: str) -> str:
    return text.strip().removeprefix("W/").strip('"')
