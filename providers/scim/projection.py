"""Decides what is answered: attributes, excludedAttributes (RFC 7644, 3.9), returned (RFC 7643, 7)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from providers.scim.problems import InvalidValue, TooMany
from providers.scim.schema import Attribute, Resource, ResourceType, Target, Value
from providers.scim.tokens import attr_path

_MOST_NAMES: Final = 500
_ALL: Final[frozenset[str]] = frozenset({""})  # in place of sub-attributes: the whole attribute was named
_NONE: Final[frozenset[str]] = frozenset()


def names(parameter: str | None) -> tuple[str, ...]:
    """The comma-separated names of a query parameter."""
    if parameter is None:
        return ()
    if parameter.count(",") >= _MOST_NAMES:
        raise TooMany(f"More than {_MOST_NAMES} attributes are named.")
    return tuple(name.strip() for name in parameter.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Projection:
    """Made once for a request, applied to each resource of its answer.

    `named` says for each attribute, by its canonical name, which sub-attributes were named; `wanted` whether
    only those are answered, or all but those.
    """

    resource_type: ResourceType
    wanted: bool
    named: Mapping[str, frozenset[str]]

    def shows(self, name: str) -> bool:
        """Whether anything of an attribute at the top can be in the answer, so that it has to be read."""
        named = self.named.get(name, _NONE)
        return bool(named) if self.wanted else named is not _ALL

    def apply(self, resource: Resource) -> Resource:
        """The part of the resource that is answered, or all of it; the resource stays as it is."""
        if not self.named and not self.wanted:
            shown = self.resource_type.shown
            if resource.keys() <= shown:
                return resource
            return {name: value for name, value in resource.items() if name in shown}
        answer: Resource = {}
        for name, value in resource.items():
            extension = self.resource_type.named(name)
            if extension is None:
                kept = self._kept(self.resource_type.find(name), name, value)
            else:
                held = value.items() if isinstance(value, dict) else ()
                inner = {sub: self._kept(extension.find(sub), f"{name}:{sub}", item) for sub, item in held}
                kept = {sub: item for sub, item in inner.items() if item is not None} or None
            if kept is not None:
                answer[name] = kept
        return answer

    def _kept(self, attribute: Attribute | None, name: str, value: Value) -> Value:
        """What is answered of one attribute, None for nothing."""
        if attribute is None or attribute.returned == "never":
            return None
        named = self.named.get(name, _NONE)
        if attribute.returned == "always" or (self.wanted and named is _ALL):
            return value
        if self.wanted:
            return _parts(value, named, keep=True) if named else None
        if named is _ALL or attribute.returned == "request":
            return None
        return _parts(value, named, keep=False) if named else value


def projection(
    resource_type: ResourceType, attributes: Iterable[str] = (), excluded: Iterable[str] = ()
) -> Projection:
    """What a request asks for; names that no schema knows are ignored. Both at once is InvalidValue (3.9)."""
    attributes, excluded = tuple(attributes), tuple(excluded)
    if attributes and excluded:
        raise InvalidValue("Use attributes or excludedAttributes, not both at once.")
    named: dict[str, frozenset[str]] = {}
    for target in _targets(attributes or excluded, resource_type):
        name = str(Target(target.extension, target.attribute))
        held = named.get(name, _NONE)
        named[name] = _ALL if target.sub is None or held is _ALL else held | {target.sub.name}
    return Projection(resource_type, bool(attributes), named)


def project(
    resource: Resource,
    resource_type: ResourceType,
    attributes: Iterable[str] = (),
    excluded: Iterable[str] = (),
) -> Resource:
    """The part of one resource that is answered."""
    return projection(resource_type, attributes, excluded).apply(resource)


def _targets(listed: tuple[str, ...], resource_type: ResourceType) -> Iterator[Target]:
    for name in listed:
        schema = resource_type.named(name)
        if schema is not None:
            extension = None if schema is resource_type.schema else schema
            yield from (Target(extension, attribute) for attribute in schema.attributes)
        elif (path := attr_path(name)) and (target := resource_type.locate(path, unqualified=True)):
            yield target


def _parts(value: Value, subs: frozenset[str], *, keep: bool) -> Value:
    """The value with only the sub-attributes named, or without them; None when nothing is left."""
    if isinstance(value, list):
        parts: list[Value] = [_parts(item, subs, keep=keep) for item in value]
        return [part for part in parts if part is not None] or None
    if not isinstance(value, dict):
        return None if keep else value
    return {name: item for name, item in value.items() if (name in subs) is keep} or None
