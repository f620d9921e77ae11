"""The field table of what happened: activity and revisions, in the words of generation 10."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from service.dialects.connection_fields import CONNECTIONS
from service.dialects.fields import FILES, ROLES, USERS, Cell, Field, Guard, Language
from service.users import model
from service.users.model import Kind

_COLLECTIONS: Final[Mapping[str, str]] = {
    name: f"directus_{name}"
    for name in (
        *(model.USERS, model.ROLES, model.FILES, model.PERMISSIONS, model.ACTIVITY, model.REVISIONS),
        model.CONNECTIONS,
    )
}
_OURS: Final[Mapping[str, str]] = {word: name for name, word in _COLLECTIONS.items()}
# History keeps attributes by our own names; what generation 10 has no word for, it is not told.
_WORDS: Final[Mapping[str, str]] = {
    **{
        field.name: field.cells["rest10"].word
        for field in (*USERS, *ROLES, *FILES, *CONNECTIONS)
        if "rest10" in field.cells and field.alias_of is None
    },
    **{name: name for name in model.PERMISSION_ATTRIBUTES},
    **{name: name for name in ("display_name", "members", "group_roles")},  # of groups and connections
}


def _collection(value: object) -> object:
    return _COLLECTIONS.get(value, value) if isinstance(value, str) else value


def _our_collection(value: object) -> object:
    return _OURS.get(value, value) if isinstance(value, str) else value


COLLECTION: Final = Cell("collection", load=_collection, dump=_our_collection)


def _told(value: Any) -> object:
    """The attributes in a revision under the words of generation 10, in the order of the field table."""
    kept = msgspec.json.decode(value)
    if not isinstance(kept, dict):
        return kept
    told = {word: kept[name] for name, word in _WORDS.items() if name in kept}
    return told if "collection" not in told else {**told, "collection": _collection(told["collection"])}


def _row(
    name: str,
    kind: Kind,
    *,
    load: Callable[[object], object] | None = None,
    references: str | None = None,
    cell: Cell | None = None,
    is_state: bool = False,
) -> Field:
    cell = cell or Cell(name, load=load)
    cells: Mapping[Language, Cell] = {"rest10": cell, "graphql": cell}
    guard: Guard = "server" if name == "id" else "open"
    return Field(name, kind, name, guard, cells, references=references, is_state=is_state)


_NAMED: Final = _row("collection", "string", cell=COLLECTION)

ACTIVITY: Final[tuple[Field, ...]] = (
    _row("id", "integer"),
    _row("action", "string"),
    _row("user", "uuid", references="directus_users"),
    _row("timestamp", "timestamp"),
    _row("ip", "string"),
    _row("user_agent", "string"),
    _NAMED,
    _row("item", "string"),
    _row("comment", "text"),
    _row("origin", "string"),
)

REVISIONS: Final[tuple[Field, ...]] = (
    _row("id", "integer"),
    _row("activity", "integer", references="directus_activity"),
    _NAMED,
    _row("item", "string"),
    _row("data", "json", load=_told, is_state=True),
    _row("delta", "json", load=_told, is_state=True),
    _row("parent", "integer"),
)
