"""`/fields`, `/collections` and `/relations`: what clients ask before they build a question."""

from typing import Final

from litestar import Router, get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.calls import Call, of
from service.dialects import description
from service.dialects.description import Told
from service.users.problems import Forbidden


async def _seen(call: Call, name: str | None = None) -> list[str]:
    """The collections that the caller may read, or the one named. Raises Forbidden for another."""
    seen = list(description.seen_by(await call.member()))
    if name is None:
        return seen
    if name not in seen:
        raise Forbidden
    return [name]


def _one(told: list[Told], field: str) -> Told:
    found = next((one for one in told if one["field"] == field), None)
    if found is None:
        raise Forbidden
    return found


@get("/fields")
async def list_fields(scope: Scope) -> ASGIResponse:
    """Every field of every collection that the caller may read."""
    call = of(scope)
    language = call.generation.language
    names = await _seen(call)
    return answers.data([one for name in names for one in description.fields(language, name)])


@get("/fields/{collection:str}")
async def list_fields_of(scope: Scope, collection: FromPath[str]) -> ASGIResponse:
    """The fields of a collection."""
    call = of(scope)
    (name,) = await _seen(call, collection)
    return answers.data(description.fields(call.generation.language, name))


@get("/fields/{collection:str}/{field:str}")
async def read_field(scope: Scope, collection: FromPath[str], field: FromPath[str]) -> ASGIResponse:
    """One field."""
    call = of(scope)
    (name,) = await _seen(call, collection)
    return answers.data(_one(description.fields(call.generation.language, name), field))


@get("/collections")
async def list_collections(scope: Scope) -> ASGIResponse:
    """The collections that the caller may read."""
    return answers.data([description.collection(name) for name in await _seen(of(scope))])


@get("/collections/{collection:str}")
async def read_collection(scope: Scope, collection: FromPath[str]) -> ASGIResponse:
    """One collection."""
    (name,) = await _seen(of(scope), collection)
    return answers.data(description.collection(name))


@get("/relations")
async def list_relations(scope: Scope) -> ASGIResponse:
    """Every relation to one row."""
    call = of(scope)
    language = call.generation.language
    return answers.data([one for name in await _seen(call) for one in description.links(language, name)])


@get("/relations/{collection:str}")
async def list_relations_of(scope: Scope, collection: FromPath[str]) -> ASGIResponse:
    """The relations of a collection."""
    call = of(scope)
    (name,) = await _seen(call, collection)
    return answers.data(description.links(call.generation.language, name))


@get("/relations/{collection:str}/{field:str}")
async def read_relation(scope: Scope, collection: FromPath[str], field: FromPath[str]) -> ASGIResponse:
    """One relation."""
    call = of(scope)
    (name,) = await _seen(call, collection)
    return answers.data(_one(description.links(call.generation.language, name), field))


HANDLERS: Final = (
    list_fields,
    list_fields_of,
    read_field,
    list_collections,
    read_collection,
    list_relations,
    list_relations_of,
    read_relation,
)
router = Router("/", route_handlers=list(HANDLERS), include_in_schema=False)
