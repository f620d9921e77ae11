"""Answers a document: reads it, answers its fields in order, and tells what went wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from graphql import (
    GraphQLError,
    OperationType,
)
from litestar.response.base import ASGIResponse

from service.api import answers, query_string
from service.api.calls import Call
from service.api.generations import GRAPHQL
from service.api.graphql.runs import Run, places
from service.api.graphql.views import view
from service.dialects.graphql import documents
from service.dialects.graphql.bounds import BadDocument
from service.users.problems import BadPayload, MethodRefused

_OVER_WEBSOCKET: Final = (
    "Subscriptions are served over a WebSocket at this address, with the subprotocol graphql-transport-ws."
)
_NAME: Final = re.compile(r"'([\w$!.:()\[\]]+)'")  # in a sentence; the documented server writes "..."


class Request(msgspec.Struct, frozen=True):
    """What a client sent."""

    query: str
    variables: Mapping[str, object]
    operation: str | None


async def specification(call: Call) -> ASGIResponse:
    """The schema, in the schema language, as the caller may know it."""
    return answers.text(documents.sheet(await view(call)).text)


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


async def answer(call: Call, body: object) -> ASGIResponse:
    """What a document comes to: a query in the address, or `body`."""
    asked = _request(body)
    call.generation = GRAPHQL
    seen = await view(call)
    try:
        document = documents.read(seen, asked.query)
        operation = document.operation(asked.operation)
        if operation.operation is OperationType.MUTATION and call.method == "GET":
            raise MethodRefused(["POST"], "GET")
        if operation.operation is OperationType.SUBSCRIPTION:
            raise BadDocument([GraphQLError(_OVER_WEBSOCKET, operation)])
        variables = document.variables(operation, asked.variables)
        run = Run(call, seen, document, operation, variables)
    except BadDocument as bad:
        await call.caller()  # who lacks a second factor is told so, and not that there are no such fields
        return answers.answer({"errors": [unread(bad.errors)]}, status=400)
    return await run.answer()


def unread(errors: Sequence[GraphQLError]) -> dict[str, object]:
    """The one error that tells of all that is wrong with a document."""
    told = [{"message": _NAME.sub(r'"\1"', error.message), "locations": places(error)} for error in errors]
    return {
        "message": "GraphQL validation error.",
        "extensions": {"code": "GRAPHQL_VALIDATION", "errors": told},
    }
