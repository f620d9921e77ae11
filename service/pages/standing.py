"""Where an invitation stands, as its page tells it: the core's view, who invited, and what came after."""

from typing import Final, Literal

import msgspec
from sqlalchemy import and_, bindparam, exists, select

from service.database import Transaction
from service.database.tables import invitations, users
from service.users.invitation_states import Invitation, look

_newer = invitations.alias("newer")
_inviters = users.alias("inviters")
_MORE: Final = (
    select(
        _inviters.c.first_name,
        _inviters.c.last_name,
        invitations.c.used_at,
        exists().where(
            _newer.c.project == invitations.c.project,
            _newer.c.user == invitations.c.user,
            _newer.c.id > invitations.c.id,  # keys rise with time
        ),
    )
    .select_from(invitations)
    .outerjoin(
        _inviters,
        and_(_inviters.c.project == invitations.c.project, _inviters.c.id == invitations.c.invited_by),
    )
    .where(invitations.c.project == bindparam("project"), invitations.c.id == bindparam("id"))
)


class Standing(msgspec.Struct, frozen=True):
    """`state` is the core's, but that one which a newer took the place of is `replaced`."""

    invitation: Invitation
    state: Literal["open", "used", "replaced", "voided", "expired"]
    inviter: str
    used_at: str | None


async def standing(tx: Transaction, project: str, key: str) -> Standing | None:
    """How things stand with this invitation; None when there is none, or no longer. Changes nothing."""
    invitation = await look(tx, project, key)
    more = await tx.row(_MORE, project=project, id=key)
    if invitation is None or more is None:
        return None
    first, last, used_at, is_replaced = more
    return Standing(
        invitation=invitation,
        state="replaced" if invitation.state == "voided" and is_replaced else invitation.state,
        inviter=" ".join(part for part in (first, last) if part),
        used_at=used_at,
    )
