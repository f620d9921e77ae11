"""A project's letterhead, as its row keeps it."""

from base64 import b64decode
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, select

from mail.letterhead import Letterhead
from service.database import Transaction
from service.database.tables import letterheads, projects

_columns = ("colour", "logo", "logo_type", "support", "language", "wording")
COLUMNS: Final = tuple(letterheads.c[name] for name in _columns)
_HEAD: Final = (
    select(projects.c.title, *COLUMNS)
    .join_from(projects, letterheads, letterheads.c.project == projects.c.name, isouter=True)
    .where(projects.c.name == bindparam("project"))
)


async def find(tx: Transaction, project: str) -> tuple[str | None, Letterhead]:
    """The project's title and what it has of its own."""
    found = await tx.row(_HEAD, project=project)
    return (found[0], made(found[1:])) if found else (None, Letterhead())


def made(row: tuple[Any, ...]) -> Letterhead:
    """The letterhead that these COLUMNS say."""
    values = dict(zip(_columns, row, strict=True))
    return Letterhead(**{**values, "logo": _picture(values["logo"]), "wording": values["wording"] or {}})


@lru_cache(maxsize=64)
def _picture(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
