"""The field table of what happened: activity and revisions, in the words of generation 10."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, FromClause

from service.database import tables
from service.dialects import former, references
from service.dialects.connection_fields import CONNECTIONS
from service.dialects.fields import FILES, ROLES, Cell, Field, Guard, Language, nothing, seconds, swap
from service.dialects.user_fields import USERS
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


_SIGNED_IN: Final[Mapping[object, object]] = {"login": "authenticate", "refused": "invalid-credentials"}
_BACK: Final[Mapping[object, object]] = {word: ours for ours, word in _SIGNED_IN.items()}

COLLECTION: Final = Cell("collection", load=_collection, dump=_our_collection)


def _told(value: Any) -> object:
    """The attributes in a revision under the words of generation 10, in the order of the field table."""
    kept = msgspec.json.decode(value)
    if not isinstance(kept, dict):
        return kept
    told = {word: kept[name] for name, word in _WORDS.items() if name in kept}
    return told if "collection" not in told else {**told, "collection": _collection(told["collection"])}


def _never(_: FromClause, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """False: no change of one row is noted with another."""
    return value.is_(None)


def _row(
    name: str,
    kind: Kind,
    *,
    load: Callable[[object], object] | None = None,
    references: str | None = None,
    cell: Cell | None = None,
    is_state: bool = False,
    rest8: Cell | str | None = None,
) -> Field:
    cell = cell or Cell(name, load=load)
    cells: dict[Language, Cell] = {"rest10": cell, "graphql": cell}
    if rest8 is not None:
        cells["rest8"] = Cell(rest8) if isinstance(rest8, str) else rest8
    guard: Guard = "server" if name == "id" else "open"
    return Field(name, kind, name, guard, cells, references=references, is_state=is_state)


def _absent(word: str, language: Language) -> Field:
    """A text that the documented object of a language names, and nothing here has."""
    return Field(word, "string", "item", "hidden", {language: Cell(word, guard="server", sql=nothing)})


def _of8(word: str, kind: Kind) -> Field:
    """What the 8 generation alone tells."""
    return Field(word, kind, word, "open", {"rest8": Cell(word, load=seconds)})


_NAMED: Final = _row("collection", "string", cell=COLLECTION, rest8=COLLECTION)
_ITEM: Final = _row("item", "string", rest8=Cell("item", sql=references.of_item))

ACTIVITY: Final[tuple[Field, ...]] = (
    _row("id", "integer", rest8="id"),
    _row("action", "string", rest8=Cell("action", load=swap(_SIGNED_IN), dump=swap(_BACK))),
    _row(
        "user",
        "uuid",
        references="directus_users",
        rest8=Cell("action_by", kind="integer", sql=references.of(tables.users)),
    ),
    _row("timestamp", "timestamp", rest8=Cell("action_on", load=seconds)),
    _row("ip", "string", rest8="ip"),
    _row("user_agent", "string", rest8="user_agent"),
    _NAMED,
    _ITEM,
    _of8("edited_on", "timestamp"),
    _row("comment", "text", rest8="comment"),
    _of8("comment_deleted_on", "timestamp"),
    _row("origin", "string"),
)

REVISIONS: Final[tuple[Field, ...]] = (
    _row("id", "integer", rest8="id"),
    _row("activity", "integer", references="directus_activity", rest8="activity"),
    _NAMED,
    _ITEM,
    _row(
        "data",
        "json",
        load=_told,
        is_state=True,
        rest8=Cell("data", kind="hash", sql=former.placed, load=former.whole),
    ),
    _row(
        "delta",
        "json",
        load=_told,
        is_state=True,
        rest8=Cell("delta", kind="hash", sql=former.placed, load=former.changed),
    ),
    _row("parent", "integer"),
    _absent("version", "rest10"),
    _absent("parent_collection", "rest8"),
    _absent("parent_item", "rest8"),
    Field(
        "parent_changed",
        "boolean",
        "id",
        "hidden",
        {"rest8": Cell("parent_changed", guard="server", sql=_never)},
    ),
)
