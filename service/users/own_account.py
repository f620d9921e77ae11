"""What a person sees of their own account: how they can sign in, and where they have."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select

from service.database import Transaction
from service.database.tables import users
from service.users import last_way, passkeys, recovery_codes, session_list, sign_in, ways_in
from service.users.last_way import Open
from service.users.model import ACTIVE, LOCAL, Caller
from service.users.problems import Forbidden
from service.users.rows import Row
from service.users.sign_in import Proof

_SHOWN: Final = ("email", "provider", "password_hash", "tfa_secret", "connection")
_SELF: Final = select(*(users.c[name] for name in _SHOWN)).where(
    users.c.project == bindparam("project"), users.c.id == bindparam("user"), users.c.status == ACTIVE
)


class OwnAccount(msgspec.Struct, frozen=True):
    """`takes_password`: whether one of ours is how they sign in, or would be. `app`, `passkeys`: what is
    asked for beside a password; `codes`: how many recovery codes are left. `proof`: what it takes to change a
    way in. The lists are as REST has them; `removable` are the ids of the identities that may go."""

    email: str | None
    takes_password: bool
    has_password: bool
    app: bool
    passkeys: int
    codes: int
    proof: Proof
    identities: list[dict[str, Any]]
    removable: frozenset[str]
    sessions: list[dict[str, Any]]


async def look(tx: Transaction, caller: Caller, open_: Open) -> OwnAccount:
    """The caller's account, given what people may sign in with now. Raises Forbidden when it has gone."""
    found = await tx.row(_SELF, project=caller.project, user=caller.user)
    if found is None:
        raise Forbidden
    row = dict(zip(_SHOWN, found, strict=True))
    user, takes_password = str(caller.user), open_.local and row["provider"] == LOCAL
    identities = await ways_in.look(tx, caller, user)
    keys = await passkeys.number(tx, caller.project, user)
    return OwnAccount(
        email=row["email"],
        takes_password=takes_password,
        has_password=takes_password and row["password_hash"] is not None,
        app=row["tfa_secret"] is not None,
        passkeys=keys,
        codes=await recovery_codes.number(tx, caller.project, user),
        proof=await sign_in.proof(tx, caller),
        identities=identities,
        removable=frozenset(one["id"] for one in identities if _may_go(row, open_, one, identities, keys)),
        sessions=await session_list.look(tx, caller, user),
    )


def _may_go(row: Row, open_: Open, one: Row, all_: Sequence[Row], keys: int) -> bool:
    left = {other["provider"] for other in all_ if other["id"] != one["id"]}
    return last_way.stays(row, open_, primary=one["primary"], left=left, passkeys=keys) is None
