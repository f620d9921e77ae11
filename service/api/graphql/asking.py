"""One root field of a document: its arguments, its selection, and what becomes of the room's answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    get_named_type,
    get_nullable_type,
)

from service.api.answers import Answer
from service.api.calls import Call
from service.api.parameters import Parameters
from service.api.query_string import Tree
from service.dialects.graphql.choosing import TYPENAME, Choice, Operation, sets_of
from service.dialects.graphql.roots import Root
from service.dialects.parts import Chosen
from service.users.model import Caller
from service.users.problems import BadQuery


class Budget(msgspec.Struct):
    """How many rows the lists of one document may still hold."""

    left: int = 100_000

    def bound(self, query: Tree, default: int) -> None:
        """Puts a limit to a list that asks for all; `spend` then sees if there was more."""
        limit = query.get("limit", default)
        if limit == -1 or (isinstance(limit, int) and limit > self.left):
            query["limit"] = self.left + 1
            query.pop("page", None)

    def spend(self, query: Tree, default: int, rows: msgspec.Raw | None) -> None:
        """Takes the rows of a list from what is left. Raises BadQuery when there are too many."""
        limit = query.get("limit", default)
        count = limit if isinstance(limit, int) else default
        if count > self.left:
            count = len(msgspec.json.decode(rows or b"[]", type=list[msgspec.Raw]))
        if count > self.left:
            raise BadQuery(
                "The lists of this document hold too many rows; ask for pages of them with `limit`"
            )
        self.left -= count


class Asking(msgspec.Struct, eq=False):
    """A field of Query or Mutation that is to be answered; `headers` collects what the rooms set."""

    call: Call
    root: Root
    nodes: Sequence[FieldNode]
    operation: Operation
    arguments: Mapping[str, Any]
    budget: Budget
    headers: list[tuple[str, str]] = []

    @property
    def collection(self) -> str:
        """The collection that the field is about."""
        return self.root.collection or "directus_users"

    def chosen(self) -> Chosen:
        """What is selected of the rows."""
        caller = Caller(self.call.project)
        parameters = Parameters(self.call, caller, self.collection, {})
        return Choice(self.operation, parameters.wish).choose(self.collection, self.nodes)

    def keep(self, answer: Answer) -> Answer:
        """The answer, whose cookies become those of ours."""
        self.headers += [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in answer.raw
            if name == b"set-cookie"
        ]
        return answer

    def pruned(self, value: object) -> object:
        """Of a value that no table describes, what is selected."""
        kind = self._type.fields[self.root.name].type
        return self._prune(kind, value, self.nodes)

    @property
    def _type(self) -> GraphQLObjectType:
        return self.operation.home(OperationType(self.root.home))

    def _prune(self, kind: GraphQLOutputType, value: object, nodes: Sequence[FieldNode]) -> object:
        if value is None:
            return None
        bare, named = get_nullable_type(kind), get_named_type(kind)
        if isinstance(bare, GraphQLList) and isinstance(value, list):
            return [self._prune(bare.of_type, one, nodes) for one in value]
        if not isinstance(named, GraphQLObjectType) or not isinstance(value, Mapping):
            return str(value) if getattr(named, "name", "") == "GraphQLBigInt" else value
        return {
            key: named.name
            if asked[0].name.value == TYPENAME
            else self._prune(named.fields[asked[0].name.value].type, value.get(asked[0].name.value), asked)
            for key, asked in self.operation.gather(sets_of(nodes)).items()
        }
