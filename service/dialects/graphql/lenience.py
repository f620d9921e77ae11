"""Where we take more than the schema says: a row is named by its key alone, and a link is read bare.

The documented examples write `role: "uuid"` where the type is an input object, and select `role` without
braces; both are rewritten or let through here, so that the schema stays what clients generate code from.
"""

from typing import Any

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)
from graphql.language import DocumentNode
from graphql.validation import ScalarLeafsRule, VariablesInAllowedPositionRule

from service.dialects.dialect import COLLECTIONS
from service.dialects.relations import relations

_KEYS = frozenset({"String", "ID"})


def is_link(kind: object) -> bool:
    """Whether values of an input type are rows, which a key can stand for."""
    named = get_named_type(kind)  # type: ignore[call-overload]  # any type, or None
    return (
        isinstance(named, GraphQLInputObjectType) and "id" in named.fields and named.name.endswith("_input")
    )


class _Linking(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def enter_string_value(self, node: StringValueNode, *_: Any) -> ObjectValueNode | None:
        if not is_link(self._types.get_input_type()):
            return None
        key = ObjectFieldNode(name=NameNode(value="id"), value=node, loc=node.loc)
        return ObjectValueNode(fields=(key,), loc=node.loc)


def link(schema: GraphQLSchema, document: DocumentNode) -> DocumentNode:
    """The document with `{id: "..."}` wherever a key stands in the place of a row."""
    types = TypeInfo(schema)
    linked: DocumentNode = visit(document, TypeInfoVisitor(types, _Linking(types)))
    return linked


def link_value(kind: GraphQLInputType, value: object) -> object:
    """The value of a variable, keys made objects in the same way."""
    if isinstance(kind, GraphQLNonNull):
        return link_value(kind.of_type, value)
    if isinstance(kind, GraphQLList):
        return [link_value(kind.of_type, one) for one in value] if isinstance(value, list) else value
    if not isinstance(kind, GraphQLInputObjectType):
        return value
    if isinstance(value, str) and is_link(kind):
        return {"id": value}
    if not isinstance(value, dict):
        return value
    fields = kind.fields
    return {
        name: link_value(fields[name].type, one) if name in fields else one for name, one in value.items()
    }


class Leaves(ScalarLeafsRule):
    """Objects need a selection, unless they are the end of a relation: bare, it is the key."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Check one field."""
        parent = self.context.get_parent_type()
        home = parent.name if parent is not None else ""
        if (
            node.selection_set is None
            and home in COLLECTIONS
            and node.name.value in relations("graphql", home)
        ):
            return
        super().enter_field(node)


class Positions(VariablesInAllowedPositionRule):
    """Variables fit where they stand; one that is a key fits where a row is wanted."""

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_: Any) -> None:
        """Check the variables of one operation."""
        for usage in self.context.get_recursive_variable_usages(operation):
            name = usage.node.name.value
            defined = self.var_def_map.get(name)
            if defined is None or not is_link(usage.type):
                continue
            kind = get_named_type(type_from_ast(self.context.schema, defined.type))
            if getattr(kind, "name", None) in _KEYS:
                self.var_def_map.pop(name)
        super().leave_operation_definition(operation)
