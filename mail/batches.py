"""Many rows in one statement: it holds their values by name and place, and is kept for a few sizes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Table, bindparam, select, true, union_all

MOST = 64  # rows in one statement; a power of two
T = TypeVar("T")


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut them into powers of two: seven sizes serve for any number.

    >>> [len(part) for part in parts(range(70))]
    [64, 4, 2]
    """
    begun, size = 0, MOST
    while begun < len(items):
        while size > len(items) - begun:
            size //= 2
        yield items[begun : begun + size]
        begun += size


def rows(table: Table, names: Sequence[str], number: int) -> CompoundSelect[Any]:
    """So many rows of these columns, whose values are passed as `values` names them."""
    return union_all(
        *(
            # The condition tells SQLite's parser that what follows an INSERT's SELECT is no join: "Parsing
            # Ambiguity" in https://www.sqlite.org/lang_upsert.html.
            select(
                *(bindparam(f"{name}_{place}", type_=table.c[name].type).label(name) for name in names)
            ).where(true())
            for place in range(number)
        )
    )


def values(given: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The values of these rows: `id_0`, `id_1` ..."""
    return {f"{name}_{place}": value for place, row in enumerate(given) for name, value in row.items()}
