"""The field table of permissions, in the words of generation 10."""

from typing import Final

from service.dialects.fields import Cell, Field, Guard, Language
from service.dialects.history_fields import COLLECTION
from service.users.model import PERMISSION_ATTRIBUTES, Attribute


def _row(attribute: Attribute) -> Field:
    name = attribute.name
    cell = COLLECTION if name == "collection" else Cell(name)
    languages: tuple[Language, ...] = ("rest10", "graphql")
    guard: Guard = "server" if name == "id" else "open"
    references = "directus_roles" if name == "role" else None
    return Field(name, attribute.kind, name, guard, dict.fromkeys(languages, cell), references=references)


FIELDS: Final[tuple[Field, ...]] = tuple(map(_row, PERMISSION_ATTRIBUTES.values()))
