"""A question about a collection: its shape becomes one SQLAlchemy statement, its values only ever binds."""

from collections.abc import Sequence
from itertools import chain
from typing import Final, cast

import msgspec

from providers.scim.schema import Resource
from service.database import Transaction
from service.dialects import access_paths, conditions, related, rules, statements
from service.dialects.fields import Language
from service.dialects.nodes import Node
from service.dialects.parts import Order, Part, Wish
from service.dialects.related import ALL, Level
from service.dialects.rules import Rules
from service.dialects.selections import Row, Selection, selection
from service.dialects.statements import Shape
from service.dialects.summaries import Summary, summed
from service.users import access
from service.users.access import Scope
from service.users.model import Caller
from service.users.problems import Forbidden

__all__ = [
    "ALL",
    "Question",
    "Row",
    "Shape",
    "again",
    "ask",
    "bare",
    "bounded",
    "count",
    "items",
    "resource",
    "resources",
    "row",
    "rows",
]


class Question(msgspec.Struct):
    """A shape and its values, some of which a statement may not need; `wishes` are those of its branches.

    With a summary it asks for sums over the rows and not for the rows.
    """

    shape: Shape
    values: dict[str, object]
    wishes: Sequence[Wish] = ()
    summary: Summary | None = None
    single: bool = False  # the first row is the answer

    @property
    def selection(self) -> Selection:
        """What turns the rows into objects of the language."""
        return selection(self.shape.language, self.shape.collection, self.shape.chosen)


def ask(
    caller: Caller,
    language: Language,
    collection: str,
    chosen: tuple[Part, ...],
    *,
    where: Node | None = None,
    operands: Sequence[object] | None = None,
    search: str | None = None,
    key: str | int | None = None,
    sort: Order = (),
    limit: int | None = None,
    offset: int = 0,
    scope: Scope | None = None,
    wishes: Sequence[Wish] = (),
    summary: Summary | None = None,
) -> Question:
    """A question of this caller: only what their scope, or the rules of their role, hold is in its answer.

    Raises Forbidden where that is nothing.
    """
    limits = rules.of(caller)
    if scope is None:
        scope = _scope(caller, collection, limits)
    elif limits is not None:
        scope = Scope(scope.kind, {**limits.values(caller), **scope.values})
    more, keyed = conditions.asked(operands or (), search) if operands or search else ({}, False)
    values = {**scope.values, **more}
    if key is not None:
        values["key"] = key
    if limit is not None:
        values |= {"limit": limit, "offset": offset}
    shape = Shape(
        language, collection, scope.kind, chosen, where, bool(search), keyed, key is not None, sort,
        limit is not None, rules=limits,
    )  # fmt: skip
    if limit is not None and summary is None:
        shape = _placed(shape, limit, offset)
    return Question(shape, values, wishes, summary)


def _placed(shape: Shape, limit: int, offset: int) -> Shape:
    """The shape of a page as it is best looked for where it lies."""
    if shape.by_id or limit > _SHORT or access_paths.is_found(shape):
        return shape
    if shape.sort or offset > _SHORT:
        return msgspec.structs.replace(shape, remote=True)
    plain = shape.where is None and not shape.searched and shape.rules is None
    return msgspec.structs.replace(shape, reach=access_paths.reach(limit + offset)) if plain else shape


def bare(asked: Question) -> Question:
    """A question without what its caller is."""
    values = {name: value for name, value in asked.values.items() if not name.startswith("caller_")}
    return msgspec.structs.replace(asked, values=values)


def again(caller: Caller, asked: Question) -> Question:
    """A bare question as another caller asks it, under the same rules. Raises Forbidden as `ask` does."""
    shape = asked.shape
    scope = _scope(caller, shape.collection, shape.rules)
    return Question(shape, {**scope.values, **asked.values}, asked.wishes, asked.summary, asked.single)


def _scope(caller: Caller, collection: str, limits: Rules | None) -> Scope:
    if limits is None:
        return access.scope(caller)
    if not limits.reads(collection):
        raise Forbidden
    return Scope("all", limits.values(caller))


_SHORT: Final = 1000  # rows of a page, and ten times as many passed over, that no other reader notices


def bounded(question: Question) -> bool:
    """Whether the answer costs little however large the table is, so that it may run among point reads."""
    shape, values = question.shape, question.values
    found = access_paths.is_found(shape)
    if (
        question.summary
        or question.wishes
        or (shape.rules is not None and not shape.by_id and not shape.rules.is_quick(shape.collection))
        or shape.searched
        or ((shape.sort or shape.where is not None) and not found)
    ):
        return False
    limit, offset = values.get("limit", 0), values.get("offset", 0)
    return isinstance(limit, int) and isinstance(offset, int) and limit <= _SHORT and offset <= 10 * _SHORT


async def rows(tx: Transaction, question: Question) -> list[Row]:
    """The rows of the answer, in its order."""
    return await statements.rows(question.shape, tx.kind).rows(tx, question.values)


async def row(tx: Transaction, question: Question) -> Row | None:
    """The one row of a question by key."""
    return await statements.rows(question.shape, tx.kind).row(tx, question.values)


def resource(question: Question, row: Row) -> Resource:
    """The SCIM resource of a row that was asked for."""
    return resources(question, [row])[0]


def resources(question: Question, rows: Sequence[Row]) -> list[Resource]:
    """The SCIM resources of rows that were asked for."""
    made = question.selection.items(rows)
    return cast("list[Resource]", made)  # that is what the selection of SCIM makes


async def items(tx: Transaction, question: Question) -> list[object]:
    """The objects of the answer, with what their relations lead to. Raises BadQuery for too many."""
    if question.summary is not None:
        return list(await summed(tx, question.shape, question.summary, question.values))
    shape, values = question.shape, question.values
    plan = statements.plan(shape, tx.kind)
    found = await plan.asking.rows(tx, values)
    if plan.written:
        return list(map(msgspec.Raw, chain.from_iterable(found)))
    if not plan.selection.nests:
        return plan.selection.items(found)
    return await related.items(tx, Level(shape, values, question.wishes), plan.selection, found)


async def count(tx: Transaction, question: Question, *, filtered: bool) -> int:
    """How many rows the caller may see, or of them the ones that the filter and the search let through."""
    shape = question.shape
    bare = msgspec.structs.replace(
        shape, chosen=(), sort=(), paged=False, reach=0, remote=False,
        where=shape.where if filtered else None,
        searched=shape.searched and filtered, keyed=shape.keyed and filtered,
    )  # fmt: skip
    found = await statements.counted(bare, tx.kind).row(tx, question.values)
    return int(found[0]) if found else 0
