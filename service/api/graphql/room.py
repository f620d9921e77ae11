"""The room `/graphql/system`: reads a document, answers its fields in order, and tells what went wrong."""

from collections.abc import Mapping, Sequence

import msgspec
from graphql import (
    GraphQLError,
    OperationType,
)
from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, query_string
from service.api.calls import Call, of
from service.api.generations import GRAPHQL
from service.api.graphql.runs import Run, places
from service.api.graphql.views import view
from service.dialects.graphql import documents
from service.dialects.graphql.bounds import BadDocument
from service.users.problems import BadPayload, MethodRefused


class Request(msgspec.Struct, frozen=True):
    """What a client sent."""

    query: str
    variables: Mapping[str, object]
    operation: str | None


@get("/graphql/system")
async def ask(scope: Scope) -> ASGIResponse:
    """A query in the address; changes need POST."""
    call = of(scope)
    return await _answer(call, _request(dict(call.query)))


@post("/graphql/system", status_code=200)
async def ask_or_change(scope: Scope) -> ASGIResponse:
    """A query or a mutation in the body."""
    call = of(scope)
    return await _answer(call, _request(await call.json()))


@get("/server/specs/graphql/system")
async def specification(scope: Scope) -> ASGIResponse:
    """The schema, in the schema language, as the caller may know it."""
    return answers.text(documents.sheet(await view(of(scope))).text)


def _request(body: object) -> Request:
    given = body if isinstance(body, Mapping) else {}
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise BadPayload("Must provide query string")
    variables = given.get("variables") or {}
    found = query_string.json(variables, "variables")
    if not isinstance(found, Mapping):
        raise BadPayload('"variables" must be of type object')
    name = given.get("operationName") or None
    if name is not None and not isinstance(name, str):
        raise BadPayload('"operationName" must be a string')
    return Request(query, found, name)


async def _answer(call: Call, asked: Request) -> ASGIResponse:
    call.generation = GRAPHQL
    seen = await view(call)
    try:
        document = documents.read(seen, asked.query)
        operation = document.operation(asked.operation)
        if operation.operation is OperationType.MUTATION and call.method == "GET":
            raise MethodRefused(["POST"], "GET")
        variables = document.variables(operation, asked.variables)
        run = Run(call, seen, document, operation, variables)
    except BadDocument as bad:
        return answers.answer({"errors": [_unread(bad.errors)]}, status=400)
    return await run.answer()


def _unread(errors: Sequence[GraphQLError]) -> dict[str, object]:
    told = [{"message": error.message, "locations": places(error)} for error in errors]
    return {
        "message": "GraphQL validation error.",
        "extensions": {"code": "GRAPHQL_VALIDATION", "errors": told},
    }


router = Router("/", route_handlers=[ask, ask_or_change, specification], include_in_schema=False)
