"""How much one document may ask: hostile ones are turned away before much is done with them."""

from collections.abc import Mapping, Sequence
from typing import Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.language import DocumentNode

from service.dialects.graphql.roots import Root

MOST_TOKENS: Final = 5000
MOST_FIELDS: Final = 500  # written in one document, and again after its fragments are spread
MOST_ROOTS: Final = 50  # questions and changes of one document, aliases of the same one included
DEEPEST: Final = 15
Fragments = Mapping[str, FragmentDefinitionNode]


class BadDocument(Exception):
    """A document that cannot be answered as a whole: nothing of it was done."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def check_text(node: DocumentNode) -> None:
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


def check_operation(
    operation: OperationDefinitionNode, fragments: Fragments, roots: Mapping[str, Root]
) -> None:
    """Bounds what the operation asks when its fragments are spread; each fragment is measured once."""
    measured: dict[str, tuple[int, int]] = {}

    def measure(selected: SelectionSetNode) -> tuple[int, int]:
        count, depth = 0, 0
        for one in selected.selections:
            if isinstance(one, FragmentSpreadNode):
                name = one.name.value
                if name not in measured:
                    measured[name] = measure(fragments[name].selection_set)
                inner, level = measured[name]
            else:
                found: SelectionSetNode | None = getattr(one, "selection_set", None)
                inner, level = measure(found) if found is not None else (0, 0)
                if isinstance(one, FieldNode):
                    inner, level = inner + 1, level + 1
            count, depth = count + inner, max(depth, level)
        return count, depth

    _check(*measure(operation.selection_set))
    asked = _root_names(fragments, operation.selection_set)
    if len(asked) > MOST_ROOTS:
        raise BadDocument([GraphQLError(f"A document asks at most {MOST_ROOTS} things.", operation)])
    lone = [name for name in asked if name in roots and roots[name].lone]
    if operation.operation is OperationType.MUTATION and len(lone) != len(set(lone)):
        twice = next(name for name in lone if lone.count(name) > 1)
        raise BadDocument([GraphQLError(f"'{twice}' may be asked once in a document.", operation)])


def _root_names(fragments: Fragments, selected: SelectionSetNode) -> list[str]:
    names: list[str] = []
    for one in selected.selections:
        if isinstance(one, FieldNode):
            names.append(one.name.value)
        elif isinstance(one, FragmentSpreadNode):
            names += _root_names(fragments, fragments[one.name.value].selection_set)
        else:
            names += _root_names(fragments, one.selection_set)  # type: ignore[attr-defined]  # inline fragment
    return names
