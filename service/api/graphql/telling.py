"""One subscription: its document, and what of all that happens its subscriber is told."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from graphql import FieldNode, GraphQLError, OperationType, get_argument_values

from service.api import answers
from service.api.calls import Call
from service.api.graphql.answering import Request, unread
from service.api.graphql.asking import Asking, Budget
from service.api.graphql.rows import ROOMS
from service.api.graphql.views import view
from service.api.graphql.within import ask
from service.dialects import problems as table
from service.dialects import rules
from service.dialects.dialect import COLLECTIONS, word_of
from service.dialects.graphql import documents
from service.dialects.graphql.bounds import BadDocument
from service.dialects.graphql.choosing import TYPENAME, Operation, Selected, sets_of
from service.dialects.graphql.roots import EVENTS, Root
from service.dialects.parts import Chosen, Leaf
from service.users.recent import Deed

MOST_WAITING: Final = 10_000  # deeds; a client that falls behind by more is let go
_REMEMBERED: Final = 1_000  # rows of which one is told that they are gone who may not read all
_PAGE: Final = 100  # rows that are asked for at once
_KEY: Final = Leaf("0", "id", ours=True)  # under a name that no document can have given
_NOT_HERE: Final = "Subscriptions alone are answered over a WebSocket; send queries and mutations by HTTP."


class Behind(Exception):
    """More waits for the client than is kept."""


class Plan(msgspec.Struct, frozen=True, eq=False):
    """A subscription that is valid for the caller as they are now."""

    root: Root
    key: str  # of its field in the answer
    fields: Selected
    event: str | None
    chosen: Chosen

    @property
    def own(self) -> str:
        """The collection, as the activity calls it."""
        return COLLECTIONS[self.root.type.removesuffix("_mutated")].own

    def wanted(self, happened: Mapping[str, Sequence[Deed]]) -> Sequence[Deed]:
        """What of all that happened, by collection, it is about."""
        actions = EVENTS if self.event is None else (self.event,)
        return [deed for deed in happened.get(self.own, ()) if deed.action in actions]

    def result(self, deed: Deed, row: Mapping[str, object] | None) -> Mapping[str, object]:
        """What is told of a deed."""
        values = {"key": deed.item, "event": deed.action, "data": row, TYPENAME: self.root.type}
        told = {key: values[nodes[0].name.value] for key, nodes in self.fields.items()}
        return {"data": {self.key: told}}


async def plan(call: Call, asked: Request) -> Plan:
    """What a document asks to be told. Raises BadDocument, Problem."""
    seen = await view(call)
    document = documents.read(seen, asked.query)
    operation = document.operation(asked.operation)
    if operation.operation is not OperationType.SUBSCRIPTION:
        raise BadDocument([GraphQLError(_NOT_HERE, operation)])
    variables = document.variables(operation, asked.variables)
    reader = Operation(document.sheet.schema, document.fragments, variables)
    # One field, says the specification (5.2.4.1); by a directive there may be none.
    found = list(reader.gather([operation.selection_set]).items())
    if len(found) != 1 or found[0][1][0].name.value not in document.sheet.roots:
        raise BadDocument([GraphQLError("A subscription has one field.", operation)])
    key, nodes = found[0]
    root = document.sheet.roots[nodes[0].name.value]
    field = reader.home(OperationType.SUBSCRIPTION).fields[root.name]
    try:
        arguments = get_argument_values(field, nodes[0], variables)
    except GraphQLError as error:
        raise BadDocument([error]) from None
    fields = reader.gather(sets_of(nodes))
    asking = Asking(call, root, _data(fields), reader, arguments, Budget())
    chosen = asking.chosen() if asking.nodes else Chosen(())
    return Plan(root, key, fields, arguments.get("event"), Chosen((_KEY, *chosen.parts), chosen.wishes))


def _data(fields: Selected) -> Sequence[FieldNode]:
    asked = [nodes for nodes in fields.values() if nodes[0].name.value == "data"]
    if len(asked) > 1:
        raise BadDocument([GraphQLError("'data' may be asked once in a subscription.", asked[1])])
    return asked[0] if asked else ()


class Subscription:
    """What one subscriber asked for, and what waits to be told; `plan` is made anew each time one is told."""

    def __init__(self, asked: Request, first: Plan) -> None:
        self._asked = asked
        self._plan = first
        self._waiting: list[Deed] = []
        self._told: dict[str, None] = {}  # items that the subscriber has been shown

    def take(self, happened: Mapping[str, Sequence[Deed]]) -> None:
        """Keep what this is about, of what happened by collection. Raises Behind."""
        self._waiting += self._plan.wanted(happened)
        if len(self._waiting) > MOST_WAITING:
            raise Behind

    def clear(self) -> None:
        """Let go of what waits."""
        self._waiting.clear()

    async def next(self, call: Call) -> list[Mapping[str, object]]:
        """The results for some of what waits, as the caller may see it now; none when nothing waits.

        Of rows that they may not read, or that have gone meanwhile, nothing is said.
        """
        deeds, self._waiting = self._waiting[:_PAGE], self._waiting[_PAGE:]
        if not deeds:
            return []
        self._plan = await plan(call, self._asked)
        items = {deed.item: None for deed in deeds if deed.action != "delete"}
        rows = await self._rows(call, items)
        whole = await self._sees_all(call)
        if not whole:
            self._remember([item for item in items if item in rows])
        results = []
        for deed in deeds:
            if deed.action == "delete":
                if self._forget(deed.item) or whole:
                    results.append(self._plan.result(deed, None))
            elif deed.item in rows:
                results.append(self._plan.result(deed, rows[deed.item]))
        return results

    @property
    def waits(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._waiting)

    def _remember(self, items: Sequence[str]) -> None:
        self._told |= dict.fromkeys(items)
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]

    def _forget(self, item: str) -> bool:
        """Whether the subscriber has been shown this item, which is gone."""
        known = item in self._told
        self._told.pop(item, None)
        return known

    async def _sees_all(self, call: Call) -> bool:
        """Whether the caller may read every row: then they may know of each that it is gone."""
        limits = rules.of(await call.caller())
        return limits is None or any(grant.where is None for grant in limits.grants("read", self._plan.own))

    async def _rows(self, call: Call, items: Mapping[str, None]) -> dict[str, Mapping[str, object]]:
        if not items:
            return {}
        most = call.house.terms.most_rows
        page = _PAGE if most is None else max(1, min(_PAGE, most))
        keys, found = list(items), {}
        name = self._plan.own
        for first in range(0, len(keys), page):
            some = keys[first : first + page]
            query = {"filter": {"id": {"_in": some}}, "limit": len(some), "fields": self._plan.chosen}
            raw = answers.told(await ask(call, ROOMS[name].list, f"/{name}", query=query))
            for row in msgspec.json.decode(raw or b"[]"):
                if (key := row.pop(_KEY.key)) is not None:  # whoever may not read keys is not told of them
                    found[str(key)] = row
        return found


def errors(problem: Exception) -> list[Mapping[str, object]]:
    """What a subscription that cannot be, or cannot go on, ends with."""
    if isinstance(problem, BadDocument):
        return [unread(problem.errors)]
    problem = answers.foreseen(problem)
    field = word_of("graphql", "directus_users", getattr(problem, "field", ""))
    cell, message, extras = table.told(problem, "graphql", field, "directus_users")
    return [{"message": message, "extensions": {"code": cell.code, **extras}}]
