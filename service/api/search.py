"""SEARCH: a list whose question comes as JSON in the body, where it is longer than an address may be."""

from typing import Final

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import many, reading
from service.api.bodies import an_object, only
from service.api.calls import of
from service.api.query_string import Tree
from service.dialects.dialect import COLLECTIONS
from service.users.problems import BadPayload, RouteUnknown

METHOD: Final = "SEARCH"
# Where the gate sends it, because the router has no such method; nobody else comes in by this address.
PREFIX: Final = "/-/search"
_PARAMETERS: Final = frozenset(
    (
        *("fields", "filter", "search", "sort", "limit", "offset", "page", "meta"),
        *("aggregate", "groupBy", "deep", "alias", "export"),
        *("version", "backlink"),  # which the SDK writes as well; an address may hold anything
    )
)


def knows(path: str) -> bool:
    """Whether the path is that of a collection of the documented API."""
    home = COLLECTIONS.get(f"directus_{path[1:]}")
    return home is not None and bool(home.ruled)


@post(PREFIX + "/{name:str}", status_code=200)
async def search(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """A page of what the body's `query` asks for; the parameters of the address do not count."""
    if not scope["state"].get("search"):
        raise RouteUnknown(scope["path"])
    call = of(scope)
    caller = await call.caller()
    asked = _query(await call.json())
    collection = f"directus_{name}"
    return await reading.answer_many(call, reading.many(call, caller, collection, asked), asked)


def _query(body: object) -> Tree:
    """`{query}`, or `{keys}` for the rows with these; refused in the words of the documented server."""
    given = an_object(body)
    only(given, ("query", "keys"))
    many.not_both(given)
    if "keys" in given:
        return _of_keys(given["keys"])
    return {**(many.query_of(given, _PARAMETERS) or {})}


def _of_keys(keys: object) -> Tree:
    if not isinstance(keys, list):
        raise BadPayload('"keys" must be an array')
    return {"filter": {"id": {"_in": keys}}, "limit": -1} if keys else {"limit": 0}


router = Router("/", route_handlers=[search], include_in_schema=False)
