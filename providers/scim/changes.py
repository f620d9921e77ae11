"""One step of a PATCH, ready to be applied: what `planning` makes and `patch` takes."""

from dataclasses import dataclass
from typing import Literal

from providers.scim.expression import Expression
from providers.scim.path import Path
from providers.scim.schema import Target, Value

Op = Literal["add", "remove", "replace"]


@dataclass(frozen=True, slots=True)
class Change:
    """One step: `op` at `target`, for multi-valued attributes only at the values that `filter` selects.

    `value` None unassigns, except in `add` to a multi-valued attribute, where it adds nothing. The `remove`
    of a multi-valued attribute may carry a list: the values that have to go.
    """

    op: Op
    target: Target
    filter: Expression | None = None
    value: Value = None

    def __str__(self) -> str:
        return str(Path(self.target.path, self.filter))


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of one PATCH in their order, and the names that were dropped as no schema knows them."""

    changes: tuple[Change, ...]
    dropped: tuple[str, ...] = ()
