"""How an invitation stands: open, used, voided or expired. Looking at one changes nothing."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import and_, bindparam, select

from service.database import Transaction, now
from service.database.tables import invitations, projects, users
from service.users.model import INVITED
from service.users.rows import fold

State = Literal["open", "used", "voided", "expired"]

_SHOWN: Final = ("id", "user", "email", "issued_at", "expires_at", "used_at", "voided_at")
_OF_USER: Final = ("status", "email_key", "first_name", "provider")
_LOOK: Final = (
    select(*(invitations.c[name] for name in _SHOWN), *(users.c[name] for name in _OF_USER), projects.c.title)
    .select_from(invitations)
    .join(users, and_(users.c.project == invitations.c.project, users.c.id == invitations.c.user))
    .join(projects, projects.c.name == invitations.c.project)
    .where(invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id"))
)


class Invitation(msgspec.Struct, frozen=True):
    """One invitation as its page shows it; `project` is the project's title, `provider` the person's."""

    id: str
    user: str
    email: str
    issued_at: str
    expires_at: str
    state: State
    first_name: str | None
    provider: str
    project: str


async def look(tx: Transaction, project: str, jti: str) -> Invitation | None:
    """The invitation with this key, as it stands now; None when there never was one, or its user is gone."""
    found = await tx.row(_LOOK, project=project, id=jti)
    if found is None:
        return None
    row = dict(zip((*_SHOWN, *_OF_USER, "project"), found, strict=True))
    told = {name: row[name] for name in Invitation.__struct_fields__ if name != "state"}
    return Invitation(**told, state=state_of(row, now()))


def state_of(row: Mapping[str, Any], at: str) -> State:
    """The state of an invitation's row at a moment; with it come the `status` and `email_key` of its user."""
    if row["used_at"] is not None:
        return "used"
    if row["voided_at"] is not None or row["status"] != INVITED or row["email_key"] != fold(row["email"]):
        return "voided"
    return "expired" if row["expires_at"] <= at else "open"
