"""Applies PATCH operations to a resource (RFC 7644, 3.5.2): all of them or none, on a copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from providers.scim.changes import Change
from providers.scim.entries import added, mark_primary, pinned, without
from providers.scim.expression import size
from providers.scim.matching import matches
from providers.scim.planning import plan
from providers.scim.problems import Missing, Mutability, NoTarget, TooMany
from providers.scim.resource import copied, empty, extended, put
from providers.scim.schema import Attribute, Resource, ResourceType, Target, Value
from providers.scim.tolerance import DEFAULT, Profile
from providers.scim.values import distinct

# Values looked at, times conditions asked of each, over one PATCH: less than a second of work.
MAX_EFFORT: Final = 150_000


@dataclass(frozen=True, slots=True)
class Patched:
    """The resource after a PATCH, whether that differs from before, and the names that were dropped."""

    resource: Resource
    changed: bool
    dropped: tuple[str, ...] = ()


def apply(
    resource: Resource, operations: Sequence[object], resource_type: ResourceType, profile: Profile = DEFAULT
) -> Patched:
    """The normalised resource after the operations, as `messages.operations` takes them from a PATCH body.

    The resource that is given stays as it is. Raises a ScimProblem, see `planning.plan` and `make`.
    """
    planned = plan(operations, resource_type, profile)
    after = make(resource, planned.changes, resource_type, profile)
    return Patched(after, after != resource, planned.dropped)


def make(
    resource: Resource, changes: Sequence[Change], resource_type: ResourceType, profile: Profile = DEFAULT
) -> Resource:
    """A copy of the resource with the changes made one after the other.

    Raises NoTarget for a filter that selects nothing, Mutability for a required value that would go or an
    immutable one that would change, Missing, TooMany past MAX_EFFORT or an attribute's `max_values`.
    """
    work, effort = copied(resource), 0
    for change in changes:
        whole = Target(change.target.extension, change.target.attribute)
        held = extended(work, whole.extension).get(whole.attribute.name)
        effort += len(held) * (1 + size(change.filter)) if isinstance(held, list) else 0
        if effort > MAX_EFFORT:
            raise TooMany("The operations look at too many values; send them in several requests.")
        put(work, whole, _after(change, held, profile))
    if changes:
        work["schemas"] = resource_type.declared(work)
    return work


def _after(change: Change, held: Value, profile: Profile) -> Value:
    """The whole attribute after the change; `held` is the one before."""
    attribute, sub = change.target.attribute, change.target.sub
    if not attribute.multi_valued:
        return _with(held, sub, change.value) if sub else _allowed(attribute, held, change.value)
    entries = held if isinstance(held, list) else []
    if change.filter is not None:
        kept = _selected(change, entries, profile)
    elif sub is not None:
        kept = _each(change, sub, entries)
    else:
        kept = _listed(change, entries)
    if len(kept) > attribute.max_values:
        raise TooMany(
            f'"{attribute.name}" would have {len(kept)} values; at most {attribute.max_values} are kept.'
        )
    return distinct(kept) or None


def _allowed(attribute: Attribute, held: Value, new: Value) -> Value:
    """The new value of an attribute, if it may have it in place of the one that it holds."""
    if attribute.required and new is None:
        raise Mutability(f'"{attribute.name}" is required and cannot be removed.')
    if attribute.required and empty(new):
        raise Missing(f'"{attribute.name}" is required and cannot be empty.')
    if attribute.mutability == "immutable" and held is not None and held != new:
        raise Mutability(f'"{attribute.name}" cannot be changed once it is set.')
    return new


def _with(held: Value, sub: Attribute, new: Value) -> Value:
    """A complex value with one sub-attribute set or unassigned; None when nothing is left of it."""
    parts = dict(held) if isinstance(held, dict) else {}
    if _allowed(sub, parts.get(sub.name), new) is None:
        parts.pop(sub.name, None)
    else:
        parts[sub.name] = new
    return parts or None


def _listed(change: Change, entries: list[Value]) -> list[Value]:
    """A multi-valued attribute as a whole: values join it, leave it, or take its place."""
    named = change.value if isinstance(change.value, list) else []
    attribute = change.target.attribute
    if change.op == "add":
        return added(attribute, entries, named)
    if change.op == "remove" and change.value is not None:
        return without(attribute, entries, named)
    return [] if change.op == "remove" else named


def _each(change: Change, sub: Attribute, entries: list[Value]) -> list[Value]:
    """`emails.type`: the sub-attribute of every value; where there is none, a value is made of it."""
    if not entries and change.value is None:
        return []
    after = [_with(entry, sub, change.value) for entry in entries or [None]]
    return _settled(change, after, range(len(after)))


def _selected(change: Change, entries: list[Value], profile: Profile) -> list[Value]:
    """`emails[type eq "work"]`, with or without a sub-attribute behind it."""
    attribute, sub, chosen = change.target.attribute, change.target.sub, change.filter
    places = {n for n, entry in enumerate(entries) if chosen and matches(chosen, entry, attribute)}
    if change.op == "remove" and sub is None:
        return [entry for n, entry in enumerate(entries) if n not in places]
    if not places:
        if change.op == "remove":
            return entries
        return _settled(change, [*entries, _created(change, profile)], [len(entries)])
    after = [_changed(change, entry) if n in places else entry for n, entry in enumerate(entries)]
    return _settled(change, after, sorted(places))


def _created(change: Change, profile: Profile) -> Value:
    """Entra ID sets `emails[type eq "work"].value` of users without one: the filter says what it is."""
    known = pinned(change.filter) if profile.creates_entries else None
    if known is None:
        raise NoTarget(f'"{change}" selects no value of the resource.')
    sub = change.target.sub
    return _with(known, sub, change.value) if sub else {**known, **_parts(change.value)}


def _changed(change: Change, entry: Value) -> Value:
    """A selected entry after the change. Its replacement stays what the filter said, if silent on it."""
    attribute, sub = change.target.attribute, change.target.sub
    if sub is not None:
        return _with(entry, sub, change.value)
    old, new = _parts(entry), _parts(change.value)
    for part in attribute.sub_attributes:
        if part.name in new:
            _allowed(part, old.get(part.name), new[part.name])
    return {**old, **new} if change.op == "add" else {**(pinned(change.filter) or {}), **new}


def _parts(value: Value) -> Resource:
    return value if isinstance(value, dict) else {}


def _settled(change: Change, entries: Sequence[Value], written: Sequence[int]) -> list[Value]:
    """The entries after some were written: emptied ones go, one that became primary is the only one."""
    marked = mark_primary(entries, written, change.target.attribute.name)
    return [entry for entry in marked if entry is not None]
