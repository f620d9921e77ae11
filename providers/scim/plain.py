"""Knows a body that came as it is kept: each name spelled as its schema does, each value of its own type.

Nearly all come so, and to hold one against a type takes a fraction of reading it attribute by attribute.
Whatever is any different is left to `resource`, which reads it and says what is wrong with it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import msgspec

from providers.scim.problems import InvalidValue
from providers.scim.schema import COMMON, Attribute, Resource, ResourceType, Type, Value
from providers.scim.values import distinct, one_primary

_UNASSIGNED: Final[tuple[Value, ...]] = (None, [], {})  # RFC 7643, 2.5
_KINDS: Final[Mapping[Type, type]] = {"string": str, "reference": str, "boolean": bool}  # others are rare


class _Plain(msgspec.Struct, frozen=True):
    """What such a body of a resource type looks like, and the names in it that clients have no say in."""

    shape: Any
    core: str
    ignored: frozenset[str]


def kept(body: Mapping[str, Any], resource_type: ResourceType) -> Resource | None:
    """The resource of a POST or PUT body, but for `schemas`; None for a body that has to be read closely."""
    plain = _plain(resource_type)
    try:
        msgspec.convert(body, plain.shape)
        made: Resource = {
            name: value
            for name, value in body.items()
            if name not in plain.ignored and value not in _UNASSIGNED
        }
        text = msgspec.json.encode(made)
        for name, value in made.items():
            if isinstance(value, list) and len(value) > 1:
                made[name] = distinct(value)
                one_primary(value, name)
    except (msgspec.ValidationError, InvalidValue, UnicodeEncodeError):
        return None
    # NUL cannot be kept, and an entry of a list with nothing in it is none.
    return None if b"\\u0000" in text or b"{}" in text or plain.core not in body["schemas"] else made


@lru_cache
def _plain(resource_type: ResourceType) -> _Plain:
    schema, extensions = resource_type.schema, resource_type.extensions
    urns = Literal.__getitem__(tuple(one.urn for one in (schema, *extensions)))
    attributes = (*COMMON, *schema.attributes)
    ignored = frozenset(one.name for one in attributes if one.mutability == "readOnly")
    fields: dict[str, Any] = {
        **_fields(attributes),
        **{one.urn: _object(_fields(one.attributes)) | None for one in extensions},
        **dict.fromkeys(ignored, Any),
        "schemas": list[urns],  # type: ignore[valid-type]  # it is made of a table
    }
    return _Plain(_object(fields, required="schemas"), schema.urn, ignored)


def _fields(attributes: Iterable[Attribute]) -> dict[str, Any]:
    """The types of attributes, by their names; those that are not here are read closely."""
    return {
        one.name: _type(one) | None
        for one in attributes
        if one.mutability != "readOnly" and (one.type in _KINDS or one.type == "complex")
    }


def _type(attribute: Attribute) -> Any:
    """What holds its value. Of a complex one each part is there or not; null is read closely."""
    one: Any = _KINDS.get(attribute.type)
    if one is None:
        subs = [sub for sub in attribute.sub_attributes if sub.type in _KINDS and not sub.multi_valued]
        one = _object({sub.name: _KINDS[sub.type] for sub in subs if sub.mutability != "readOnly"})
    most = msgspec.Meta(max_length=attribute.max_values)
    return Annotated[list[one], most] if attribute.multi_valued else one


def _object(fields: Mapping[str, Any], required: str = "") -> Any:
    """An object of no other names than these. They may be no names of Python's, as `$ref`."""
    numbered = {f"a{number}": name for number, name in enumerate(fields)}
    return msgspec.defstruct(
        "Plain",
        [
            (field, fields[name]) if name == required else (field, fields[name], None)
            for field, name in numbered.items()
        ],
        rename=numbered,
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
