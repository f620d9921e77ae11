"""What a person sees of their own account: how they can sign in, and where they have."""

from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select

from service.database import Transaction
from service.database.tables import users
from service.users import session_list, sessions, ways_in
from service.users.model import ACTIVE, LOCAL, Caller
from service.users.problems import Forbidden

_SELF: Final = select(users.c.email, users.c.provider, users.c.password_hash, users.c.tfa_secret).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user"), users.c.status == ACTIVE
)


class OwnAccount(msgspec.Struct, frozen=True):
    """`fresh`: the person has proven minutes ago who they are. The lists are as REST has them."""

    email: str | None
    has_password: bool
    protected: bool
    fresh: bool
    identities: list[dict[str, Any]]
    sessions: list[dict[str, Any]]


async def look(tx: Transaction, caller: Caller) -> OwnAccount:
    """The caller's account. Raises Forbidden when it is there no more."""
    found = await tx.row(_SELF, project=caller.project, user=caller.user)
    if found is None:
        raise Forbidden
    email, provider, password_hash, tfa_secret = found
    user = str(caller.user)
    return OwnAccount(
        email=email,
        has_password=provider == LOCAL and password_hash is not None,
        protected=tfa_secret is not None,
        fresh=await sessions.is_fresh(tx, caller),
        identities=await ways_in.look(tx, caller, user),
        sessions=await session_list.look(tx, caller, user),
    )
