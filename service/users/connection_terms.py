"""The rules that the terms of a connection must meet, and how they are kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from service.database import Transaction
from service.users import networks, roles
from service.users.checks import check, is_email
from service.users.model import CONNECTION_ATTRIBUTES, LOCAL, Caller
from service.users.problems import Invalid, NoSuch
from service.users.rows import fold

_MOST_DAYS: Final = 3650
_MOST_RATE: Final = 100_000
_MOST_LISTED: Final = 1000


async def checked(tx: Transaction, caller: Caller, given: Mapping[str, object]) -> dict[str, Any]:
    """The terms as they are kept. Raises Invalid, and NoSuch("default_role")."""
    values = {name: check(name, value, CONNECTION_ATTRIBUTES) for name, value in given.items()}
    if values.get("provider", "x") in {LOCAL, ""}:
        raise Invalid("provider", "choice", limit="the names of identity providers")
    if values.get("name") == "":
        raise Invalid("name", "required")
    if values.get("default_role") is not None:
        try:
            await roles.administer(tx, caller.project, [str(values["default_role"])])
        except NoSuch as problem:
            raise NoSuch("default_role") from problem
    for name, rule in _RULES.items():
        if values.get(name) is not None:
            values[name] = rule(name, values[name])
    return values


def _domains(name: str, value: Any) -> list[str]:
    _few(name, value)
    found = [folded for domain in value if (folded := fold(domain.strip().lstrip("@")))]
    if not all(is_email(f"somebody@{domain}") for domain in found):
        raise Invalid(name, "type", detail="must be domains of e-mail addresses, such as example.com")
    return found


def _few(name: str, value: Sequence[object]) -> None:
    if len(value) > _MOST_LISTED:
        raise Invalid(name, "type", detail=f"must contain less than or equal to {_MOST_LISTED} items")


def _within(least: int, most: int) -> Callable[[str, int], int]:
    def rule(name: str, value: int) -> int:
        if not least <= value <= most:
            raise Invalid(name, "type", detail=f"must be between {least} and {most}")
        return value

    return rule


def _jwks(name: str, value: Any) -> dict[str, Any]:
    """A JWK Set (RFC 7517, 5) of public keys: a private one has no business here."""
    keys = value.get("keys") if isinstance(value, dict) else None
    if (
        not isinstance(keys, list)
        or not 0 < len(keys) <= 20
        or not all(isinstance(one, dict) for one in keys)
    ):
        raise Invalid(name, "type", detail='must be a JWK Set: {"keys": [...]} with one to twenty keys')
    if any(private in one for one in keys for private in ("d", "k", "p", "q")):
        raise Invalid(name, "type", detail="must hold public keys only")
    return {"keys": keys}


def _uri(name: str, value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(ord(character) <= 32 for character in value):
        raise Invalid(name, "type", detail="must be a valid uri")
    return value


def _header(name: str, value: str) -> str:
    """The value of a header (RFC 9110, 5.5), as `Bearer ...`."""
    if not value.strip() or not value.isascii() or not value.isprintable():
        raise Invalid(name, "type", detail="must be the value of a header such as Bearer ...")
    return value.strip()


_RULES: Final[Mapping[str, Callable[[str, Any], object]]] = {
    "domains": _domains,
    "networks": networks.checked,
    "rate": _within(1, _MOST_RATE),
    "log_days": _within(0, _MOST_DAYS),
    "jwks": _jwks,
    "jwks_uri": _uri,
    "events_url": _uri,
    "events_authorization": _header,
}
