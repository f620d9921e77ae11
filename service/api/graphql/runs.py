"""One operation of a document: its root fields, answered by their verbs one after the other."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

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
from litestar.response.base import ASGIResponse

from service.api import answers
from service.api.calls import Call
from service.api.graphql import fixed, rows
from service.api.graphql.asking import Asking, Budget
from service.dialects import problems as table
from service.dialects.dialect import word_of
from service.dialects.graphql.choosing import TYPENAME, Operation
from service.dialects.graphql.documents import Document
from service.dialects.graphql.views import View

_ROWS: Final = rows.verbs()
_INTROSPECTION: Final = frozenset({"__schema", "__type"})


class Run:
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
                await asyncio.sleep(0)  # what others ask is answered between two fields
                value = await self._field(key, nodes)
            if value is None and name in home.fields and isinstance(home.fields[name].type, GraphQLNonNull):
                data = None  # what may not be null takes its parent with it (spec, 6.4.4)
            elif data is not None:
                data[key] = value
        body = {"data": data, "errors": self._errors} if self._errors else {"data": data}
        return answers.answer(body, headers=self._headers)

    def _home(self) -> GraphQLObjectType:
        return self._reader.home(self._operation.operation)

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
        return {"message": message, "extensions": extensions, "locations": places(error), "path": [key]}

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


def places(error: GraphQLError) -> list[dict[str, int]]:
    """Where in the document it is."""
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]
