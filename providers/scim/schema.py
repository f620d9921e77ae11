"""What attributes, schemas and resource types are (RFC 7643, 2.2, 6, 7), and how names lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, TypeAlias

from providers.scim.expression import AttrPath

Value: TypeAlias = "str | bool | int | float | list[Value] | dict[str, Value] | None"
Resource: TypeAlias = dict[str, Value]

Type = Literal["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"]


@dataclass(frozen=True, eq=False)
class Attribute:
    """A row of a schema's table; the defaults are those of RFC 7643, 2.2.

    `max_values` bounds a multi-valued attribute; it is ours, not the RFC's.
    """

    name: str
    description: str
    type: Type = "string"
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Literal["readOnly", "readWrite", "immutable", "writeOnly"] = "readWrite"
    returned: Literal["always", "never", "default", "request"] = "default"
    uniqueness: Literal["none", "server", "global"] = "none"
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = field(default=(), repr=False)
    max_values: int = 1000

    @cached_property
    def _subs(self) -> Mapping[str, "Attribute"]:
        return _by_name(self.sub_attributes)

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of that name, whatever its case."""
        return self._subs.get(name.lower())


@dataclass(frozen=True, eq=False)
class Schema:
    """A table of attributes under its URN."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...] = field(repr=False)

    @cached_property
    def _names(self) -> Mapping[str, Attribute]:
        return _by_name(self.attributes)

    def find(self, name: str) -> Attribute | None:
        """The attribute of that name, whatever its case."""
        return self._names.get(name.lower())


@dataclass(frozen=True, slots=True)
class Target:
    """Where a name led: `extension` is None for what stands at the top of the resource."""

    extension: Schema | None
    attribute: Attribute
    sub: Attribute | None = None

    @property
    def leaf(self) -> Attribute:
        """The attribute that holds the value."""
        return self.sub or self.attribute

    @property
    def path(self) -> AttrPath:
        """The name in its canonical spelling; the core schema's URN is left out."""
        return AttrPath(
            self.attribute.name,
            self.sub.name if self.sub else None,
            self.extension.urn if self.extension else None,
        )

    def __str__(self) -> str:
        """`path` as text."""
        name = f"{self.attribute.name}.{self.sub.name}" if self.sub else self.attribute.name
        return f"{self.extension.urn}:{name}" if self.extension else name


@dataclass(frozen=True, eq=False)
class ResourceType:
    """What an endpoint serves: the core schema, and the extensions that may join it."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()

    @cached_property
    def _schemas(self) -> Mapping[str, Schema]:
        return {schema.urn.lower(): schema for schema in (self.schema, *self.extensions)}

    def named(self, urn: str) -> Schema | None:
        """The core schema or the extension of that URN, whatever its case."""
        return self._schemas.get(urn.lower())

    @cached_property
    def shown(self) -> frozenset[str]:
        """What stands at the top of a resource when nobody asks for less or for more."""
        found = (*self.schema.attributes, *COMMON)
        names = {attribute.name for attribute in found if attribute.returned in {"always", "default"}}
        return frozenset(names | {schema.urn for schema in self.extensions})

    def find(self, name: str) -> Attribute | None:
        """The attribute of that name at the top of the resource, the common ones among them."""
        return self.schema.find(name) or _COMMON.get(name.lower())

    def locate(self, path: AttrPath, *, unqualified: bool = False) -> Target | None:
        """Where the path leads, or None; `unqualified` finds an extension's attribute without its URN."""
        found: list[tuple[Schema | None, Attribute | None]]
        if path.urn is not None:
            schema = self.named(path.urn)
            core = schema is self.schema
            found = [
                (None, self.find(path.name)) if core else (schema, schema.find(path.name) if schema else None)
            ]
        else:
            found = [(None, self.find(path.name))]
            if unqualified:
                found += [(extension, extension.find(path.name)) for extension in self.extensions]
        for extension, attribute in found:
            if attribute is not None:
                sub = attribute.sub(path.sub) if path.sub else None
                return None if path.sub and sub is None else Target(extension, attribute, sub)
        return None

    def declared(self, resource: Resource) -> list[Value]:
        """The `schemas` of a resource: the core one, and each extension that has a value in it."""
        return [self.schema.urn, *[schema.urn for schema in self.extensions if resource.get(schema.urn)]]


def _by_name(attributes: tuple[Attribute, ...]) -> Mapping[str, Attribute]:
    return {attribute.name.lower(): attribute for attribute in attributes}


# RFC 7643, 3.1: these belong to every resource and to no schema of their own. `schemas` follows from the
# attributes that are there (section 3), so nobody writes it by itself.
COMMON: Final = (
    Attribute(
        "schemas",
        "The URIs of the schemas whose attributes are in the resource.",
        type="reference",
        reference_types=("uri",),
        multi_valued=True,
        required=True,
        case_exact=True,
        mutability="readOnly",
        returned="always",
    ),
    Attribute(
        "id",
        "The identifier that the service gave the resource.",
        case_exact=True,
        mutability="readOnly",
        returned="always",
        uniqueness="server",
    ),
    Attribute("externalId", "The identifier that the client gave the resource.", case_exact=True),
    Attribute(
        "meta",
        "What the service knows of the resource itself.",
        type="complex",
        mutability="readOnly",
        sub_attributes=(
            Attribute("resourceType", "The name of its type.", case_exact=True, mutability="readOnly"),
            Attribute("created", "When it was made.", type="dateTime", mutability="readOnly"),
            Attribute("lastModified", "When it was changed last.", type="dateTime", mutability="readOnly"),
            Attribute(
                "location",
                "Its address.",
                type="reference",
                reference_types=("uri",),
                case_exact=True,
                mutability="readOnly",
            ),
            Attribute("version", "Its entity tag.", case_exact=True, mutability="readOnly"),
        ),
    ),
)
_COMMON: Final = _by_name(COMMON)
