"""Nobody is locked out: before a way to sign in goes, another has to be left."""

from collections.abc import Collection

import msgspec

from service.users.model import LOCAL
from service.users.problems import Unprocessable
from service.users.rows import Row


class Open(msgspec.Struct, frozen=True):
    """What people may sign in with now: passwords and passkeys of ours, and the providers by name."""

    local: bool
    providers: Collection[str]


def check(row: Row, open_: Open, *, providers: Collection[str], passkeys: int) -> None:
    """That this user can still sign in with these providers and so many passkeys. Raises Unprocessable."""
    by_password = row["provider"] == LOCAL and row["password_hash"] is not None
    by_passkey = passkeys > 0 and row["connection"] is None
    if not (open_.local and (by_password or by_passkey)) and not set(providers) & set(open_.providers):
        raise Unprocessable("This is the last way to sign in; add another one first")
