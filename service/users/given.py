"""What callers give of users: values without asterisks, checked; whose address, and which user."""

from collections.abc import Mapping
from typing import Any, Final

from service.users.checks import check, is_uuid
from service.users.model import CONCEALED, SECRETS, Caller
from service.users.problems import Forbidden, Invalid
from service.users.rows import Row, fold

_KEPT_SECRETS: Final = frozenset(column for columns in SECRETS.values() for column in columns) - {
    "tfa_secret"
}


def said(given: Mapping[str, object]) -> Row:
    """The values without asterisks, which say unchanged."""
    if CONCEALED not in given.values():
        return dict(given)
    return {name: value for name, value in given.items() if value != CONCEALED}


def checked(given: Mapping[str, object]) -> Row:
    """The values as they are kept. Raises Invalid."""
    if given.get("tfa_secret") is not None:
        raise Invalid("tfa_secret", "by_hand")
    return {name: value if name in _KEPT_SECRETS else check(name, value) for name, value in given.items()}


def vouches(caller: Caller, email: Any) -> bool:
    """Whether a connection says that the address is the person's, and may say so of this domain."""
    return bool(email) and fold(email.rpartition("@")[2]) in caller.domains


def key_of(user: str) -> str:
    """A user's id in its one spelling; what is no id of ours names nobody. Raises Forbidden."""
    if not is_uuid(user):
        raise Forbidden
    return user.lower()
