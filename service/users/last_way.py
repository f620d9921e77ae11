"""Nobody is locked out: before a way to sign in goes, another has to be left."""

from collections.abc import Collection
from typing import Final

import msgspec

from service.users.model import LOCAL
from service.users.problems import Unprocessable
from service.users.rows import Row

_LAST: Final = "This is the last way to sign in; add another one first"


class Open(msgspec.Struct, frozen=True):
    """What people may sign in with now: passwords and passkeys of ours, and the providers by name."""

    local: bool
    providers: Collection[str]


def stays(row: Row, open_: Open, *, primary: bool, left: Collection[str], passkeys: int) -> str | None:
    """Why an identity of this user has to stay, None when it may go.

    `primary`: it is the one that the user's own fields show; `left` are the providers of the others.
    """
    others = set(left) & set(open_.providers)
    if not is_open(row, open_, providers=others, passkeys=passkeys):
        return _LAST
    if primary and (row["connection"] is not None or not others):
        return "This identity says where the user came from, and no other can take its place"
    return None


def check(row: Row, open_: Open, *, providers: Collection[str], passkeys: int) -> None:
    """That this user can still sign in with these providers and so many passkeys. Raises Unprocessable."""
    if not is_open(row, open_, providers=providers, passkeys=passkeys):
        raise Unprocessable(_LAST)


def is_open(row: Row, open_: Open, *, providers: Collection[str], passkeys: int) -> bool:
    """Whether this user can sign in with a password, these providers or so many passkeys."""
    by_password = row["provider"] == LOCAL and row["password_hash"] is not None
    by_passkey = passkeys > 0 and row["connection"] is None
    return (open_.local and (by_password or by_passkey)) or bool(set(providers) & set(open_.providers))
