"""Reads PATCH operations (RFC 7644, 3.5.2) into changes: one attribute each, names found, values checked."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, cast

from providers.scim import path as paths
from providers.scim.binding import bind_values
from providers.scim.changes import Change, Op, Plan
from providers.scim.expression import Expression
from providers.scim.problems import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    TooMany,
    shown,
)
from providers.scim.schema import Attribute, ResourceType, Schema, Target, Value
from providers.scim.tolerance import DEFAULT, Profile
from providers.scim.values import Intake

MAX_OPERATIONS: Final = 1000
MAX_CHANGES: Final = 10_000
MAX_PATHS: Final = 131_072  # characters, in all paths of one PATCH

# They stand in whole objects that clients send back, and say nothing about what shall change.
_SILENT: Final = frozenset({"schemas", "id", "meta"})


def plan(operations: Sequence[object], resource_type: ResourceType, profile: Profile = DEFAULT) -> Plan:
    """The changes that the operations ask for.

    Raises TooMany, InvalidSyntax, InvalidPath (also when nothing but unknown attributes is named: what is
    not applied is never answered as a success), InvalidFilter, InvalidValue, Mutability, NoTarget.
    """
    if len(operations) > MAX_OPERATIONS:
        raise TooMany(
            f"The PATCH has {len(operations)} operations; at most {MAX_OPERATIONS} are applied at once."
        )
    planner = _Planner(resource_type, profile)
    asked = (change for operation in operations for change in planner.operation(operation))
    changes = list(islice(asked, MAX_CHANGES + 1))
    if len(changes) > MAX_CHANGES:
        raise TooMany(f"The PATCH names more than {MAX_CHANGES} attributes.")
    if planner.intake.dropped and not changes:
        raise InvalidPath(
            f"Nothing that is named can be changed here: {', '.join(planner.intake.dropped[:5])}."
        )
    return Plan(tuple(changes), planner.intake.dropped)


class _Planner:
    def __init__(self, resource_type: ResourceType, profile: Profile) -> None:
        self.intake = Intake(profile)
        self._type, self._profile, self._characters = resource_type, profile, 0

    def operation(self, operation: object) -> Iterator[Change]:
        if not isinstance(operation, dict):
            raise InvalidSyntax('Each of "Operations" has to be an object.')
        members = {str(name).lower(): value for name, value in operation.items()}
        named, path = members.get("op"), members.get("path")
        op = named.lower() if isinstance(named, str) else ""
        if op not in {"add", "remove", "replace"}:
            raise InvalidSyntax('The "op" of an operation has to be add, remove or replace.')
        if path is not None and not isinstance(path, str):
            raise InvalidPath('The "path" of an operation has to be text.')
        if op != "remove" and "value" not in members:
            raise InvalidValue(f'The operation {op} needs a "value".')
        if path:
            return self._at(cast("Op", op), path, members.get("value"), explicit=True)
        return self._pathless(cast("Op", op), members.get("value"))

    def _pathless(self, op: Op, value: object) -> Iterator[Change]:
        if op == "remove":
            raise NoTarget('The operation remove needs a "path".')
        if not self._profile.pathless_patch:
            raise InvalidPath('Each operation needs a "path" here.')
        if not isinstance(value, dict):
            raise InvalidValue('Without a "path", the "value" has to be an object of attributes.')
        for name, item in value.items():
            if name.lower() not in _SILENT:
                yield from self._at(op, name, item, explicit=False)

    def _at(self, op: Op, text: str, value: object, *, explicit: bool) -> Iterator[Change]:
        schema = self._type.named(text)
        if schema is not None:
            yield from self._whole(op, schema, value)
            return
        path = self._parsed(text, explicit=explicit)
        target = self._type.locate(path.attribute, unqualified=self._profile.unqualified) if path else None
        if path is None or target is None:
            self._unknown(text, explicit=explicit)
        elif _read_only(target):
            self._refuse(target, explicit=explicit)
        elif path.filter is None:
            yield from self._change(op, target, value)
        elif not target.attribute.multi_valued:
            raise InvalidPath(f'"{target.attribute.name}" has one value only; leave the square brackets out.')
        else:
            yield self._selected(op, target, bind_values(path.filter, target.attribute), value)

    def _parsed(self, text: str, *, explicit: bool) -> paths.Path | None:
        """The path; a key of a pathless value that cannot be read is only an attribute that nobody knows."""
        self._characters += len(text)
        if self._characters > MAX_PATHS:
            raise TooMany(f"The paths of the PATCH are longer than {MAX_PATHS} characters together.")
        try:
            return paths.parse(text, unquoted=self._profile.unquoted_values)
        except (InvalidPath, InvalidFilter):
            if explicit:
                raise
            return None

    def _unknown(self, text: str, *, explicit: bool) -> None:
        if explicit and not self._profile.unknown_paths:
            raise InvalidPath(f'The path "{shown(text)}" leads to no attribute that is served here.')
        self.intake.unknown(text)

    def _refuse(self, target: Target, *, explicit: bool) -> None:
        if explicit:
            raise Mutability(f'"{target}" is read-only.')
        if target.attribute.name not in _SILENT:
            self.intake.drop(str(target))

    def _whole(self, op: Op, schema: Schema, value: object) -> Iterator[Change]:
        """A path that is a schema's URN: the attributes of an extension, or those of the resource."""
        extension = None if schema is self._type.schema else schema
        if op == "remove" or value is None:
            if extension is None:
                raise Mutability("The resource itself cannot be removed by an operation; use DELETE.")
            yield from (Change("remove", Target(extension, attribute)) for attribute in schema.attributes)
            return
        if not isinstance(value, dict):
            raise InvalidValue(f'The value of "{schema.urn}" has to be an object of attributes.')
        for name, item in value.items():
            attribute = schema.find(name) if extension else self._type.find(name)
            if attribute is None and name.lower() in _SILENT:
                continue  # some client libraries write `schemas` into an extension too
            if attribute is None:
                self.intake.unknown(f"{schema.urn}:{name}")
            elif attribute.mutability == "readOnly":
                self._refuse(Target(extension, attribute), explicit=False)
            else:
                yield from self._change(op, Target(extension, attribute), item)

    def _change(self, op: Op, target: Target, value: object) -> Iterator[Change]:
        attribute, where = target.leaf, str(target)
        if op == "remove":
            several = attribute.multi_valued and value is not None
            # An empty list names nothing to remove, whereas no value at all empties the attribute.
            yield Change(op, target, None, self._listed(attribute, value, where) or [] if several else None)
        elif attribute.multi_valued:
            yield Change(op, target, None, self._listed(attribute, value, where))
        elif attribute.type == "complex" and value is not None:
            yield from self._parts(op, target, value)
        else:
            yield Change(op, target, None, self.intake.value(attribute, value, where))

    def _listed(self, attribute: Attribute, value: object, where: str) -> Value:
        """RFC 7644, 3.5.2.1: one value of a multi-valued attribute may stand without its list."""
        return self.intake.value(attribute, [value] if isinstance(value, dict) else value, where)

    def _parts(self, op: Op, target: Target, value: object) -> Iterator[Change]:
        """3.5.2.3: the sub-attributes that an object names are set, the others stay; null unassigns one."""
        if self._profile.loose_shapes:
            value = value[0] if isinstance(value, list) and len(value) == 1 else value
            value = {"value": value} if isinstance(value, str) and target.attribute.sub("value") else value
        if not isinstance(value, dict):
            raise InvalidValue(f'"{target}" has to be an object with sub-attributes.')
        for name, item in value.items():
            sub = target.attribute.sub(name)
            if sub is None:
                self.intake.unknown(f"{target}.{name}")
            elif sub.mutability != "readOnly":
                part = Target(target.extension, target.attribute, sub)
                yield Change(op, part, None, self.intake.value(sub, item, str(part)))

    def _selected(self, op: Op, target: Target, chosen: Expression, value: object) -> Change:
        if op == "remove" or value is None:
            return Change("remove", target, chosen)
        where = str(target)
        if target.sub is not None:
            return Change(op, target, chosen, self.intake.value(target.sub, value, where))
        if self._profile.loose_shapes and isinstance(value, list) and len(value) == 1:
            value = value[0]
        read = self.intake.one(target.attribute, value, where)
        if read is None:
            raise InvalidValue(f'The value for "{where}" names no sub-attribute that is served here.')
        return Change(op, target, chosen, read)


def _read_only(target: Target) -> bool:
    return "readOnly" in {target.attribute.mutability, target.leaf.mutability}
