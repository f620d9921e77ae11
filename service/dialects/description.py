"""What the collections are made of, as `/fields`, `/collections` and `/relations` tell it."""

from collections.abc import Mapping
from typing import Final

from service.dialects import rules
from service.dialects.dialect import COLLECTIONS, Collection, readable, words
from service.dialects.fields import TYPES, Field, Language
from service.dialects.relations import Relation, relations
from service.users.model import (
    ATTRIBUTES,
    FILE_ATTRIBUTES,
    PERMISSION_ATTRIBUTES,
    ROLE_ATTRIBUTES,
    Attribute,
    Caller,
    Kind,
)

Told = dict[str, object]

ATTRIBUTES_OF: Final[Mapping[str, Mapping[str, Attribute]]] = {
    "directus_users": ATTRIBUTES,
    "directus_roles": ROLE_ATTRIBUTES,
    "directus_files": FILE_ATTRIBUTES,
    "directus_permissions": PERMISSION_ATTRIBUTES,
}
_SPECIAL: Final[Mapping[Kind, str]] = {
    "uuid": "uuid",
    "boolean": "cast-boolean",
    "json": "cast-json",
    "tags": "cast-json",
}


def attribute_of(collection: str, field: Field) -> Attribute | None:
    """What may be written to a field; None where that follows from elsewhere."""
    return ATTRIBUTES_OF.get(collection, {}).get(field.alias_of or field.name)


def nullable(collection: str, field: Field) -> bool:
    """Whether a field may hold nothing."""
    attribute = attribute_of(collection, field)
    return attribute.nullable if attribute else field.name != "id"


def seen_by(caller: Caller) -> dict[str, Collection]:
    """The collections of which the caller may read anything."""
    limits = rules.of(caller)
    return {name: home for name, home in COLLECTIONS.items() if limits is None or limits.reads(name)}


def fields(language: Language, collection: str) -> list[Told]:
    """The fields of a collection, and after them what its relations to many look like."""
    known = words(language, collection)
    told = [_field(language, collection, word, known[word]) for word in readable(language, collection)]
    many = [one for one in relations(language, collection).values() if one.many]
    told += [_entry(collection, one.word, "alias", None, ["o2m"], readonly=True) for one in many]
    return [{**one, "meta": _meta(one, place)} for place, one in enumerate(told, start=1)]


def _field(language: Language, collection: str, word: str, field: Field) -> Told:
    attribute = attribute_of(collection, field)
    to = relations(language, collection).get(word)
    schema: Told = {
        "name": word,
        "table": collection,
        "data_type": TYPES.get(field.kind, field.kind),
        "default_value": None,
        "max_length": attribute.limit if attribute else None,
        "is_nullable": nullable(collection, field),
        "is_unique": field.name == "id",
        "is_primary_key": field.name == "id",
        "has_auto_increment": field.name == "id" and field.kind == "integer",
        "foreign_key_table": to.target if to else None,
        "foreign_key_column": "id" if to else None,
    }
    special = [_SPECIAL[field.kind]] if field.kind in _SPECIAL else []
    special += ["conceal"] if field.guard == "secret" else []
    special += [("file" if to.target == "directus_files" else "m2o")] if to else []
    kind = TYPES.get(field.kind, field.kind)
    return _entry(collection, word, kind, schema, special, readonly=field.guard == "server")


def _entry(
    collection: str, word: str, kind: str, schema: Told | None, special: list[str], *, readonly: bool
) -> Told:
    meta: Told = {"special": special or None, "readonly": readonly}
    return {"collection": collection, "field": word, "type": kind, "schema": schema, "meta": meta}


def _meta(entry: Told, place: int) -> Told:
    said = entry["meta"]
    more = said if isinstance(said, dict) else {}
    return {
        "collection": entry["collection"],
        "field": entry["field"],
        **more,
        "hidden": False,
        "required": False,
        "sort": place,
        "note": None,
    }


def collection(name: str) -> Told:
    """A collection as a client's schema knows it."""
    meta: Told = {"collection": name, "note": None, "hidden": False, "singleton": False, "system": True}
    return {"collection": name, "meta": meta, "schema": {"name": name, "comment": None}}


def links(language: Language, collection: str) -> list[Told]:
    """The relations of a collection to one row, each with the word by which the other side speaks of it."""
    return [
        _link(language, collection, one) for one in relations(language, collection).values() if not one.many
    ]


def _link(language: Language, collection: str, one: Relation) -> Told:
    back = next(
        (
            other.word
            for other in relations(language, one.target).values()
            if other.many and other.target == collection and other.column == one.column
        ),
        None,
    )
    schema = {
        "table": collection,
        "column": one.word,
        "foreign_key_table": one.target,
        "foreign_key_column": "id",
    }
    meta = {
        "many_collection": collection,
        "many_field": one.word,
        "one_collection": one.target,
        "one_field": back,
        "junction_field": None,
        "system": True,
    }
    return {
        "collection": collection,
        "field": one.word,
        "related_collection": one.target,
        "schema": schema,
        "meta": meta,
    }
