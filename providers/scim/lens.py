"""Reads and writes one value of a normalised resource by its path.

Paths are canonical names, as `userName`, `name.givenName`, `urn:...:2.0:User:department`, and one that
chooses: `emails[primary].value` is that of the primary entry, else of the one for work, else of the first.
"""

from functools import lru_cache

from providers.scim.resource import copied, extended, put
from providers.scim.schema import Resource, ResourceType, Target, Value
from providers.scim.tokens import attr_path
from providers.scim.user import USER

_CHOICE = "[primary]"


def read(resource: Resource, path: str, resource_type: ResourceType = USER) -> Value:
    """The value at the path, or None when it is unassigned."""
    target, chooses = _target(path, resource_type)
    value = extended(resource, target.extension).get(target.attribute.name)
    if chooses:
        value = chosen(value)
    if target.sub is None:
        return value
    return value.get(target.sub.name) if isinstance(value, dict) else None


def write(resource: Resource, path: str, value: Value, resource_type: ResourceType = USER) -> Resource:
    """A resource with that value at the path, None to unassign it; writing what was read changes nothing.

    At `emails[primary].value`, a first value makes a primary entry, and None takes the chosen entry away.
    """
    target, chooses = _target(path, resource_type)
    if value == read(resource, path, resource_type):
        return resource
    changed = copied(resource)
    held = extended(changed, target.extension).get(target.attribute.name)
    if target.sub is None:
        new = value
    elif chooses:
        new = _chosen_with(held, target.sub.name, value)
    else:
        new = _with(held, target.sub.name, value)
    put(changed, target, new)
    if target.extension is not None:
        changed["schemas"] = resource_type.declared(changed)
    return changed


@lru_cache(maxsize=256)
def _target(path: str, resource_type: ResourceType) -> tuple[Target, bool]:
    named = attr_path(path.replace(_CHOICE, ""))
    target = resource_type.locate(named) if named else None
    chooses = _CHOICE in path
    if target is None or chooses != (target.attribute.multi_valued and target.sub is not None):
        raise KeyError(path)
    return target, chooses


def chosen(entries: Value) -> Value:
    """The entry that stands for a multi-valued attribute, or None."""
    return _chosen(entries)[1]


def _chosen(entries: Value) -> tuple[int, Value]:
    """The same and its place, or (-1, None)."""
    found: tuple[int, Value] = -1, None
    works = False
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        if entry.get("primary") is True:
            return place, entry
        at_work = not works and str(entry.get("type")).lower() == "work"
        if at_work or found[0] < 0:
            found, works = (place, entry), at_work
    return found


def _with(held: Value, name: str, value: Value) -> Value:
    parts = dict(held) if isinstance(held, dict) else {}
    if value is None:
        parts.pop(name, None)
    else:
        parts[name] = value
    return parts or None


def _chosen_with(held: Value, name: str, value: Value) -> Value:
    entries = list(held) if isinstance(held, list) else []
    place, entry = _chosen(entries)
    if value is None:
        return entries[:place] + entries[place + 1 :] or None
    if place < 0:
        return [{name: value, "primary": True}]
    entries[place] = _with(entry, name, value)
    return entries
