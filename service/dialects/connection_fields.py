"""The field table of connections: their terms, their tokens, and the log of what they asked."""

from typing import Final

from service.dialects.fields import Cell, Field, Guard
from service.users.model import CONNECTION_ATTRIBUTES, Kind

NAMED: Final = "directus_connections"


def _row(name: str, kind: Kind, *, guard: Guard = "server", references: str | None = None) -> Field:
    """The words of these are the columns' own. GraphQL does not speak of them: its schema is the documented
    one."""
    return Field(name, kind, name, guard, {"rest10": Cell(name)}, references=references)


def _term(name: str) -> Field:
    kind = CONNECTION_ATTRIBUTES[name].kind
    guard: Guard = "server" if name == "id" else "secret" if kind == "hash" else "open"
    references = "directus_roles" if name == "default_role" else None
    return _row(name, kind, guard=guard, references=references)


CONNECTIONS: Final[tuple[Field, ...]] = (
    *map(_term, CONNECTION_ATTRIBUTES),
    _row("created_at", "timestamp"),
)

CONNECTION_TOKENS: Final[tuple[Field, ...]] = (
    _row("id", "uuid"),
    _row("connection", "uuid", references=NAMED),
    _row("kind", "string"),
    _row("name", "string"),
    _row("hint", "string"),
    _row("created_at", "timestamp"),
    _row("expires_at", "timestamp"),
    _row("last_used_at", "timestamp"),
)

SYNC_LOG: Final[tuple[Field, ...]] = (
    _row("id", "uuid"),
    _row("connection", "uuid", references=NAMED),
    _row("at", "timestamp"),
    _row("method", "string"),
    _row("path", "text"),
    _row("status", "integer"),
    _row("failed", "boolean"),
    _row("duration", "integer"),
    _row("dry_run", "boolean"),
    _row("changed", "json"),
    _row("request", "text"),
    _row("answer", "text"),
    _row("advice", "text"),
    _row("ip", "string"),
    _row("request_id", "string"),
)
