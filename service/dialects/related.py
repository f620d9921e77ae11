"""What relations lead to, where it is asked for apart: one statement for all the rows of a level."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from service.database import Transaction
from service.dialects import conditions, statements
from service.dialects.parts import Wish
from service.dialects.selections import Nest, Row, Selection, selection
from service.dialects.statements import MOST_RELATED, Shape
from service.users.problems import BadQuery

ALL: Final = 2**62  # rows: more than there are


class Level(msgspec.Struct):
    """The question of some rows: its shape and its values, and the wishes of every branch below."""

    shape: Shape
    values: Mapping[str, object]
    wishes: Sequence[Wish]


async def items(tx: Transaction, level: Level, chosen: Selection, found: Sequence[Row]) -> list[object]:
    """The objects of rows, with what their relations lead to. Raises BadQuery for too many."""
    made, _ = await _made(tx, level, chosen, found)
    return made


async def _made(
    tx: Transaction, level: Level, chosen: Selection, found: Sequence[Row]
) -> tuple[list[object], list[int]]:
    """The objects of rows, and how many related ones each of them holds.

    One row may be in many objects, and is counted in each: this is what the answer will hold.
    """
    nested: dict[int, Mapping[str, list[object]]] = {}
    sizes = [0] * len(found)
    for nest in chosen.nests:
        nested[nest.number], held = await _nested(tx, level, nest, found)
        sizes = [size + held.get(row[nest.place], 0) for size, row in zip(sizes, found, strict=True)]
        if sum(sizes) > MOST_RELATED:
            raise BadQuery(f"An answer holds at most {MOST_RELATED} related rows")
    return chosen.items(found, nested), sizes


async def _nested(
    tx: Transaction, level: Level, nest: Nest, found: Sequence[Row]
) -> tuple[Mapping[str, list[object]], Mapping[str, int]]:
    """What a relation leads to, by the keys that it is asked with, and how many rows that is."""
    branch, parents = nest.branch, {row[nest.place] for row in found} - {None}
    of: dict[str, list[object]] = {}
    held: dict[str, int] = {}
    if not parents:
        return of, held
    below = _below(level, nest, sorted(parents))
    rows = await statements.rows(below.shape, tx.kind).rows(tx, below.values)
    chosen = selection(below.shape.language, below.shape.collection, below.shape.chosen)
    made, sizes = await _made(tx, below, chosen, [row[1:] for row in rows])
    for row, item, size in zip(rows, made, sizes, strict=True):
        of.setdefault(row[0], []).append(item if branch.parts else row[1])
        held[row[0]] = held.get(row[0], 0) + 1 + size
    return of, held


def _below(level: Level, nest: Nest, parents: Sequence[str]) -> Level:
    branch, wish, asked = nest.branch, level.wishes[nest.number], level.shape
    many = branch.relation.many
    callers = {name: value for name, value in level.values.items() if name.startswith("caller_")}
    values, keyed = conditions.asked(wish.operands, wish.search)
    page = {
        "limit": wish.limit if many and wish.limit is not None else ALL,
        "offset": wish.offset if many else 0,
    }
    shape = Shape(
        asked.language,
        branch.relation.target,
        "all",
        branch.parts or ("id",),
        branch.where,
        branch.searched,
        keyed,
        sort=branch.sort,
        of=branch.relation.column if many else "id",
        rules=asked.rules,
    )
    return Level(shape, {**callers, **values, **page, "parents": parents}, level.wishes)
