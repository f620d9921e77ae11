"""The room `/graphql/system`: reads a document, answers its fields in order, and tells what went wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_argument_values,
    located_error,
)
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode
from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, query_string
from service.api.calls import Call, of
from service.api.generations import GRAPHQL
from service.api.graphql import fixed, rows
from service.api.graphql.asking import Asking, Budget
from service.api.graphql.views import view
from service.dialects import problems as table
from service.dialects.dialect import word_of
from service.dialects.graphql import documents
from service.dialects.graphql.choosing import TYPENAME, Operation
from service.dialects.graphql.documents import BadDocument, Document
from service.dialects.graphql.views import View
from service.users.problems import BadPayload, MethodRefused

_ROWS: Final = rows.verbs()
_INTROSPECTION: Final = frozenset({"__schema", "__type"})


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
        run = _Run(call, seen, document, operation, variables)
    except BadDocument as bad:
        return answers.answer({"errors": [_unread(bad.errors)]}, status=400)
    return await run.answer()


def _unread(errors: Sequence[GraphQLError]) -> dict[str, object]:
    told = [{"message": error.message, "locations": _places(error)} for error in errors]
    return {
        "message": "GraphQL validation error.",
        "extensions": {"code": "GRAPHQL_VALIDATION", "errors": told},
    }


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


class _Run:
    """One operation, from its root fields to the answer."""

    def __init__(
        self,
        call: Call,
        seen: View,
        document: Document,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> None:
        self._call = call
        self._document = document
        self._operation = operation
        self._mutates = operation.operation is OperationType.MUTATION
        self._reader = Operation(document.sheet.schema, document.fragments, variables)
        self._verbs = {**_ROWS, **fixed.verbs(seen)}
        self._budget = Budget()
        self._headers: list[tuple[str, str]] = []
        self._errors: list[dict[str, object]] = []

    async def answer(self) -> ASGIResponse:
        """Each field by itself, one after the other; a change is committed before the next begins."""
        home = self._home()
        data: dict[str, object] | None = {}
        for key, nodes in self._reader.gather([self._operation.selection_set]).items():
            name = nodes[0].name.value
            if name == TYPENAME:
                value: object = home.name
            elif name in _INTROSPECTION:
                value = self._introspected(nodes)
            else:
                value = await self._field(key, nodes)
            if value is None and name in home.fields and isinstance(home.fields[name].type, GraphQLNonNull):
                data = None  # what may not be null takes its parent with it (spec, 6.4.4)
            elif data is not None:
                data[key] = value
        body = {"data": data, "errors": self._errors} if self._errors else {"data": data}
        return answers.answer(body, headers=self._headers)

    def _home(self) -> GraphQLObjectType:
        schema = self._document.sheet.schema
        home = schema.mutation_type if self._mutates else schema.query_type
        if home is None:
            raise TypeError(self._operation.operation)
        return home

    async def _field(self, key: str, nodes: Sequence[FieldNode]) -> object:
        name = nodes[0].name.value
        root = self._document.sheet.roots[name]
        try:
            arguments = get_argument_values(self._home().fields[name], nodes[0], self._reader.variables)
            asked = Asking(self._call, root, nodes, self._reader, arguments, self._budget)
            value = await self._verbs[name](asked)
        except GraphQLError as error:
            self._errors.append(self._error(error.message, {"code": "GRAPHQL_VALIDATION"}, key, nodes))
            return None
        except Exception as problem:
            self._refuse(answers.foreseen(problem), key, nodes, root.collection or "directus_users")
            return None
        self._headers += asked.headers
        return value

    def _refuse(self, problem: Exception, key: str, nodes: Sequence[FieldNode], collection: str) -> None:
        field = word_of("graphql", collection, getattr(problem, "field", ""))
        cell, message, extras = table.told(problem, "graphql", field, collection)
        self._errors.append(self._error(message, {"code": cell.code, **extras}, key, nodes))

    def _error(
        self, message: str, extensions: Mapping[str, object], key: str, nodes: Sequence[FieldNode]
    ) -> dict[str, object]:
        error = located_error(GraphQLError(message), nodes, [key])
        return {"message": message, "extensions": extensions, "locations": _places(error), "path": [key]}

    def _introspected(self, nodes: Sequence[FieldNode]) -> object:
        """The library answers questions about the schema itself; nothing of ours is in them."""
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=self._operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=tuple(nodes)),
        )
        fragments: tuple[FragmentDefinitionNode, ...] = tuple(self._document.fragments.values())
        given: dict[str, Any] = self._reader.variables.coerced
        result = execute_sync(
            self._document.sheet.schema,
            DocumentNode(definitions=(operation, *fragments)),
            variable_values=given,
        )
        return next(iter((result.data or {}).values()), None)


router = Router("/", route_handlers=[ask, ask_or_change, specification], include_in_schema=False)
