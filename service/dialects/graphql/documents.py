"""Documents: parsed, bounded and checked against the schema of a view, and kept for who asks the same."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
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

from service.dialects.graphql import lenience, sdl
from service.dialects.graphql.roots import Root, roots
from service.dialects.graphql.views import View

MOST_TOKENS: Final = 5000
MOST_FIELDS: Final = 500  # written in one document, and again after its fragments are spread
MOST_ROOTS: Final = 50  # questions and changes of one document, aliases of the same one included
DEEPEST: Final = 15
_KEPT: Final = 16 * 1024  # letters of a document that is worth remembering
_MOST_ERRORS: Final = 10
_INSTEAD: Final[Mapping[type[ASTValidationRule], type[ASTValidationRule]]] = {
    ScalarLeafsRule: lenience.Leaves,
    VariablesInAllowedPositionRule: lenience.Positions,
}
_RULES: Final = tuple(_INSTEAD.get(rule, rule) for rule in specified_rules)


class BadDocument(Exception):
    """A document that cannot be answered as a whole: nothing of it was done."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


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
        node = parse(text, max_tokens=MOST_TOKENS)
    except GraphQLError as error:
        raise BadDocument([error]) from None
    except RecursionError:
        raise BadDocument([GraphQLError("The document nests too deeply.")]) from None
    found = sheet(view)
    _bound_text(node)
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
        _bound_operation(document, operation)
    return document


_kept = lru_cache(512)(_read)


def _bound_text(node: DocumentNode) -> None:
    """Bounds what is written before anything looks at pairs of fields, which is quadratic in them."""
    count, depth = 0, 0
    waiting: list[tuple[SelectionSetNode, int]] = [
        (one.selection_set, 1)
        for one in node.definitions
        if isinstance(one, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while waiting:
        selected, level = waiting.pop()
        depth = max(depth, level)
        count += len(selected.selections)
        for one in selected.selections:
            inner: SelectionSetNode | None = getattr(one, "selection_set", None)
            if inner is not None:
                waiting.append((inner, level + 1))
    _check(count, depth)


def _check(count: int, depth: int) -> None:
    if count > MOST_FIELDS:
        raise BadDocument([GraphQLError(f"The document selects more than {MOST_FIELDS} fields.")])
    if depth > DEEPEST:
        raise BadDocument([GraphQLError(f"The document nests more than {DEEPEST} levels of fields.")])


def _bound_operation(document: Document, operation: OperationDefinitionNode) -> None:
    """Bounds what the operation asks when its fragments are spread; each fragment is measured once."""
    measured: dict[str, tuple[int, int]] = {}

    def measure(selected: SelectionSetNode) -> tuple[int, int]:
        count, depth = 0, 0
        for one in selected.selections:
            if isinstance(one, FragmentSpreadNode):
                name = one.name.value
                if name not in measured:
                    measured[name] = measure(document.fragments[name].selection_set)
                inner, level = measured[name]
            else:
                found: SelectionSetNode | None = getattr(one, "selection_set", None)
                inner, level = measure(found) if found is not None else (0, 0)
                if isinstance(one, FieldNode):
                    inner, level = inner + 1, level + 1
            count, depth = count + inner, max(depth, level)
        return count, depth

    _check(*measure(operation.selection_set))
    asked = _root_names(document, operation.selection_set)
    if len(asked) > MOST_ROOTS:
        raise BadDocument([GraphQLError(f"A document asks at most {MOST_ROOTS} things.", operation)])
    lone = [name for name in asked if name in document.sheet.roots and document.sheet.roots[name].lone]
    if operation.operation is OperationType.MUTATION and len(lone) != len(set(lone)):
        twice = next(name for name in lone if lone.count(name) > 1)
        raise BadDocument([GraphQLError(f"'{twice}' may be asked once in a document.", operation)])


def _root_names(document: Document, selected: SelectionSetNode) -> list[str]:
    names: list[str] = []
    for one in selected.selections:
        if isinstance(one, FieldNode):
            names.append(one.name.value)
        elif isinstance(one, FragmentSpreadNode):
            names += _root_names(document, document.fragments[one.name.value].selection_set)
        else:
            names += _root_names(document, one.selection_set)  # type: ignore[attr-defined]  # inline fragment
    return names
