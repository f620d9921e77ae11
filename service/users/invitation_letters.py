"""The letters that invitations owe: a row each, in the same commit, with what the template needs to say."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, select

from mail.contract import Owed
from service.database import Transaction, new_key
from service.database.tables import projects, users
from service.users.model import Caller
from service.users.outbox import INVITATION, OUTBOX

_inviter = users.alias("inviter")
_HOST: Final = (
    select(projects.c.title, _inviter.c.first_name, _inviter.c.last_name, _inviter.c.email)
    .join_from(
        projects,
        _inviter,
        and_(_inviter.c.project == projects.c.name, _inviter.c.id == bindparam("user")),
        isouter=True,
    )
    .where(projects.c.name == bindparam("project"))
)


async def post(tx: Transaction, caller: Caller, invited: Sequence[Mapping[str, Any]]) -> None:
    """Owe a letter for each; what it needs to say is in it, but never the token."""
    host = await tx.row(_HOST, project=caller.project, user=caller.user) or (caller.project, None, None, None)
    title, first_name, last_name, email = host
    inviter = " ".join(filter(None, (first_name, last_name))) or email
    for row in invited:
        data = {
            "invitation": row["id"],
            "email": row["email"],
            "inviter": inviter,
            "project": title,
            "url": row["url"],
            "issued_at": row["issued_at"],
            "expires_at": row["expires_at"],
        }
        letter = Owed(
            id=new_key(),
            project=caller.project,
            kind=INVITATION,
            reference=row["id"],
            recipient=row["email"],
            created_at=row["issued_at"],
            expires_at=row["expires_at"],
            data=data,
        )
        await OUTBOX.post(tx, letter)
