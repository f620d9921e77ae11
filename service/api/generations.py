"""A REST generation is a value: its dialect, its envelope and its defaults, handed to one set of handlers."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from service.dialects.fields import Language
from service.users.model import LOCAL


class Generation(msgspec.Struct, frozen=True):
    """`limit` is the page size when none is asked for; `defaults` fill a user that it creates."""

    language: Language
    limit: int
    defaults: Mapping[str, object]
    lacking: Callable[[Mapping[str, object]], str | None]
    errors: Callable[[int, str | int | None, str, dict[str, object]], object]


def _lacking10(values: Mapping[str, object]) -> str | None:
    """An e-mail is needed, unless another provider answers for the user."""
    elsewhere = values.get("provider", LOCAL) != LOCAL and values.get("external_identifier")
    return None if values.get("email") or elsewhere else "email"


def _errors10(status: int, code: str | int | None, message: str, extras: dict[str, object]) -> object:
    return {"errors": [{"message": message, "extensions": {"code": code, **extras}}]}


GENERATION_10: Final = Generation(
    language="rest10",
    limit=100,
    defaults={"status": "active", "language": "en-US", "appearance": "auto"},
    lacking=_lacking10,
    errors=_errors10,
)
GRAPHQL: Final = msgspec.structs.replace(GENERATION_10, language="graphql")
