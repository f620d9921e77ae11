"""What filters are once they are read: shapes, hashable and without values, as statements are built for."""

from collections.abc import Sequence
from typing import Literal

import msgspec


class Term(msgspec.Struct, frozen=True):
    """One condition: the field and operator by our own names, and the number of its first value.

    `folded`: upper and lower case are one, and the value has been folded already. `relations` lead to the row
    that has the field; `function` is asked of it. `ours` as in a Path. `subject` is a path from the caller's
    own row to what takes the place of the value, in rules.
    """

    field: str
    operator: str
    first: int
    folded: bool = False
    relations: tuple[str, ...] = ()
    function: str | None = None
    ours: bool = False
    subject: tuple[str, ...] = ()


class Joined(msgspec.Struct, frozen=True):
    """Conditions of which all or any have to hold."""

    how: Literal["and", "or"]
    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True):
    """A condition that must not hold."""

    part: "Node"


class Some(msgspec.Struct, frozen=True):
    """At least one of the rows that a relation to many leads to has to satisfy a condition; or none may.

    Inside, relations begin at those rows. Without a part, any row does.
    """

    word: str
    part: "Node | None"
    none: bool = False
    relations: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """A condition on a text at a path of names in the row's document; inside Among, in one of its entries."""

    path: tuple[str, ...]
    operator: str
    first: int
    folded: bool = False


class Among(msgspec.Struct, frozen=True):
    """One of the values of an attribute with several satisfies a condition; without a part, any does."""

    path: tuple[str, ...]
    part: "Node | None" = None


class Keyed(msgspec.Struct, frozen=True):
    """An equality that a table of its own answers by an index; `name` is a row of `conditions.KEYED`."""

    name: str
    first: int


class Own(msgspec.Struct, frozen=True):
    """The file is the caller's own, or shows them: no filter of a language says this."""


Node = Term | Joined | Not | Some | Held | Among | Keyed | Own


def joined(how: Literal["and", "or"], nodes: Sequence[Node | None]) -> Node | None:
    parts = [node for node in nodes if node is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Joined(how, tuple(parts))
