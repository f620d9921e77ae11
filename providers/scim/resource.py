"""Reads the body of a POST or PUT (RFC 7644, 3.3, 3.5.1) into a resource of known names and values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from providers.scim import plain
from providers.scim.expression import AttrPath
from providers.scim.problems import InvalidSyntax, Missing, shown
from providers.scim.schema import Attribute, Resource, ResourceType, Schema, Target, Value
from providers.scim.tolerance import DEFAULT, Profile
from providers.scim.values import Intake, once


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a client sent, fit to be kept, and the names that were dropped because no schema knows them."""

    resource: Resource
    dropped: tuple[str, ...] = ()


def normalise(body: object, resource_type: ResourceType, profile: Profile = DEFAULT) -> Incoming:
    """The resource of a POST or PUT body.

    Everything of the published schemas is kept as it was sent, `password` too; read-only attributes (id,
    meta, groups) are ignored, nulls and empty lists are unassigned, exact doubles are dropped. Raises
    InvalidSyntax, InvalidValue, Missing, TooMany.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    kept = plain.kept(body, resource_type)
    return Incoming(_whole(kept, resource_type)) if kept else _read(body, resource_type, profile)


def _read(body: Mapping[str, object], resource_type: ResourceType, profile: Profile) -> Incoming:
    """The resource of any body, attribute by attribute."""
    reader = _Reader(resource_type, profile)
    for name, value in body.items():
        reader.read(name, value)
    reader.finish()
    return Incoming(_whole(reader.resource, resource_type), reader.intake.dropped)


def _whole(resource: Resource, resource_type: ResourceType) -> Resource:
    """The resource, if nothing that is required is missing."""
    for attribute in resource_type.schema.attributes:
        if attribute.required and empty(resource.get(attribute.name)):
            raise Missing(f'"{attribute.name}" is required.')
    resource["schemas"] = resource_type.declared(resource)
    return resource


class _Reader:
    def __init__(self, resource_type: ResourceType, profile: Profile) -> None:
        self.resource: Resource = {"schemas": []}
        self.intake = Intake(profile)
        self._type, self._profile = resource_type, profile
        self._seen: set[str] = set()
        self._extensions: dict[str, set[str]] = {}

    def read(self, name: str, value: object) -> None:
        attribute = self._type.find(name)
        if attribute is None:
            self._further(name, value)
        elif attribute.name == "schemas":
            once(attribute, self._seen)
            self._schemas(value)
        else:
            self._keep(None, attribute, value, self._seen)

    def _further(self, name: str, value: object) -> None:
        """What is no name of the core schema's: an extension, or an attribute of one without its URN."""
        extension = self._type.named(name)
        if extension is not None and extension is not self._type.schema:
            self._extension(extension, value)
            return
        target = self._type.locate(AttrPath(name), unqualified=self._profile.unqualified)
        if target is None or target.extension is None:
            self.intake.unknown(name)
        else:
            seen = self._extensions.setdefault(target.extension.urn, set())
            self._keep(target.extension, target.attribute, value, seen)

    def _extension(self, extension: Schema, value: object) -> None:
        if value is None:
            return
        if not isinstance(value, dict):
            raise InvalidSyntax(f'"{extension.urn}" has to be an object.')
        seen = self._extensions.setdefault(extension.urn, set())
        for name, item in value.items():
            attribute = extension.find(name)
            if attribute is None:
                self.intake.unknown(f"{extension.urn}:{name}")
            else:
                self._keep(extension, attribute, item, seen)

    def _keep(self, extension: Schema | None, attribute: Attribute, value: object, seen: set[str]) -> None:
        once(attribute, seen)
        if attribute.mutability == "readOnly":
            return
        name = attribute.name if extension is None else f"{extension.urn}:{attribute.name}"
        read = self.intake.value(attribute, value, name)
        if read is not None:
            held = self.resource if extension is None else self._held(extension)
            held[attribute.name] = read

    def _held(self, extension: Schema) -> Resource:
        """Where the attributes of an extension come to stand."""
        held = self.resource.setdefault(extension.urn, {})
        return held if isinstance(held, dict) else {}

    def _schemas(self, value: object) -> None:
        """RFC 7643, 3: `schemas` names the core schema, and nothing that the resource type does not have."""
        if not isinstance(value, list) or not all(isinstance(urn, str) for urn in value):
            raise InvalidSyntax('"schemas" has to be a list of URIs.')
        if self._type.schema.urn.lower() not in {urn.lower() for urn in value}:
            raise InvalidSyntax(f'"schemas" has to name {self._type.schema.urn}.')
        for urn in value:
            if self._type.named(urn) is None:
                if not self._profile.unknown_attributes:
                    raise InvalidSyntax(f'"schemas" names {shown(urn)}, which is not served here.')
                self.intake.drop(urn)

    def finish(self) -> None:
        if "schemas" not in self._seen and not self._profile.missing_schemas:
            raise InvalidSyntax(f'"schemas" is missing; it has to name {self._type.schema.urn}.')


def empty(value: Value) -> bool:
    """Unassigned, or a text of nothing but spaces: not enough for a required attribute."""
    return value is None or (isinstance(value, str) and not value.strip())


def extended(resource: Resource, extension: Schema | None) -> Resource:
    """Where the attributes of the extension stand: in the resource itself for the core schema."""
    held = resource.get(extension.urn) if extension else resource
    return held if isinstance(held, dict) else {}


def put(resource: Resource, target: Target, value: Value) -> None:
    """Sets the whole attribute, or unassigns it with None; an extension goes when nothing is left in it."""
    held = extended(resource, target.extension)
    if value is None:
        held.pop(target.attribute.name, None)
    else:
        held[target.attribute.name] = value
    if target.extension is not None:
        if held:
            resource[target.extension.urn] = held
        else:
            resource.pop(target.extension.urn, None)


_NESTED: Final = (dict, list)


def copied(resource: Mapping[str, Value]) -> Resource:
    """A copy that shares nothing which can change; a resource is as deep as its schemas, four levels."""
    return {name: _copied(value) if isinstance(value, _NESTED) else value for name, value in resource.items()}


def _copied(value: Value) -> Value:
    if isinstance(value, dict):
        return copied(value)
    return [_copied(item) for item in value] if isinstance(value, list) else value
