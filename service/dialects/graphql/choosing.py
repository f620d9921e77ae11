"""Selection sets as the parts that an answer is made of: one question to the database for each level."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues

from service.dialects import parts
from service.dialects.dialect import words
from service.dialects.graphql.arguments import of_function, query_of
from service.dialects.parts import Chosen, Constant, Inner, Leaf, Part, Wish
from service.dialects.relations import Relation, relations
from service.users.problems import BadQuery

MOST: Final = 1000  # values of one answer's object
TYPENAME: Final = "__typename"
# What makes a wish of the arguments of a relation, given as those of `deep`, and of its target.
Wisher = Callable[[Mapping[str, object], str], Wish]
Selected = Mapping[str, list[FieldNode]]  # by response key; the fields of one key are merged


class Operation(msgspec.Struct, frozen=True, eq=False):
    """What selections are read with: the schema, the fragments, and the variables of this request."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def home(self, operation: OperationType) -> GraphQLObjectType:
        """The type whose fields an operation asks for."""
        found = self.schema.get_root_type(operation)
        if found is None:
            raise TypeError(operation)
        return found

    def gather(self, sets: Sequence[SelectionSetNode]) -> Selected:
        """The fields that are asked for, fragments spread and directives heeded (spec, 6.3.2)."""
        found: dict[str, list[FieldNode]] = {}
        for node in (field for one in sets for field in self._fields(one)):
            found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def _fields(self, selected: SelectionSetNode) -> Iterator[FieldNode]:
        for node in selected.selections:
            if not self._wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                yield from self._fields(self.fragments[node.name.value].selection_set)
            else:
                yield from self._fields(node.selection_set)  # type: ignore[attr-defined]  # inline fragment

    def _wanted(self, node: SelectionNode) -> bool:
        given = {directive.name.value: directive for directive in node.directives or ()}
        if not given:
            return True
        skip, include = (
            self._if(given.get("skip"), GraphQLSkipDirective),
            self._if(given.get("include"), GraphQLIncludeDirective),
        )
        return skip is not True and include is not False

    def _if(self, node: DirectiveNode | None, directive: Any) -> object:
        return None if node is None else get_argument_values(directive, node, self.variables)["if"]

    def arguments(self, parent: str, node: FieldNode) -> dict[str, Any]:
        """The values of a field's arguments."""
        if not node.arguments:
            return {}
        home = self.schema.type_map[parent]
        if not isinstance(home, GraphQLObjectType):
            raise TypeError(parent)
        return get_argument_values(home.fields[node.name.value], node, self.variables)


class Choice:
    """Grows the parts of one field; the wishes of its branches are found under their numbers."""

    def __init__(self, operation: Operation, wisher: Wisher) -> None:
        self._operation = operation
        self._wisher = wisher
        self._wishes: list[Wish] = []
        self._count = 0

    def choose(self, collection: str, nodes: Sequence[FieldNode]) -> Chosen:
        """What these fields, which are one in the answer, ask of the rows of a collection."""
        return Chosen(self._parts(collection, sets_of(nodes)), self._wishes)

    def _parts(self, home: str, sets: Sequence[SelectionSetNode]) -> tuple[Part, ...]:
        found = self._operation.gather(sets)
        self._count += len(found)
        if self._count > MOST:
            raise BadQuery(f"An object of the answer holds at most {MOST} values")
        return tuple(self._part(home, key, nodes) for key, nodes in found.items())

    def _part(self, home: str, key: str, nodes: Sequence[FieldNode]) -> Part:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Constant(key, home)
        if word := of_function(home, name):
            return self._functions(home, key, word, nodes)
        relation = relations("graphql", home).get(name)
        if relation is not None:
            wish = self._wish(home, relation, nodes[0])
            if relation.many or wish.chooses or sets_of(nodes):
                chosen = self._parts(relation.target, sets_of(nodes))
                return parts.branch(key, relation, chosen, wish, self._wishes)
        return name if key == name else Leaf(key, name)

    def _functions(self, home: str, key: str, word: str, nodes: Sequence[FieldNode]) -> Inner:
        field = words("graphql", home).get(word)
        named = "datetime_functions" if field is not None and field.kind == "timestamp" else "count_functions"
        found = self._operation.gather(sets_of(nodes))
        chosen = [
            Constant(inner, named)
            if asked[0].name.value == TYPENAME
            else Leaf(inner, word, asked[0].name.value)
            for inner, asked in found.items()
        ]
        return Inner(key, tuple(chosen))

    def _wish(self, home: str, relation: Relation, node: FieldNode) -> Wish:
        if not relation.many and not node.arguments:
            return Wish()
        asked = self._operation.arguments(home, node)
        return self._wisher(query_of(relation.target, asked, "_"), relation.target)


def sets_of(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    """The selections of fields that are one in the answer."""
    return [node.selection_set for node in nodes if node.selection_set is not None]
