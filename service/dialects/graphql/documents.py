"""Documents: parsed, bounded and checked against the schema of a view, and kept for who asks the same."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_variable_values,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode
from graphql.validation import (
    ASTValidationRule,
    ScalarLeafsRule,
    VariablesInAllowedPositionRule,
    specified_rules,
)

from service.dialects.graphql import bounds, lenience, sdl
from service.dialects.graphql.bounds import BadDocument
from service.dialects.graphql.roots import Root, roots
from service.dialects.graphql.views import View

_KEPT: Final = 16 * 1024  # letters of a document that is worth remembering
_MOST_ERRORS: Final = 10
_INSTEAD: Final[Mapping[type[ASTValidationRule], type[ASTValidationRule]]] = {
    ScalarLeafsRule: lenience.Leaves,
    VariablesInAllowedPositionRule: lenience.Positions,
}
_RULES: Final = tuple(_INSTEAD.get(rule, rule) for rule in specified_rules)


class Sheet(msgspec.Struct, frozen=True, eq=False):
    """A view's schema, and its root fields by name."""

    schema: GraphQLSchema
    roots: Mapping[str, Root]
    text: str


class Document(msgspec.Struct, frozen=True, eq=False):
    """A document that is valid for a sheet."""

    sheet: Sheet
    node: DocumentNode
    operations: Mapping[str, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation that is meant. Raises BadDocument."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise BadDocument(
                [GraphQLError("Must provide operation name if query contains multiple operations.")]
            )
        if name not in self.operations:
            raise BadDocument([GraphQLError(f"Unknown operation named '{name[:64]}'.")])
        return self.operations[name]

    def variables(self, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> VariableValues:
        """The variables of a request, in the types of the operation. Raises BadDocument."""
        schema = self.sheet.schema
        asked = operation.variable_definitions or ()
        linked = dict(given)
        for one in asked:
            name, kind = one.variable.name.value, type_from_ast(schema, one.type)
            if name in given and kind is not None:
                linked[name] = lenience.link_value(kind, given[name])  # type: ignore[arg-type]  # validated
        found = get_variable_values(schema, asked, linked, max_errors=_MOST_ERRORS)
        if isinstance(found, VariableValues):
            return found
        raise BadDocument(found)


@lru_cache(128)
def sheet(view: View) -> Sheet:
    """The schema of a view."""
    text = sdl.text(view)
    return Sheet(build_schema(text), {root.name: root for root in roots(view)}, text)


def read(view: View, text: str) -> Document:
    """The document, checked. Raises BadDocument."""
    return _kept(view, text) if len(text) <= _KEPT else _read(view, text)


def _read(view: View, text: str) -> Document:
    try:
        node = parse(text, max_tokens=bounds.MOST_TOKENS)
    except GraphQLError as error:
        raise BadDocument([error]) from None
    except RecursionError:
        raise BadDocument([GraphQLError("The document nests too deeply.")]) from None
    found = sheet(view)
    bounds.check_text(node)
    checked = lenience.link(found.schema, node)
    if errors := validate(found.schema, checked, _RULES, max_errors=_MOST_ERRORS):
        raise BadDocument(errors)
    operations = {
        one.name.value if one.name else "": one
        for one in checked.definitions
        if isinstance(one, OperationDefinitionNode)
    }
    fragments = {
        one.name.value: one for one in checked.definitions if isinstance(one, FragmentDefinitionNode)
    }
    document = Document(found, checked, operations, fragments)
    for operation in operations.values():
        bounds.check_operation(operation, fragments, found.roots)
    return document


_kept = lru_cache(512)(_read)
