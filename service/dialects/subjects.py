"""What the caller's own row says, for rules that speak of it: `$CURRENT_USER.title`, `$CURRENT_ROLE.name`."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from sqlalchemy import select

from service.database import Transaction
from service.database.shapes import Kind as DatabaseKind
from service.dialects import paths
from service.dialects.asking import Asking, taking
from service.dialects.dialect import EVERY
from service.dialects.paths import Path
from service.dialects.sight import Sight
from service.users.model import Caller, Kind

_USERS: Final = "directus_users"
_TEXTS: Final[frozenset[Kind]] = frozenset({"string", "text"})
_BEFORE: Final[Mapping[str, str]] = {"$CURRENT_USER.": "", "$CURRENT_ROLE.": "role."}


def named(value: object) -> str | None:
    """The path from the caller's own row that a variable names; None for what is no such variable."""
    for variable, before in _BEFORE.items():
        if isinstance(value, str) and value.startswith(variable):
            return before + value.removeprefix(variable)
    return None


def read(path: str) -> tuple[Path, Kind]:
    """A path from the caller's own row, and the kind of its values. Raises BadQuery."""
    return paths.read("rest10", _USERS, path)


def alike(kind: Kind, other: Kind) -> bool:
    """Whether values of the two kinds can stand for each other."""
    return kind == other or {kind, other} <= _TEXTS


async def told(tx: Transaction, caller: Caller, asked: Mapping[str, Path]) -> dict[str, object]:
    """What the row says at these paths, by their names; nothing of whoever is not signed in."""
    asking = _asking(tuple(asked.values()), tx.kind)
    row = await asking.row(tx, {"caller_project": caller.project, "caller_user": caller.user})
    return {} if row is None else dict(zip(asked, row, strict=True))


@lru_cache(64)
def _asking(asked: tuple[Path, ...], kind: DatabaseKind) -> Asking:
    own = Sight("rest10", _USERS, "own", kind, EVERY[_USERS].table.alias())
    columns = [own.valued(path).label(f"c{place}") for place, path in enumerate(asked)]
    return taking(select(*columns).select_from(own.source).where(own.allowed), kind)
