"""Former states in the words of the 8 generation, where ids are texts and moments have no zone."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, FromClause, Text, cast, func

from service.dialects.fields import FILES, ROLES, Field
from service.dialects.user_fields import ORDERS, USERS
from service.users import model

Column = ColumnElement[Any]
# Which numbers stand for keys: by our name of the collection, and of the attribute.
Numbers = Callable[[str, str], int | None]

_LEADS: Final[Mapping[str, str]] = {"role": model.ROLES, "avatar": model.FILES}


def _words(fields: tuple[Field, ...]) -> Mapping[str, Field]:
    found = {
        f.cells["rest8"].word: f for f in fields if "rest8" in f.cells and f.said("rest8").guard != "hidden"
    }
    order = ORDERS.get(("rest8", "directus_users"), ()) if fields is USERS else found
    return {word: found[word] for word in order if word in found}


_WORDS: Final = {model.USERS: _words(USERS), model.ROLES: _words(ROLES), model.FILES: _words(FILES)}


class Kept:
    """A state of an item, or what changed of it, as history keeps it; `whole`: every word is told."""

    __slots__ = ("_whole", "collection", "item", "values")

    def __init__(self, collection: str, item: str, values: Mapping[str, Any], *, whole: bool) -> None:
        self.collection, self.item, self.values, self._whole = collection, item, values, whole

    def keys(self) -> set[tuple[str, str]]:
        """What has a number to be told: (collection, key)."""
        found = {(name, str(self.values[word])) for word, name in _LEADS.items() if self.values.get(word)}
        return found | {(self.collection, self.item)}

    def told(self, number: Numbers) -> object:
        """The state as the documented examples have it; a change of nothing is an empty array."""
        told = {
            word: self._value(field, number)
            for word, field in _WORDS.get(self.collection, {}).items()
            if self._whole or field.name in self.values
        }
        return told or ([] if not self._whole else {})

    def _value(self, field: Field, number: Numbers) -> object:
        if field.name == "number":
            return _text(number(self.collection, self.item) or self.item)
        value = self.values.get(field.name)
        if field.name in _LEADS:
            return None if value is None else _text(number(_LEADS[field.name], value) or value)
        if field.kind == "timestamp" and isinstance(value, str):
            return f"{value[:10]} {value[11:19]}"
        load = field.cells["rest8"].load
        return load(value) if load and value is not None and field.kind != "hash" else value


def _text(value: object) -> str:
    return str(value)


def placed(table: FromClause, state: Column) -> Column:
    """A state behind the collection and the key that it is of."""
    return table.c.collection + " " + table.c.item + " " + func.coalesce(cast(state, Text()), "{}")


def whole(text: object) -> object:
    """What `placed` selects of a whole state."""
    return _kept(text, whole=True)


def changed(text: object) -> object:
    """What `placed` selects of a change."""
    return _kept(text, whole=False)


def _kept(text: object, *, whole: bool) -> object:
    collection, item, state = str(text).split(" ", 2)
    values = msgspec.json.decode(state)
    return Kept(collection, item, values if isinstance(values, dict) else {}, whole=whole)
