"""One transaction at a time, for what counts over a whole project: each waits for its turn."""

from typing import Final

from sqlalchemy import bindparam, select

from service.database import Transaction
from service.database.tables import projects

# FOR NO KEY UPDATE: rows that refer to the project may be written meanwhile, other holders have to wait.
_HOLD: Final = (
    select(projects.c.name).where(projects.c.name == bindparam("project")).with_for_update(key_share=True)
)


async def hold_project(tx: Transaction, project: str) -> bool:
    """Let one transaction at a time through. False: there is no such project."""
    return await tx.row(_HOLD, project=project) is not None
